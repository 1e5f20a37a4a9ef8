import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AppendFile } from '../../../src/services/crm/append-file.ts';
import { temporaryFolder } from '../support.ts';

interface Report {
  readonly results: readonly (number | string)[];
  /** After the lines that did not fit. */
  readonly sizeWhenFull: number;
  readonly size: number;
  readonly text: string;
}

describe('AppendFile', () => {
  it('cuts back a line that did not fit, and writes the next one that does', async () => {
    const path = join(await temporaryFolder(), 'rows');
    const program = fileURLToPath(new URL('./append-until-full.ts', import.meta.url));
    // The system writes as much of a line as fits under the limit, and then refuses.
    const shell = 'trap "" XFSZ; ulimit -f 4; exec "$0" "$@"';
    const args = ['-c', shell, process.execPath, program, path, '499'];
    const { stdout } = await promisify(execFile)('bash', args);
    const { results, sizeWhenFull, size, text } = JSON.parse(stdout) as Report;
    expect(results.slice(0, 8)).toEqual([507, 1007, 1507, 2007, 2507, 3007, 3507, 4007]);
    expect(results.slice(8, 12)).toEqual(['EFBIG', 'EFBIG', 'EFBIG', 'EFBIG']);
    expect(sizeWhenFull).toBe(4007);
    expect(results[12]).toBe(4012);
    expect(size).toBe(4012);
    const lines = text.split('\n').map((line) => line.trim());
    expect(lines.join(' ')).toBe('header 0 1 2 3 4 5 6 7 last ');
  });

  it.runIf(existsSync('/dev/full'))('fails every line of a write that failed', async () => {
    const file = (await AppendFile.open('/dev/full', 0)) as AppendFile;
    const codes = await Promise.all(
      ['a\n', 'b\n', 'c\n'].map((line) =>
        file.append(line).then(String, (error: NodeJS.ErrnoException) => error.code),
      ),
    );
    expect(codes[0]).toBe('ENOSPC');
    expect(codes.every((code) => code === 'ENOSPC' || code === 'EINVAL')).toBe(true);
    await file[Symbol.asyncDispose]();
  });

  it('opens only a file of the length it should have', async () => {
    const path = join(await temporaryFolder(), 'rows');
    expect(await AppendFile.open(path, 0)).toBeUndefined();
    await writeFile(path, 'header\n');
    expect(await AppendFile.open(path, 6)).toBeUndefined();
    const file = (await AppendFile.open(path, 7)) as AppendFile;
    expect(await file.append('é\n')).toBe(10);
    await file[Symbol.asyncDispose]();
    await file[Symbol.asyncDispose]();
    expect(await readFile(path, 'utf8')).toBe('header\né\n');
  });

  it('keeps the old file where the new one cannot be made', async () => {
    const path = join(await temporaryFolder(), 'rows');
    await writeFile(path, 'old\n');
    const broken = (function* () {
      yield 'header\n';
      throw new Error('the journal is broken');
    })();
    await expect(AppendFile.rebuild(path, broken, { keepOld: false })).rejects.toThrow('broken');
    expect(await readFile(path, 'utf8')).toBe('old\n');
  });
});
