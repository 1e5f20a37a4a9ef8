/**
 * The house rules, read off the sources. Each rule is a pure function of texts in tidy/; below,
 * each is shown texts it must refuse and texts it must not, so that a rule which has stopped
 * biting fails here too.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  edgesOf,
  forbiddenImports,
  importCycles,
  importsOf,
  unimportedFiles,
} from './tidy/imports.ts';
import { bannedNames, WORLD } from './tidy/names.ts';
import {
  type LockFile,
  libraryFindings,
  lockGaps,
  looseVersions,
  type Manifest,
} from './tidy/packages.ts';
import { defaultExports, longFunctions, longLines } from './tidy/shape.ts';
import { type Finding, type Parsed, parse, type Source } from './tidy/syntax.ts';

const ROOT = join(import.meta.dirname, '..');

function read(folder: string, endings: RegExp): readonly Source[] {
  const full = join(ROOT, folder);
  if (!existsSync(full)) {
    return [];
  }
  return readdirSync(full, { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => endings.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

const paper = <T>(name: string): T => JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as T;

/** Findings as an editor can jump to them. */
const told = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ rule, path, line, message }) => `${path}:${line} ${rule}: ${message}`);

/** Sample files: path to text. */
const given = (files: Readonly<Record<string, string>>): readonly Parsed[] =>
  Object.entries(files).map(([path, text]) => parse({ path, text }));

/** Where the program begins, and the store that the one on disk is compared with. */
const ENTRIES = ['src/cli/main.ts', 'src/store/memory.ts'];

describe('the sources', () => {
  const code = /\.(ts|js)$/;
  const src = read('src', code).map(parse);
  const scripts = read('scripts', code).map(parse);
  const others = ['bin', 'bench', 'test'].flatMap((folder) => read(folder, code)).map(parse);
  const all = [...src, ...scripts, ...others];
  const manifest = paper<Manifest>('package.json');

  it('are there to be read', () => {
    expect(src.map((file) => file.path)).toContain(WORLD);
    expect(edgesOf(src).length).toBeGreaterThan(0);
  });

  it.each([
    ['import only what their room may', () => forbiddenImports(src)],
    ['import nothing in a circle', () => importCycles(src)],
    ['leave the world to one file', () => bannedNames(src)],
    ['keep functions short', () => longFunctions(all)],
    ['keep lines short', () => longLines([...all, ...read('src', /\.sql$/)])],
    ['are all in use', () => unimportedFiles([...src, ...scripts], ENTRIES)],
    ['export by name', () => defaultExports(src)],
    ['use the libraries that are listed, all of them', () => libraryFindings(src, manifest)],
    ['stand on exact versions', () => looseVersions(manifest)],
    ['can be installed on every platform', () => lockGaps(paper<LockFile>('package-lock.json'))],
  ])('%s', (_what, findings) => {
    expect(told(findings())).toEqual([]);
  });
});

describe('imports are found', () => {
  it.each([
    [`import { a } from './x.ts'`, './x.ts'],
    [`import './x.ts'`, './x.ts'],
    [`import type { A } from './x.ts'`, './x.ts'],
    [`export { a } from './x.ts'`, './x.ts'],
    [`export * from './x.ts'`, './x.ts'],
    [`type A = import('./x.ts').A`, './x.ts'],
    [`const late = () => import('./x.ts')`, './x.ts'],
    [`new Worker(new URL('./x.ts', import.meta.url))`, './x.ts'],
    [`new URL(built ? './x.js' : './x.ts', import.meta.url)`, './x.js', './x.ts'],
    ['new URL(`./x.${ending}`, import.meta.url)', './x.'],
    [`import.meta.resolve('pino')`, 'pino'],
    [`createRequire(import.meta.url).resolve('pino')`, 'pino'],
    [`// import './x.ts'`],
    [`const words = "import './x.ts'"`],
    [`new URL('/v1/calls', baseUrl)`],
    [`path.resolve('logs')`],
  ])('%s', (text, ...specifiers) => {
    const found = given({ 'src/cli/a.ts': text }).flatMap(importsOf);
    expect(found.map((one) => one.specifier)).toEqual(specifiers);
  });

  it('and those that vanish in the build are told apart', () => {
    const text = `
      import { type A } from 'a';
      import { type B, c } from 'b';
      export type { D } from 'd';`;
    const found = given({ 'src/cli/a.ts': text }).flatMap(importsOf);
    expect(found.map((one) => one.typesOnly)).toEqual([true, false, true]);
  });
});

