import { appendFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine } from '../../../src/domain/cells.ts';
import { RESULTS_HEADER, resultsRow } from '../../../src/domain/results.ts';
import type { CallRecord } from '../../../src/engine/ports.ts';
import { csvCrm } from '../../../src/services/crm/csv.ts';
import { contactOf, failureOf, requestContext, temporaryFolder } from '../support.ts';
import { FakeLedger } from './ledger.ts';

const HEADER = csvLine(RESULTS_HEADER);
const context = requestContext();

function recordOf(number: number, over: Partial<CallRecord> = {}): CallRecord {
  return {
    campaign: 'spring',
    call: `call-${number}`,
    contact: contactOf({ id: `c${number}`, name: `Person ${number}` }),
    outcome: 'previewed',
    detail: `c${number}.wav`,
    text: 'Hello there',
    startedMs: 1_772_442_000_000 + number,
    endedMs: 1_772_442_001_000 + number,
    services: { llm: 'template', tts: 'flite', dialer: 'preview' },
    again: false,
    ...over,
  };
}

function rowsOf(...numbers: number[]): string {
  return HEADER + numbers.map((number) => csvLine(resultsRow(recordOf(number)))).join('');
}

interface Bench {
  readonly file: string;
  readonly folder: string;
  readonly ledger: FakeLedger;
}

async function bench(): Promise<Bench> {
  const folder = join(await temporaryFolder(), 'out', 'spring');
  return { file: join(folder, 'results.csv'), folder, ledger: new FakeLedger() };
}

/** A run that records these calls, and tells the journal as the engine does. */
async function run({ file, ledger }: Bench, ...numbers: number[]): Promise<void> {
  await using crm = csvCrm({ file, ledger });
  await crm.open();
  for (const record of numbers.map((number) => recordOf(number))) {
    ledger.begin(record);
    ledger.end(record, await crm.record(record, context));
  }
}

function content({ file }: Bench): Promise<string> {
  return readFile(file, 'utf8');
}

