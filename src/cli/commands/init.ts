import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../exit.ts';
import type { World } from '../world.ts';

export type InitOptions = Readonly<Record<string, never>>;

/** Texts to begin with: the project's own files, so that there is one copy of each. */
const FILES: readonly { readonly name: string; readonly about: string }[] = [
  { name: 'config.yml', about: 'the settings, each one explained' },
  { name: 'config.schema.json', about: 'tells your editor what config.yml may hold' },
  { name: 'contacts/sample.csv', about: 'a list to try it with' },
  { name: '.env.example', about: 'how secrets are given' },
];

const PACKAGE_FOLDER = fileURLToPath(new URL('../../../', import.meta.url));

/** Writes the first files of a campaign into a folder. A file that is there is left as it is. */
export async function init(world: World, folder: string, _options: InitOptions): Promise<number> {
  const target = resolve(world.folder, folder);
  let kept = 0;
  for (const { name, about } of FILES) {
    const text = await readFile(join(PACKAGE_FOLDER, name));
    const written = await writeNew(join(target, name), text);
    kept += written ? 0 : 1;
    const note = written ? about : 'was there already and is left as it is';
    world.stdout.write(`  ${written ? 'wrote' : 'kept '}  ${name.padEnd(20)}  ${note}\n`);
  }
  world.stdout.write(nextSteps(folder, kept === FILES.length));
  return EXIT.ok;
}

/** Answers whether the file was written; false where something of that name exists. */
async function writeNew(path: string, text: Uint8Array): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

function nextSteps(folder: string, nothingNew: boolean): string {
  const first = nothingNew ? 'Nothing to do: all of it was there.\n' : '';
  const enter = folder === '.' ? '' : `  cd ${folder}\n`;
  return (
    `${first}\nNext:\n${enter}  campaign check contacts/sample.csv    is everything right?\n` +
    '  campaign run contacts/sample.csv      work the list; no phone rings yet\n'
  );
}