describe('forbidden imports', () => {
  const targets = [
    'domain/retry.ts',
    'engine/ports.ts',
    'engine/runner.ts',
    'intake/csv.ts',
    'services/http.ts',
    'channels/email.ts',
    'observers/log.ts',
    'store/sqlite.ts',
    'store/memory.ts',
    'web/server.ts',
    'sim/clock.ts',
    'cli/world.ts',
    'node:fs',
    'library',
  ];
  const adapter = ['domain/retry.ts', 'engine/ports.ts', 'node:fs', 'library'];
  const engine = ['domain/retry.ts', 'engine/ports.ts', 'engine/runner.ts', 'node:fs'];
  const table: Readonly<Record<string, readonly string[]>> = {
    domain: ['domain/retry.ts'],
    engine,
    intake: [...adapter, 'intake/csv.ts'],
    services: [...adapter, 'services/http.ts'],
    channels: [...adapter, 'channels/email.ts'],
    observers: [...adapter, 'observers/log.ts'],
    store: [...adapter, 'store/sqlite.ts', 'store/memory.ts'],
    web: [...adapter, 'web/server.ts'],
    sim: [...engine, 'store/memory.ts', 'sim/clock.ts'],
    cli: targets,
  };
  const empty = Object.fromEntries(
    targets.filter((target) => target.endsWith('.ts')).map((target) => [`src/${target}`, '']),
  );

  it.each(Object.entries(table))('%s imports what the table says', (room, allowed) => {
    const passed = targets.filter((target) => {
      const specifier = target.endsWith('.ts') ? `../../${target}` : target;
      const text = `import type { A } from '${specifier}';`;
      return (
        forbiddenImports(given({ ...empty, [`src/${room}/deep/sample.ts`]: text })).length === 0
      );
    });
    expect(passed.toSorted()).toEqual(allowed.toSorted());
  });

  it.each([
    ['a file outside every room', 'src/utils/a.ts', ''],
    ['a file that is not there', 'src/cli/a.ts', `import { a } from './missing.ts'`],
    ['a file outside src', 'src/cli/a.ts', `import a from '../../package.json'`],
    ['a built-in without node:', 'src/cli/a.ts', `import fs from 'fs'`],
    ['a worker of another room', 'src/intake/a.ts', `new URL('../cli/world.ts', import.meta.url)`],
  ])('%s is refused', (_what, path, text) => {
    const findings = forbiddenImports(given({ 'src/cli/world.ts': '', [path]: text }));
    expect(findings.map((one) => one.path)).toEqual([path]);
  });

  it('a folder by its URL is no import', () => {
    const text = `new URL('./migrations/', import.meta.url)`;
    expect(forbiddenImports(given({ 'src/store/a.ts': text }))).toEqual([]);
  });
});

describe('import cycles', () => {
  it('are told once, with the way round, types or not', () => {
    const files = given({
      'src/domain/a.ts': `\nimport { b } from './b.ts';`,
      'src/domain/b.ts': `import type { C } from './c.ts';`,
      'src/domain/c.ts': `export { a } from './a.ts';`,
      'src/domain/d.ts': `import { a } from './a.ts';`,
    });
    const [a, b, c] = ['src/domain/a.ts', 'src/domain/b.ts', 'src/domain/c.ts'];
    expect(told(importCycles(files))).toEqual([
      `${a}:2 import cycle: ${a} -> ${b} -> ${c} -> ${a}`,
    ]);
  });

  it('include a file that imports itself', () => {
    expect(importCycles(given({ 'src/cli/a.ts': `import './a.ts'` }))).toHaveLength(1);
  });

  it('are not seen in a diamond', () => {
    const files = given({
      'src/cli/a.ts': `import './b.ts'; import './c.ts'`,
      'src/cli/b.ts': `import './d.ts'`,
      'src/cli/c.ts': `import './d.ts'`,
      'src/cli/d.ts': '',
    });
    expect(importCycles(files)).toEqual([]);
  });
});