describe('csv', () => {
  it('has a header from the start, and a row per record', async () => {
    const here = await bench();
    await run(here);
    expect(await content(here)).toBe(HEADER);
    await run(here, 1, 2);
    expect(await content(here)).toBe(rowsOf(1, 2));
    await run(here, 3);
    expect(await content(here)).toBe(rowsOf(1, 2, 3));
    expect(await readdir(here.folder)).toEqual(['results.csv']);
  });

  it('answers the length of the file with the row in it', async () => {
    const { file, ledger } = await bench();
    await using crm = csvCrm({ file, ledger });
    const receipts = await Promise.all(
      Array.from({ length: 50 }, (_, index) => crm.record(recordOf(index), context)),
    );
    const text = await readFile(file, 'utf8');
    const rows = text.slice(HEADER.length).split('\n').slice(0, -1);
    let bytes = HEADER.length;
    for (const [index, row] of rows.entries()) {
      bytes += Buffer.byteLength(row) + 1;
      expect(`${row}\n`).toBe(csvLine(resultsRow(recordOf(index))));
      expect(receipts[index]).toEqual({ bytes });
    }
    expect(rows).toHaveLength(50);
    expect(Buffer.byteLength(text)).toBe(bytes);
  });

  it('cannot start a formula or break a row', async () => {
    const { file, ledger } = await bench();
    await using crm = csvCrm({ file, ledger });
    const contact = contactOf({ name: '=HYPERLINK("http://x")' });
    await crm.record(recordOf(1, { contact, text: 'Hello,\n"you"\r\n+1' }), context);
    const text = await readFile(file, 'utf8');
    expect(text.split('\n')).toHaveLength(3);
    expect(text).toContain(`c1,"'=HYPERLINK(""http://x"")",+14155550134,previewed,`);
    expect(text).toContain('"Hello, ""you"" +1"');
  });

  it.each([
    ['half a row', (file: string) => appendFile(file, 'c9,Person')],
    ['a row nobody knows of', (file: string) => appendFile(file, 'c9,Person 9,,,,,,,,,,,\n')],
    ['a row less', (file: string) => truncate(file, HEADER.length)],
    ['nothing', (file: string) => truncate(file, 0)],
    ['no file', (file: string) => rm(file)],
    ['no folder', (file: string) => rm(join(file, '..'), { recursive: true })],
  ])('mends a file with %s', async (_what, damage) => {
    const here = await bench();
    await run(here, 1, 2);
    await damage(here.file);
    await run(here);
    expect(await content(here)).toBe(rowsOf(1, 2));
    await run(here, 3);
    expect(await content(here)).toBe(rowsOf(1, 2, 3));
    expect(await readdir(here.folder)).toEqual(['results.csv']);
  });

  it('drops a row whose end the journal missed, which then comes again', async () => {
    const here = await bench();
    await run(here, 1);
    const second = recordOf(2);
    const third = recordOf(3);
    {
      await using crm = csvCrm(here);
      here.ledger.begin(second);
      here.ledger.begin(third);
      await crm.record(second, context);
      // The journal got the end of the last row, not of the one before: the length fits.
      here.ledger.end(third, await crm.record(third, context));
    }
    expect(here.ledger.bytes()).toBe(Buffer.byteLength(await content(here)));
    await using crm = csvCrm(here);
    here.ledger.end(second, await crm.record({ ...second, again: true }, context));
    expect(await content(here)).toBe(rowsOf(1, 3, 2));
  });

  it('has every row once and whole, wherever it was killed', async () => {
    const kill = fc.record({
      /** How many of the rows under way got their end into the journal. */
      ended: fc.nat({ max: 4 }),
      /** Bytes of the file that did not reach the disk. */
      lost: fc.nat({ max: 300 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(kill, { maxLength: 5 }), async (kills) => {
        const here = await bench();
        let owed = Array.from({ length: 12 }, (_, index) => recordOf(index));
        for (const { ended, lost } of kills) {
          const batch = owed.slice(0, 4);
          const crm = csvCrm(here);
          const receipts = await Promise.all(
            batch.map((record) => {
              here.ledger.begin(record);
              return crm.record(record, context);
            }),
          );
          await crm[Symbol.asyncDispose]();
          batch.slice(0, ended).forEach((record, index) => {
            here.ledger.end(record, receipts[index] ?? {});
          });
          owed = owed.slice(Math.min(ended, batch.length));
          const written = Buffer.byteLength(await content(here));
          await truncate(here.file, Math.max(here.ledger.bytes(), written - lost));
        }
        await using crm = csvCrm(here);
        for (const record of owed) {
          await crm.record(record, context);
        }
        const rows = (await content(here)).slice(HEADER.length).split('\n').slice(0, -1).sort();
        const all = Array.from({ length: 12 }, (_, index) => csvLine(resultsRow(recordOf(index))));
        expect(rows).toEqual(all.map((row) => row.trimEnd()).sort());
      }),
      { numRuns: 40 },
    );
  });

  it('writes a row once that is asked for again after its asker gave up', async () => {
    const here = await bench();
    await using crm = csvCrm(here);
    await crm.open();
    const patience = new AbortController();
    const first = crm.record(recordOf(1), requestContext(patience.signal));
    patience.abort(new Error('too late'));
    // While the first is still being written, and when it is long done.
    const second = crm.record(recordOf(1, { again: true }), context);
    expect(await second).toEqual(await first);
    const late = crm.record(recordOf(2), requestContext(AbortSignal.abort()));
    const receipt = await late;
    expect(await crm.record(recordOf(2, { again: true }), context)).toEqual(receipt);
    expect(await content(here)).toBe(rowsOf(1, 2));
  });

  it('does not throw away the results of a campaign whose journal was deleted', async () => {
    const here = await bench();
    await run(here, 1, 2);
    const fresh = { ...here, ledger: new FakeLedger() };
    await run(fresh, 3);
    expect(await content(here)).toBe(rowsOf(3));
    expect(await readFile(`${here.file}.old`, 'utf8')).toBe(rowsOf(1, 2));
    await run({ ...here, ledger: new FakeLedger() }, 4);
    expect(await readFile(`${here.file}.old`, 'utf8')).toBe(rowsOf(1, 2));
    expect(await readFile(`${here.file}.old-2`, 'utf8')).toBe(rowsOf(3));
    expect(await content(here)).toBe(rowsOf(4));
  });

  it('waits for rows under way before it closes', async () => {
    const here = await bench();
    const crm = csvCrm(here);
    await crm.open();
    const rows = [1, 2, 3].map((number) => crm.record(recordOf(number), context));
    await crm[Symbol.asyncDispose]();
    await Promise.all(rows);
    expect(await content(here)).toBe(rowsOf(1, 2, 3));
    await expect(crm.record(recordOf(4), context)).rejects.toThrow('closed');
  });

  it('says what is wrong, and goes on when it is mended', async () => {
    const here = await bench();
    await mkdir(join(here.folder, '..'), { recursive: true });
    await writeFile(here.folder, 'a file of this name');
    await using crm = csvCrm(here);
    const message = `csv: cannot write ${here.file}: something else has this name (EEXIST)`;
    const expected = { kind: 'permanent', scope: 'service', code: 'EEXIST', message };
    expect(await failureOf(crm.open())).toMatchObject(expected);
    expect(await failureOf(crm.record(recordOf(1), context))).toMatchObject(expected);
    expect((await failureOf(crm.probe(context.signal))).code).toBe('EEXIST');
    await rm(here.folder);
    await crm.probe(context.signal);
    await crm.record(recordOf(1), context);
    expect(await content(here)).toBe(rowsOf(1));
  });

  it('rebuilds a long file without holding it in memory twice', async () => {
    const here = await bench();
    const count = 20_000;
    const ledger = {
      bytes: () => 1,
      hasOpenRecords: () => true,
      *recorded() {
        for (let number = 0; number < count; number += 1) {
          yield recordOf(number);
        }
      },
    };
    await using crm = csvCrm({ file: here.file, ledger });
    await crm.open();
    const lines = (await content(here)).split('\n');
    expect(lines).toHaveLength(count + 2);
    expect(lines.at(-2)).toContain(`call-${count - 1}`);
  });
});
