import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { filesEnding } from '../house/files';

export interface Point {
  /** as MOORING_FAILPOINT names it */
  name: string;
  kind: 'transaction' | 'activity' | 'effect';
  file: string;
}

/** A call whose name is no literal, or stands in two places: such a point could not be armed for certain. */
export interface BadPoint {
  file: string;
  call: string;
}

const PLATFORM = /^(platform\.ts|(activities|api|db|lib|temporal|worker)\/.*\.ts)$/;
// Where the calls are defined, with the name as a parameter.
const DEFINED_IN = ['activities/activity.ts', 'db/database.ts', 'lib/failpoints.ts'];
// A call of /v1 is named where it is made; what the door asks beside it has names of its own.
const DOOR = 'api/network/door.ts';

/** Every failpoint of the platform process, from its code: `withTx`, `activity`, `createTool` and `failpoint` calls. */
export function readPoints(): { points: Point[]; bad: BadPoint[] } {
  const points: Point[] = [];
  const bad: BadPoint[] = [];
  const seen = new Set<string>();
  const add = (
    file: string,
    call: ts.CallExpression | ts.PropertyAssignment,
    names: Point[] | null,
  ): void => {
    const fresh = names?.filter(({ name }) => !seen.has(name)) ?? [];
    if (names === null || fresh.length < names.length) bad.push({ file, call: call.getText() });
    for (const point of fresh) {
      seen.add(point.name);
      points.push(point);
    }
  };
  for (const file of filesEnding(/\.ts$/).filter(
    (path) => PLATFORM.test(path) && !DEFINED_IN.includes(path),
  )) {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) {
        const found = pointsOf(file, node);
        if (found !== undefined && !(found === null && file === DOOR)) add(file, node, found);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { points, bad };
}

/** undefined: no call with failpoints; null: one whose name is no literal. */
function pointsOf(file: string, call: ts.CallExpression): Point[] | null | undefined {
  const called = ts.isPropertyAccessExpression(call.expression) ? call.expression.name : call.expression;
  const text = (index: number): string | null => {
    const argument = call.arguments[index];
    return argument !== undefined && ts.isStringLiteral(argument) ? argument.text : null;
  };
  const steps = (name: string | null, kind: Point['kind'], of: (string | null)[]): Point[] | null =>
    name === null || of.includes(null)
      ? null
      : of.map((step) => ({ name: `${name}.${step ?? ''}`, kind, file }));
  switch (called.getText()) {
    case 'withTx':
      return steps(text(1), 'transaction', ['commit', 'committed']);
    case 'call': {
      // A call of /v1 is one transaction, which it names.
      const name = call.arguments[0] === undefined ? null : propertyOf(call.arguments[0], 'name');
      return name === null ? undefined : steps(name, 'transaction', ['commit', 'committed']);
    }
    case 'activity':
      // A tool's activity is named where the tool is.
      if (file === 'activities/tools/run-tool.ts') return undefined;
      return steps(text(0), 'activity', ['start', 'report']);
    case 'createTool':
      return steps(activityOf(call), 'activity', ['start', 'report']);
    case 'failpoint':
      return steps(text(0), 'effect', [text(1)]);
    default:
      return undefined;
  }
}

const activityOf = ({ arguments: [, tool] }: ts.CallExpression): string | null =>
  tool === undefined ? null : propertyOf(tool, 'activity');

/** The literal that an object has under this name. */
function propertyOf(object: ts.Expression, name: string): string | null {
  if (!ts.isObjectLiteralExpression(object)) return null;
  const named = object.properties.find((property) => property.name?.getText() === name);
  return named !== undefined && ts.isPropertyAssignment(named) && ts.isStringLiteral(named.initializer)
    ? named.initializer.text
    : null;
}

/** The activities that workflows call, from the interfaces they call them by. */
export function activityNames(): string[] {
  const file = 'domain/workflows.ts';
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  return source.statements
    .filter((statement) => ts.isInterfaceDeclaration(statement))
    .filter(({ name }) => name.text.endsWith('Activities'))
    .flatMap(({ members }) => members.flatMap(({ name }) => (name === undefined ? [] : [name.getText()])));
}