describe('unimported files', () => {
  it('are those nobody reaches, not the entry and not a worker', () => {
    const files = given({
      'src/cli/main.ts': `new Worker(new URL('./worker.ts', import.meta.url))`,
      'src/cli/worker.ts': '',
      'src/cli/schema.ts': '',
      'src/domain/dead.ts': `import './dead.ts'`,
      'scripts/write.ts': `import '../src/cli/schema.ts'`,
    });
    const paths = unimportedFiles(files, ['src/cli/main.ts']).map((one) => one.path);
    expect(paths).toEqual(['src/domain/dead.ts']);
  });
});

describe('banned names', () => {
  const namesIn = (text: string, path = 'src/engine/a.ts'): readonly string[] =>
    bannedNames(given({ [path]: text })).map(
      (one) => /may name (.*); take/.exec(one.message)?.[1] ?? '',
    );

  it.each([
    ['process.exit(1)', 'process'],
    ['const pid: typeof process.pid = 1', 'process'],
    ['const { env } = process', 'process'],
    ['globalThis.process', 'process'],
    [`import process from 'node:process'`, 'node:process', 'process'],
    ['console.log(1)', 'console'],
    ['globalThis.console.log(1)', 'console'],
    ['Date.now()', 'Date.now'],
    ['Date["now"]()', 'Date.now'],
    ['globalThis.Date.now()', 'Date.now'],
    ['const { now } = Date', 'Date.now'],
    ['const clock = Date.now', 'Date.now'],
    ['new Date()', 'new Date()'],
    ['new globalThis.Date()', 'new Date()'],
    ['Date()', 'Date()'],
    ['performance.now()', 'performance'],
    [`import { performance as p } from 'node:perf_hooks'`, 'node:perf_hooks', 'performance'],
    ['Math.random()', 'Math.random'],
    ['const { random } = Math', 'Math.random'],
    [`import { randomUUID } from 'node:crypto'`, 'randomUUID'],
    [`import { randomUUID as id } from 'node:crypto'`, 'randomUUID'],
    ['nodeCrypto.randomUUID()', 'randomUUID'],
    ['crypto.randomUUID()', 'crypto.randomUUID'],
    ['setTimeout(f, 1)', 'setTimeout'],
    ['const timers = { setTimeout }', 'setTimeout'],
    ['setInterval(f, 1)', 'setInterval'],
    ['setImmediate(f)', 'setImmediate'],
    [
      `import { setTimeout as s } from 'node:timers/promises'`,
      'node:timers/promises',
      'setTimeout',
    ],
    [`await import('timers/promises')`, 'timers/promises'],
    ['AbortSignal.timeout(5)', 'AbortSignal.timeout'],
    ['Temporal.Now.instant()', 'Temporal.Now'],
    ['type T = typeof Temporal.Now', 'Temporal.Now'],
    ['function f(process: Step) {}', 'process'],
  ])('%s', (text, ...names) => {
    expect(namesIn(text).toSorted()).toEqual(names.toSorted());
  });

  it.each([
    '// process.exit, Date.now()',
    'const words = "console.log(Math.random())"',
    'const words = `new Date()`',
    'new Date(ms)',
    'new Date(...parts)',
    'Date.parse(text); Date.UTC(2026, 1)',
    'value instanceof Date',
    'let at: Date',
    'Math.max(1, 2)',
    'steps.process(1)',
    'const result = { process: 1, console: 2 }',
    'interface Step { process(): void; readonly performance: number }',
    'class Runner { process(): void {} }',
    'AbortSignal.any([signal])',
    'queueMicrotask(f)',
    'Temporal.Instant.fromEpochMilliseconds(1)',
  ])('not %s', (text) => {
    expect(namesIn(text)).toEqual([]);
  });

  it('are allowed in the world and nowhere beside it', () => {
    expect(namesIn('process.exit(1)', WORLD)).toEqual([]);
    expect(namesIn('process.exit(1)', 'src/cli/main.ts')).toEqual(['process']);
  });
});

