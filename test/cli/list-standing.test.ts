import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STAGES } from '../../src/engine/ports.ts';
import { contactOf, entries } from '../store-conformance/subjects.ts';
import { CommandBench, phoneOf } from '../support/command-bench.ts';

/** Later than any midnight that a test may be run around. */
const TODAY_MS = Date.now() + 24 * 60 * 60 * 1000;
const LONG_AGO_MS = Date.UTC(2026, 0, 5);

describe('a list whose people are known', () => {
  let bench: CommandBench;

  beforeEach(() => {
    bench = new CommandBench();
  });
  afterEach(() => {
    bench[Symbol.dispose]();
  });

  /** Somebody answered, on a real phone as far as the journal knows. */
  async function call(campaign: string, ids: readonly number[], atMs: number): Promise<void> {
    using store = bench.store();
    const journal = store.journal(campaign);
    const sink = store.contacts(campaign, { sameNumber: 'reject' });
    sink.add(ids.map((id) => contactOf(`c-${id}`, { phone: phoneOf(id) })));
    sink.finish();
    for (const id of ids) {
      const claim = await journal.claim(STAGES, atMs, `call-${campaign}-${id}`);
      if (claim === undefined) throw new Error('nobody was there to be claimed');
      void journal.write(claim.key, entries.attemptBegun(1, atMs));
      void journal.write(claim.key, entries.attemptEnded({ type: 'placed', reference: 'CA1' }, 1));
      void journal.write(claim.key, entries.callEnded('answered', atMs));
      await journal.write(claim.key, entries.recordEnded(undefined, atMs));
    }
  }

  it('tells of other people under the ids of those who have their outcome', async () => {
    bench.list('spring.csv', [1, 2]);
    await bench.command('run spring.csv');
    const others = 'c-1,Cid,+14155550133\nc-2,Dee,+14155550134\nc-3,Eve,+14155550135\n';
    bench.write('spring.csv', `id,name,phone\n${others}`);
    const words = '2 rows have the id of somebody who has an outcome at another number: not called';
    const checked = await bench.command('check spring.csv');
    expect(checked.stdout).toContain(`Note: ${words} (lines 2 and 3). Give new people new ids`);
    expect(checked.stdout).toContain('spring has begun: 2 of these 3 contacts have an outcome');
    const run = await bench.command('run spring.csv --verbose');
    expect(run.code).toBe(0);
    expect(run.stderr).toContain(`${words} (lines 2 and 3)`);
    expect(run.stderr.indexOf(words)).toBeLessThan(run.stderr.indexOf('run started'));
    expect(run.stdout).toMatch(/2 not called +the id is that of somebody .*\n.*--name/);
    expect((await bench.command('status')).stdout).toContain('2 not called because the id was an');
    // Who is off the list again is of no concern.
    bench.write('spring.csv', `id,name,phone\n${others.split('\n')[2]}\n`);
    expect((await bench.command('run spring.csv')).stderr).not.toContain('the id of somebody');
  });

  it('tells of the same people under another name, before anybody is called', async () => {
    await call('spring', [1, 2], TODAY_MS);
    await call('winter', [3], LONG_AGO_MS);
    bench.list('copy.csv', [2, 3, 4]);
    const words =
      '1 of the 3 contacts to call has a number that was called today by the campaign spring.';
    expect((await bench.command('check copy.csv')).stdout).toContain(`Note: ${words}`);
    const run = await bench.command('run copy.csv --verbose');
    expect(run.code).toBe(0);
    expect(run.stderr).toContain(words);
    expect(run.stderr).toContain('--name spring');
    expect(run.stderr.indexOf(words)).toBeLessThan(run.stderr.indexOf('run started'));
    // They have their outcome now, and nobody else is to be called.
    expect((await bench.command('run copy.csv')).stderr).not.toContain('called today');
    expect((await bench.command('check copy.csv')).stdout).not.toContain('called today');
    expect((await bench.command('check copy.csv --name spring')).stdout).not.toContain('today');
  });

  it('names several campaigns with their shares, and numbers that are ids too', async () => {
    await call('spring', [1], TODAY_MS);
    await call('summer', [2, 3], TODAY_MS);
    bench.list('all.csv', [1, 2, 3], false);
    const { stderr } = await bench.command('run all.csv');
    expect(stderr).toContain(
      '3 of the 3 contacts to call have numbers that were called today by 2 campaigns: ' +
        'spring (1) and summer (2).',
    );
  });

  it('rings nobody, so it tells nobody: a preview of the same list', async () => {
    bench.list('spring.csv', [1]);
    bench.list('copy.csv', [1]);
    await bench.command('run spring.csv');
    expect((await bench.command('run copy.csv')).stderr).not.toContain('called today');
  });

  it('tells of people who were called under other ids', async () => {
    await call('spring', [1, 2], LONG_AGO_MS);
    bench.list('spring.csv', [1, 2, 3], false);
    const who = '2 rows have the number of somebody whom this campaign called under another id';
    const refused = (await bench.command('check spring.csv')).stdout;
    expect(refused).toContain(`Note: ${who} (lines 2 and 3): rejected`);
    bench.write('config.yml', 'script: { template: "Hi." }\ncampaign: { same_number: allow }\n');
    expect((await bench.command('check spring.csv')).stdout).toContain(
      `${who} (lines 2 and 3): called again.`,
    );
    const run = await bench.command('run spring.csv --verbose');
    expect(run.stderr).toContain(`${who} (lines 2 and 3): called again.`);
    expect(run.stderr.indexOf(who)).toBeLessThan(run.stderr.indexOf('run started'));
    // By now they have their outcome under these ids too: nobody calls them a third time.
    expect((await bench.command('run spring.csv --verbose')).stderr).not.toContain(who);
    expect((await bench.command('check spring.csv')).stdout).not.toContain('under another id');
  });

  it('says nothing of two rows with one number that are both on the list', async () => {
    bench.write('config.yml', 'script: { template: "Hi." }\ncampaign: { same_number: allow }\n');
    await call('spring', [1], LONG_AGO_MS);
    bench.write('spring.csv', `id,phone\nc-1,${phoneOf(1)}\nc-2,${phoneOf(1)}\n`);
    const { code, stderr } = await bench.command('run spring.csv');
    expect(code).toBe(0);
    expect(stderr).not.toContain('under another id');
  });

  it('counts numbers that asked not to be called', async () => {
    bench.list('spring.csv', [1, 2]);
    await bench.command(['opt-outs', '--add', phoneOf(1), phoneOf(9)]);
    const { stdout } = await bench.command('check spring.csv');
    expect(stdout).toContain('Note: 1 number of the list asked not to be called, and is not rung');
  });

  it('is refused by check as by run where the campaign has another list', async () => {
    bench.list('spring.csv', [1]);
    bench.list('north/spring.csv', [2]);
    await bench.command('run spring.csv');
    const checked = await bench.command('check north/spring.csv');
    const { code, stderr } = await bench.command('run north/spring.csv');
    expect({ code: checked.code, stderr: checked.stderr }).toEqual({ code, stderr });
    expect(code).toBe(64);
    const named = await bench.command('check north/spring.csv --name north');
    expect(named.code).toBe(0);
    expect(named.stdout).toContain('What `campaign run north/spring.csv --name north` will do:');
  });
});
