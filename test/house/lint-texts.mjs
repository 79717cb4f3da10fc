// Lints the texts given on stdin as [{ filePath, text }] and prints the rules each one breaks. A process of its own:
// eslint.config.mjs is an ES module, which jest cannot import. Type-aware rules are off, since the files do not exist.
import { text as read } from 'node:stream/consumers';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const eslint = new ESLint({ overrideConfig: [tseslint.configs.disableTypeChecked] });
const found = [];
for (const { filePath, text } of JSON.parse(await read(process.stdin))) {
  const [result] = await eslint.lintText(text, { filePath });
  found.push(result.messages.map(({ ruleId, message }) => ruleId ?? message));
}
process.stdout.write(JSON.stringify(found));
