import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

// What would move the cursor, colour the screen or turn the text around: an agent's words come from a stranger.
const NOT_SHOWN = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/gu;

/** Text as it may go to a terminal, whoever wrote it. */
export const plain = (text: string): string => text.replace(NOT_SHOWN, '�');

/** The same in one line, so that no text can begin a line that looks like ours. */
export const plainLine = (text: string): string => plain(text.replace(/\s+/g, ' '));

export const say = (text: string): void => console.log(plain(text));

/** Runs a program to its end; what it throws is said in its words. */
export function runProgram(main: () => void | Promise<void>): void {
  const run = async (): Promise<void> => main();
  run().catch((error: unknown) => {
    console.error(plain(error instanceof Error ? error.message : String(error)));
    process.exitCode = 1;
  });
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Given<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true }>
>['values'];

/** What a program takes: one word and these options. null: its usage was asked for, and is said. */
export function readArguments<const O extends Options>(
  usage: string,
  options: O,
): { word: string | undefined; values: Given<O> } | null {
  const args = process.argv.slice(2);
  const ownEnd = args.indexOf('--');
  if (args.slice(0, ownEnd < 0 ? args.length : ownEnd).some((arg) => arg === '--help' || arg === '-h')) {
    say(`usage: ${usage}`);
    return null;
  }
  try {
    const { values, positionals } = parseArgs({ options, args, allowPositionals: true });
    if (positionals.length <= 1) return { word: positionals[0], values };
  } catch (cause) {
    throw new Error(`That is not how it is asked. Usage: ${usage}`, { cause });
  }
  throw new Error(`It takes one at a time. Usage: ${usage}`);
}
