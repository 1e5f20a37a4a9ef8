/**
 * Who imports whom: the table of rooms, cycles, files nobody imports, and libraries. An import that
 * exists for its types only counts as well, and so does a file that is loaded by its URL.
 */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import {
  child,
  children,
  type Finding,
  memberOf,
  type Parsed,
  places,
  quasiOf,
  type SyntaxNode,
  stringOf,
} from './syntax.ts';

/** One import, as written. `typesOnly`: nothing of it is left when the program runs. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  readonly typesOnly: boolean;
  /** Loaded by its address (a worker, a migration folder): it may also not be code at all. */
  readonly byUrl: boolean;
}

/** An import between two sources of the project. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly line: number;
}

export function importsOf(file: Parsed): readonly Import[] {
  const found: Import[] = [];
  for (const { node } of places(file.program)) {
    for (const { specifier, typesOnly = false, byUrl = false } of importsAt(node)) {
      found.push({ specifier, line: file.lineAt(node.start), typesOnly, byUrl });
    }
  }
  return found;
}

type Written = Pick<Import, 'specifier'> & Partial<Import>;

function importsAt(node: SyntaxNode): readonly Written[] {
  const specifier = stringOf(child(node, 'source'));
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return specifier === undefined ? [] : [{ specifier, typesOnly: isTypesOnly(node) }];
    case 'ImportExpression':
      return specifier === undefined ? [] : [{ specifier }];
    case 'TSImportType':
      return specifier === undefined ? [] : [{ specifier, typesOnly: true }];
    case 'NewExpression':
      return urlStrings(node).map((url) => ({ specifier: url, byUrl: true }));
    case 'CallExpression':
      return resolvedStrings(node);
    default:
      return [];
  }
}

function isTypesOnly(node: SyntaxNode): boolean {
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') {
    return true;
  }
  const names = children(node, 'specifiers');
  const kinds = names.map((name) => name['importKind'] ?? name['exportKind']);
  return names.length > 0 && kinds.every((kind) => kind === 'type');
}

/** `new URL('./worker.ts', import.meta.url)`, also with a template or a choice of names. */
function urlStrings(node: SyntaxNode): readonly string[] {
  const [address, base] = children(node, 'arguments');
  const isUrl = child(node, 'callee')?.['name'] === 'URL';
  if (!isUrl || address === undefined || !isMeta(child(base, 'object'))) {
    return [];
  }
  const strings: string[] = [];
  for (const { node: part } of places(address)) {
    const text = part.type === 'TemplateLiteral' ? quasiOf(part) : stringOf(part);
    if (text?.startsWith('.')) {
      strings.push(text);
    }
  }
  return strings;
}

/** `import.meta.resolve('x')`, `require('x')`, `createRequire(…).resolve('x')`. */
function resolvedStrings(node: SyntaxNode): readonly Written[] {
  const callee = child(node, 'callee');
  const specifier = stringOf(children(node, 'arguments')[0]);
  const resolves =
    callee?.['name'] === 'require' ||
    (memberOf(callee) === 'resolve' && loadsModules(child(callee, 'object')));
  return resolves && specifier !== undefined ? [{ specifier, byUrl: true }] : [];
}

function loadsModules(object: SyntaxNode | undefined): boolean {
  const callee = child(object, 'callee');
  return isMeta(object) || object?.['name'] === 'require' || callee?.['name'] === 'createRequire';
}

function isMeta(node: SyntaxNode | undefined): boolean {
  return node?.type === 'MetaProperty';
}

const isRelative = (specifier: string): boolean => /^\.\.?(\/|$)/.test(specifier);

/** The source a relative import means; undefined where there is none. */
function resolve(from: string, specifier: string, known: ReadonlySet<string>): string | undefined {
  const path = posix.join(posix.dirname(from), specifier);
  const candidates = [path, path.replace(/\.js$/, '.ts'), `${path}.ts`, `${path}ts`];
  return candidates.find((candidate) => known.has(candidate));
}

export function edgesOf(files: readonly Parsed[]): readonly Edge[] {
  const known = new Set(files.map((file) => file.path));
  return files.flatMap((file) =>
    importsOf(file).flatMap(({ specifier, line }) => {
      const to = isRelative(specifier) ? resolve(file.path, specifier, known) : undefined;
      return to === undefined ? [] : [{ from: file.path, to, line }];
    }),
  );
}

// ---------------------------------------------------------------------------- rooms

interface Room {
  /** Paths below src/ (a folder with `/` at its end, or a file) besides the room itself. */
  readonly mayImport: readonly string[];
  readonly node: boolean;
  readonly libraries: boolean;
}

