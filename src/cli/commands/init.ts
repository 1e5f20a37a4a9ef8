import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../exit.ts';
import { programName } from '../program-name.ts';
import { shellWord } from '../shell-word.ts';
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
  world.stdout.write(nextSteps(world, folder, kept === FILES.length));
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

function nextSteps(world: World, folder: string, nothingNew: boolean): string {
  const first = nothingNew ? 'Nothing to do: all of it was there.\n' : '';
  const program = programName(world);
  const isHere = folder === '.';
  // npx finds the program from the folder where it was called, and would look for another one of
  // that name on the internet from anywhere else.
  const isCalledFromHere = isHere || program !== 'campaign';
  const enter = isCalledFromHere ? '' : `  cd ${shellWord(folder)}\n`;
  const at = (name: string): string => shellWord(isHere ? name : join(folder, name));
  const tail = isHere || !isCalledFromHere ? '' : ` --config ${at('config.yml')}`;
  const list = isCalledFromHere ? at('contacts/sample.csv') : 'contacts/sample.csv';
  const check = `${program} check ${list}${tail}`;
  const run = `${program} run ${list}${tail}`;
  const width = check.length + 4;
  return (
    `${first}\nNext:\n${enter}  ${check.padEnd(width)}is everything right?\n` +
    `  ${run.padEnd(width)}work the list; no phone rings yet\n`
  );
}
