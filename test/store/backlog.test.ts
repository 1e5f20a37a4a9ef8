/**
 * A campaign that reads its list when each turn comes, and forgets who is done, answers as one
 * that has taken in the list and keeps everybody.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulatedState } from '../../src/cli/simulated-state.ts';
import { type ClaimKey, type JournalEntry, STAGES } from '../../src/engine/ports.ts';
import { MemoryDisk, openMemoryStore } from '../../src/store/memory.ts';
import { MemoryCampaign } from '../../src/store/memory-campaign.ts';
import { contactOf } from '../store-conformance/subjects.ts';

const NAME = 'spring';

function taken(count: number) {
  const disk = new MemoryDisk();
  const contacts = Array.from({ length: count }, (_, index) => contactOf(`c${index}`));
  const store = openMemoryStore({ disk, defer: (flush) => queueMicrotask(flush) });
  const sink = store.contacts(NAME, { sameNumber: 'allow' });
  sink.add(contacts);
  sink.finish();
  return { disk, journal: store.journal(NAME) };
}

function waiting(count: number) {
  const disk = new MemoryDisk();
  const contacts = Array.from({ length: count }, (_, index) => contactOf(`c${index}`));
  disk.campaigns.set(NAME, new MemoryCampaign({ backlog: contacts, forgets: true }));
  const store = openMemoryStore({ disk, defer: (flush) => queueMicrotask(flush) });
  return { disk, journal: store.journal(NAME) };
}

const STEP = fc.oneof(
  fc.record({ type: fc.constant('claim' as const), some: fc.subarray([...STAGES]) }),
  fc.record({
    type: fc.constant('put_off' as const),
    behind: fc.boolean(),
    recall: fc.boolean(),
    delayMs: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ type: fc.constantFrom('written' as const, 'released' as const) }),
  fc.record({
    type: fc.constant('done' as const),
    outcome: fc.constantFrom('answered' as const, 'failed' as const, 'uncertain' as const),
  }),
  fc.record({ type: fc.constantFrom('recall' as const, 'answer' as const) }),
);
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

/** What happens to whoever was claimed last. */
function entriesOf(step: Step, atMs: number): readonly JournalEntry[] {
  switch (step.type) {
    case 'put_off': {
      const { behind, recall, delayMs } = step;
      const wait = { behind, recall, rounds: 1, reason: 'waits' };
      return [{ type: 'put_off', dueMs: atMs + delayMs, ...wait }];
    }
    case 'released':
      return [{ type: 'released' }];
    case 'written':
      return [{ type: 'script.ended', text: 'Hello', service: 'openai', atMs }];
    case 'answer':
      return [{ type: 'call.answered', answer: 'yes', atMs }];
    case 'done': {
      const { outcome } = step;
      const ended = { type: 'call.ended', outcome, detail: undefined, service: 'twilio', atMs };
      return outcome === 'uncertain'
        ? [ended as JournalEntry]
        : [
            ended as JournalEntry,
            { type: 'record.ended', service: 'hubspot', bytes: undefined, atMs },
          ];
    }
    default:
      return [];
  }
}

async function played({ disk, journal }: ReturnType<typeof taken>, steps: readonly Step[]) {
  const seen: unknown[] = [];
  const held: ClaimKey[] = [];
  for (const [index, step] of steps.entries()) {
    if (step.type === 'claim') {
      const stages = step.some.length === 0 ? STAGES : step.some;
      const claim = await journal.claim(stages, index, `call-${index}`);
      if (claim !== undefined) held.push(claim.key);
      seen.push(claim);
    } else if (step.type === 'recall') {
      await journal.recall(index);
    } else {
      const key = step.type === 'written' || step.type === 'answer' ? held.at(-1) : held.pop();
      for (const entry of key === undefined ? [] : entriesOf(step, index)) {
        await journal.write(key as ClaimKey, entry);
      }
    }
    seen.push(journal.counts(), journal.outlook());
  }
  return { seen, held: held.length, campaign: disk.campaigns.get(NAME) as MemoryCampaign };
}

describe('a campaign that keeps little', () => {
  it('answers as one that keeps everything', async () => {
    const steps = fc.array(STEP, { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 8 }), steps, async (count, some) => {
        const little = await played(waiting(count), some);
        const all = await played(taken(count), some);
        expect(little.seen).toEqual(all.seen);
        expect(simulatedState(little.campaign)).toEqual(simulatedState(all.campaign));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps nobody who is done, and nobody whose turn is far', async () => {
    const round: Step[] = [
      { type: 'claim', some: [] },
      { type: 'done', outcome: 'answered' },
    ];
    const { campaign } = await played(
      waiting(1_000),
      Array.from({ length: 500 }, () => round).flat(),
    );
    expect(campaign.counts()).toMatchObject({ total: 1_000, done: 500, queued: 500 });
    expect(campaign.contacts.size).toBeLessThan(3);
  });
});