describe('shape', () => {
  const bodyOf = (lines: number): string => `{\n${'step();\n'.repeat(lines - 2)}}`;

  it.each([
    ['a function', 'function f() '],
    ['an arrow', 'const f = () => '],
    ['a method', 'class A { f() '],
    ['an object method', 'const a = { f() '],
    ['a test', `it('does', () => `],
  ])('%s may have 70 lines and no more', (_what, head) => {
    const tail = head.startsWith('it(') ? ');' : '}'.repeat(head.split('{').length - 1);
    const withLines = (lines: number): readonly Finding[] =>
      longFunctions(given({ 'src/cli/a.ts': `\n${head}${bodyOf(lines)}${tail}` }));
    expect(withLines(70)).toEqual([]);
    expect(told(withLines(71))).toEqual(['src/cli/a.ts:2 long function: 71 lines; 70 are allowed']);
  });

  it('the callback of describe is not counted, a long function in it is', () => {
    const chapter = (inner: string): string => `describe('x', () => {\n${inner}\n});`;
    const short = chapter('it(() => {});\n'.repeat(80));
    const long = chapter(`const f = () => ${bodyOf(71)}`);
    expect(longFunctions(given({ 'test/a.test.ts': short }))).toEqual([]);
    expect(longFunctions(given({ 'test/a.test.ts': long }))).toHaveLength(1);
  });

  it('a line may have 100 columns and no more', () => {
    const text = `${'é'.repeat(100)}\r\n${'x'.repeat(100)}\n${'x'.repeat(101)}`;
    expect(told(longLines([{ path: 'a.ts', text }]))).toEqual([
      'a.ts:3 long line: 101 columns; 100 are allowed',
    ]);
  });

  it.each([
    ['export default 1', 1],
    ['export default function f() {}', 1],
    ['const a = 1; export { a as default }', 1],
    [`export { default } from './a.ts'`, 1],
    [`export { default as a } from './a.ts'`, 0],
    ['export const a = 1; switch (a) { default: }', 0],
  ])('%s', (text, count) => {
    expect(defaultExports(given({ 'src/cli/a.ts': text }))).toHaveLength(count);
  });

  it('a text that is no program is refused, not passed over', () => {
    expect(() => given({ 'src/cli/a.ts': 'const = ;' })).toThrow();
  });
});

describe('packages', () => {
  it('unlisted and unused libraries are told', () => {
    const files = given({
      'src/cli/a.ts': `
        import { a } from '@scope/listed/part';
        import { b } from 'unlisted';
        import { c } from 'for-tests';
        import type { D } from 'typed';
        import fs from 'node:fs';`,
    });
    const manifest = {
      dependencies: { '@scope/listed': '1.0.0', idle: '1.0.0' },
      devDependencies: { 'for-tests': '1.0.0', '@types/typed': '1.0.0' },
    };
    expect(told(libraryFindings(files, manifest))).toEqual([
      'src/cli/a.ts:3 unlisted library: unlisted is not among the dependencies of package.json',
      'src/cli/a.ts:4 unlisted library: for-tests is not among the dependencies of package.json',
      'package.json:1 unused library: src/ never uses idle',
    ]);
  });

  it.each([
    ['1.2.3', 0],
    ['1.2.3-rc.1', 0],
    ['^1.2.3', 1],
    ['~1.2.3', 1],
    ['1.x', 1],
    ['latest', 1],
  ])('version %s', (version, count) => {
    expect(looseVersions({ dependencies: { a: version } })).toHaveLength(count);
    expect(looseVersions({ devDependencies: { a: version } })).toHaveLength(count);
  });

  it('a platform package that the lock file lacks is told', () => {
    const optionalDependencies = { '@scope/linux': '1.0.0', '@scope/mac': '1.0.0' };
    const packages = {
      '': {},
      'node_modules/a': {},
      'node_modules/a/node_modules/@scope/tool': { optionalDependencies },
      'node_modules/@scope/linux': {},
    };
    expect(lockGaps({ packages }).map((one) => one.message)).toEqual([
      'node_modules/a/node_modules/@scope/tool wants @scope/mac, which is not in the lock file',
    ]);
  });
});
