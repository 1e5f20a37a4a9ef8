/** The package's own papers: libraries used and listed, exact versions, the lock file. */
import { isBuiltin } from 'node:module';
import { importsOf } from './imports.ts';
import type { Finding, Parsed } from './syntax.ts';

export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface LockFile {
  readonly packages: Readonly<Record<string, Manifest & { readonly version?: string }>>;
}

const packageOf = (specifier: string): string =>
  specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

const typesOf = (name: string): string => `@types/${name.replace(/^@(.*)\//, '$1__')}`;

/** Libraries of src/ that are not listed, and listed ones that src/ does not use. */
export function libraryFindings(files: readonly Parsed[], manifest: Manifest): readonly Finding[] {
  const listed = manifest.dependencies ?? {};
  const forTypes = { ...listed, ...manifest.devDependencies };
  const used = new Set<string>();
  const findings: Finding[] = [];
  for (const file of files) {
    for (const { specifier, line, typesOnly } of importsOf(file)) {
      if (specifier.startsWith('.') || isBuiltin(specifier)) {
        continue;
      }
      const name = packageOf(specifier);
      used.add(name);
      const known = typesOnly ? name in forTypes || typesOf(name) in forTypes : name in listed;
      if (!known) {
        const message = `${name} is not among the dependencies of package.json`;
        findings.push({ rule: 'unlisted library', path: file.path, line, message });
      }
    }
  }
  const unused = Object.keys(listed).filter((name) => !used.has(name));
  return [...findings, ...unused.map((name) => paper('unused library', `src/ never uses ${name}`))];
}

/** Versions that are a range or a tag: two installs could then differ. */
export function looseVersions(manifest: Manifest): readonly Finding[] {
  const all = {
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  };
  return Object.entries(all)
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => paper('loose version', `${name} is "${version}", not one version`));
}

/**
 * Packages for other platforms that the lock file lacks. npm leaves out those its registry does not
 * answer for, without a word, and then refuses `npm ci` everywhere.
 */
export function lockGaps(lock: LockFile): readonly Finding[] {
  return Object.entries(lock.packages).flatMap(([at, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isLocked(lock, at, name))
      .map((name) => ({
        ...paper('lock gap', `${at} wants ${name}, which is not in the lock file`),
        path: 'package-lock.json',
      })),
  );
}

/** Looked up as Node does: beside the package that wants it, or in any folder above. */
function isLocked(lock: LockFile, at: string, name: string): boolean {
  for (let folder = at; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in lock.packages) {
      return true;
    }
    if (folder === '') {
      return false;
    }
  }
}

function paper(rule: string, message: string): Finding {
  return { rule, path: 'package.json', line: 1, message };
}
