// Run in a process that may not write more than a few kilobytes to a file: prints, as JSON, what
// became of each line and of the file.
import { readFile, stat } from 'node:fs/promises';
import { AppendFile } from '../../../src/services/crm/append-file.ts';

const [path = '', lineLength = ''] = process.argv.slice(2);
const file = await AppendFile.rebuild(path, ['header\n'], { keepOld: false });
const results: (number | string)[] = [];
const lines = Array.from(
  { length: 12 },
  (_, index) => `${`${index}`.padEnd(Number(lineLength))}\n`,
);
for (const line of lines) {
  results.push(await file.append(line).catch((error: NodeJS.ErrnoException) => error.code ?? ''));
}
const { size: sizeWhenFull } = await stat(path);
// What still fits is written, though a longer line did not fit before it.
results.push(await file.append('last\n').catch((error: NodeJS.ErrnoException) => error.code ?? ''));
await file[Symbol.asyncDispose]();
const { size } = await stat(path);
console.log(JSON.stringify({ results, sizeWhenFull, size, text: await readFile(path, 'utf8') }));