const PORTS = 'engine/ports.ts';
const ADAPTER: Room = { mayImport: ['domain/', PORTS], node: true, libraries: true };
const MEMORY = ['store/memory.ts', 'store/memory/'];

/** Every room may import itself. `cli` is named in nobody's list but its own. */
const ROOMS: Readonly<Record<string, Room>> = {
  domain: { mayImport: [], node: false, libraries: false },
  engine: { mayImport: ['domain/'], node: true, libraries: false },
  intake: ADAPTER,
  services: ADAPTER,
  channels: ADAPTER,
  observers: ADAPTER,
  store: ADAPTER,
  web: ADAPTER,
  sim: { mayImport: ['domain/', 'engine/', ...MEMORY], node: true, libraries: false },
  cli: { mayImport: [''], node: true, libraries: true },
};

export function forbiddenImports(files: readonly Parsed[]): readonly Finding[] {
  const known = new Set(files.map((file) => file.path));
  return files.flatMap((file) => {
    const name = file.path.split('/')[1] ?? '';
    const room = Object.hasOwn(ROOMS, name) ? ROOMS[name] : undefined;
    const finding = (line: number, message: string): Finding => {
      return { rule: 'forbidden import', path: file.path, line, message };
    };
    if (room === undefined) {
      return [finding(1, `src/${name} is none of the rooms: ${Object.keys(ROOMS).join(', ')}`)];
    }
    return importsOf(file).flatMap((one) => {
      const message = objection(file.path, name, room, one, known);
      return message === undefined ? [] : [finding(one.line, message)];
    });
  });
}

function objection(
  from: string,
  name: string,
  room: Room,
  { specifier, byUrl }: Import,
  known: ReadonlySet<string>,
): string | undefined {
  if (!isRelative(specifier)) {
    return outsideObjection(name, room, specifier);
  }
  const to = resolve(from, specifier, known);
  if (to === undefined) {
    // By URL also things are read that are no code, such as a folder of migrations.
    return byUrl ? undefined : `${specifier} is no source under src/`;
  }
  const below = to.slice('src/'.length);
  const allowed = [`${name}/`, ...room.mayImport].some((start) =>
    start.endsWith('.ts') ? below === start : below.startsWith(start),
  );
  return allowed ? undefined : `${name} may not import ${below}`;
}

function outsideObjection(name: string, room: Room, specifier: string): string | undefined {
  if (specifier.startsWith('node:')) {
    return room.node ? undefined : `${name} may not import ${specifier}`;
  }
  if (isBuiltin(specifier)) {
    return `write node:${specifier}`;
  }
  return room.libraries ? undefined : `${name} may not import the library ${specifier}`;
}

// ---------------------------------------------------------------------------- graph

/** One finding for each knot of files that import each other, with a shortest way round. */
export function importCycles(files: readonly Parsed[]): readonly Finding[] {
  const edges = edgesOf(files);
  const next = Map.groupBy(edges, (edge) => edge.from);
  const told = new Set<string>();
  const findings: Finding[] = [];
  for (const path of files.map((file) => file.path).sort()) {
    const way = told.has(path) ? undefined : wayRound(path, next);
    if (way !== undefined) {
      for (const one of way) {
        told.add(one);
      }
      const line = edges.find((edge) => edge.from === path && edge.to === way[1])?.line ?? 1;
      findings.push({ rule: 'import cycle', path, line, message: way.join(' -> ') });
    }
  }
  return findings;
}

/** The shortest way along imports from a file back to itself. */
function wayRound(
  start: string,
  next: ReadonlyMap<string, readonly Edge[]>,
): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const waiting = [start];
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    for (const { to } of next.get(at) ?? []) {
      if (to === start) {
        return wayTo(at, start, cameFrom);
      }
      if (!cameFrom.has(to)) {
        cameFrom.set(to, at);
        waiting.push(to);
      }
    }
  }
  return undefined;
}

function wayTo(last: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [start];
  for (let at = last; at !== start; at = cameFrom.get(at) ?? start) {
    way.unshift(at);
  }
  return [start, ...way];
}

/** Sources under src/ that neither the program nor a script of the project imports. */
export function unimportedFiles(
  files: readonly Parsed[],
  entries: readonly string[],
): readonly Finding[] {
  const imported = new Set(edgesOf(files).flatMap(({ from, to }) => (from === to ? [] : [to])));
  return files
    .filter(({ path }) => path.startsWith('src/'))
    .filter(({ path }) => !imported.has(path) && !entries.includes(path))
    .map(({ path }) => {
      return { rule: 'unimported file', path, line: 1, message: 'nobody imports this file' };
    });
}
