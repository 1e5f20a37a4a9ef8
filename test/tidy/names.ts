/**
 * What only one file may name: time, chance, the process and its screens. Looked for in the syntax
 * tree, so words in comments, strings and property names do not count; a name of one's own that
 * hides a banned one does, because a reader cannot tell them apart.
 */
import { importsOf } from './imports.ts';
import {
  child,
  children,
  type Finding,
  identifierOf,
  memberOf,
  type Parsed,
  type Place,
  places,
  type SyntaxNode,
} from './syntax.ts';

export const WORLD = 'src/cli/world.ts';

const GLOBALS: ReadonlySet<string> = new Set([
  'process',
  'console',
  'performance',
  'randomUUID',
  'setTimeout',
  'setInterval',
  'setImmediate',
]);

/** Banned members of names that are fine otherwise. */
const MEMBERS: Readonly<Record<string, string>> = {
  Date: 'now',
  Math: 'random',
  AbortSignal: 'timeout',
  Temporal: 'Now',
  crypto: 'randomUUID',
};

const MODULES: ReadonlySet<string> = new Set(
  ['process', 'console', 'timers', 'timers/promises', 'perf_hooks'].flatMap((name) => [
    name,
    `node:${name}`,
  ]),
);

export function bannedNames(files: readonly Parsed[]): readonly Finding[] {
  return files.filter((file) => file.path !== WORLD).flatMap(bannedNamesIn);
}

function bannedNamesIn(file: Parsed): readonly Finding[] {
  const finding = (line: number, name: string): Finding => {
    const message = `only ${WORLD} may name ${name}; take it as a parameter`;
    return { rule: 'banned name', path: file.path, line, message };
  };
  const modules = importsOf(file).filter((one) => MODULES.has(one.specifier));
  const findings = modules.map((one) => finding(one.line, one.specifier));
  for (const place of places(file.program)) {
    const name = bannedAt(place);
    if (name !== undefined) {
      findings.push(finding(file.lineAt(place.node.start), name));
    }
  }
  return findings;
}

function bannedAt(place: Place): string | undefined {
  const { node } = place;
  switch (node.type) {
    case 'Identifier':
      return bannedIdentifier(place);
    case 'MemberExpression':
      return bannedMember(node);
    case 'VariableDeclarator':
      return bannedPart(node);
    case 'NewExpression':
    case 'CallExpression':
      return bannedDate(node);
    case 'TSQualifiedName':
      return pair(identifierOf(child(node, 'left')), identifierOf(child(node, 'right')));
    default:
      return undefined;
  }
}

function bannedIdentifier({ node, parent, field }: Place): string | undefined {
  const name = identifierOf(node);
  if (name === undefined || !GLOBALS.has(name)) {
    return undefined;
  }
  return parent !== undefined && isMerelyNamed(parent.node, field) ? undefined : name;
}

/** Whether an identifier in this field is the name of a property, not of a thing. */
function isMerelyNamed(parent: SyntaxNode, field: string): boolean {
  switch (parent.type) {
    case 'MemberExpression':
      return field === 'property' && parent['computed'] !== true;
    case 'TSQualifiedName':
      return field === 'right';
    case 'ImportSpecifier':
      // `{ randomUUID as id }` names it as much as `{ randomUUID }`, which has it twice.
      return field === 'local' && identifierOf(child(parent, 'imported')) !== undefined;
    case 'ExportSpecifier':
      return field === 'exported';
    case 'TSTypeParameter':
    case 'LabeledStatement':
      return true;
    default:
      return field === 'key' && parent['computed'] !== true;
  }
}

/** `Date` in `Date` and in `globalThis.Date`. */
function globalOf(node: SyntaxNode | undefined): string | undefined {
  const owner = identifierOf(child(node, 'object'));
  return owner === 'globalThis' || owner === 'global' ? memberOf(node) : identifierOf(node);
}

function pair(owner: string | undefined, member: string | undefined): string | undefined {
  if (owner === undefined || member === undefined) {
    return undefined;
  }
  if ((owner === 'globalThis' || owner === 'global') && GLOBALS.has(member)) {
    return member;
  }
  return Object.hasOwn(MEMBERS, owner) && MEMBERS[owner] === member
    ? `${owner}.${member}`
    : undefined;
}

function bannedMember(node: SyntaxNode): string | undefined {
  const member = memberOf(node);
  // Whatever the module of randomUUID is called in a file, its member has no other meaning.
  return (
    pair(globalOf(child(node, 'object')), member) ?? (member === 'randomUUID' ? member : undefined)
  );
}

/** `const { now } = Date` is Date.now by another way. */
function bannedPart(node: SyntaxNode): string | undefined {
  const pattern = child(node, 'id');
  const owner = globalOf(child(node, 'init'));
  if (pattern?.type !== 'ObjectPattern') {
    return undefined;
  }
  return children(pattern, 'properties')
    .map((property) => pair(owner, identifierOf(child(property, 'key'))))
    .find((name) => name !== undefined);
}

/** `new Date()` and `Date()` read the clock; with an argument, `new Date(ms)` does not. */
function bannedDate(node: SyntaxNode): string | undefined {
  if (globalOf(child(node, 'callee')) !== 'Date') {
    return undefined;
  }
  if (node.type === 'CallExpression') {
    return 'Date()';
  }
  return children(node, 'arguments').length === 0 ? 'new Date()' : undefined;
}
