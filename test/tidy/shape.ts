/** What can be seen of a file from afar: long lines, long functions, default exports. */
import {
  child,
  type Finding,
  identifierOf,
  type Parsed,
  type Place,
  places,
  type Source,
} from './syntax.ts';

export const COLUMNS_MAX = 100;
export const FUNCTION_LINES_MAX = 70;

export function longLines(sources: readonly Source[]): readonly Finding[] {
  return sources.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const columns = Array.from(line.replace(/\r$/, '')).length;
      const message = `${columns} columns; ${COLUMNS_MAX} are allowed`;
      const finding = { rule: 'long line', path, line: index + 1, message };
      return columns > COLUMNS_MAX ? [finding] : [];
    }),
  );
}

const FUNCTIONS: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);

/** Counted from the line a function begins on to the one it ends on, both included. */
export function longFunctions(files: readonly Parsed[]): readonly Finding[] {
  return files.flatMap((file) =>
    [...places(file.program)].flatMap((place) => {
      const { type, start, end } = place.node;
      const line = file.lineAt(start);
      const lines = file.lineAt(end) - line + 1;
      if (!FUNCTIONS.has(type) || lines <= FUNCTION_LINES_MAX || isDescribed(place)) {
        return [];
      }
      const message = `${lines} lines; ${FUNCTION_LINES_MAX} are allowed`;
      return [{ rule: 'long function', path: file.path, line, message }];
    }),
  );
}

/** The callback of `describe` is a chapter of tests, not a function anybody has to follow. */
function isDescribed({ parent, field }: Place): boolean {
  const call = parent?.node;
  return (
    call?.type === 'CallExpression' &&
    field === 'arguments' &&
    identifierOf(child(call, 'callee')) === 'describe'
  );
}

export function defaultExports(files: readonly Parsed[]): readonly Finding[] {
  return files.flatMap((file) =>
    [...places(file.program)].flatMap(({ node }) => {
      const name = child(node, 'exported');
      const isDefault =
        node.type === 'ExportDefaultDeclaration' ||
        (node.type === 'ExportSpecifier' && (name?.['name'] ?? name?.['value']) === 'default');
      const line = file.lineAt(node.start);
      const message = 'a default export has no name to search for; give it one';
      return isDefault ? [{ rule: 'default export', path: file.path, line, message }] : [];
    }),
  );
}
