import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OwedRow, RowChange } from '../../src/engine/ports.ts';
import { claimed, contactOf, entries, type Opened, SUBJECTS, type Subject } from './subjects.ts';

function rowOf(id: string, doubtMs?: number): OwedRow {
  return { id, cells: [id, '2026-03-02T09:00:00.000Z', 12.5, ''], doubtMs };
}

for (const [name, makeSubject] of SUBJECTS) {
  describe(`rows on ${name}`, () => {
    let subject: Subject;
    let store: Opened;

    beforeEach(() => {
      subject = makeSubject();
      store = subject.open();
    });
    afterEach(() => subject.close());

    it('are there when saved, in order, for each campaign by itself', async () => {
      const [spring, autumn] = [store.rows(), store.rows('autumn')];
      const saved = spring.save({ owed: [rowOf('b'), rowOf('a'), rowOf('c')] });
      expect(spring.load(10, 5_000)).toEqual([]);
      await saved;
      await autumn.save({ owed: [rowOf('a')] });
      expect(subject.open().rows().load(2, 5_000)).toEqual([rowOf('b'), rowOf('a')]);
      expect(spring.count()).toBe(3);
      await spring.save({ settled: ['b', 'a', 'nowhere'] });
      expect(subject.open().rows().load(10, 5_000)).toEqual([rowOf('c')]);
      expect(subject.open().rows('autumn').load(10, 5_000)).toEqual([rowOf('a')]);
    });

    it('say whether they may have been written, and are not owed a second time', async () => {
      const rows = store.rows();
      await rows.save({ owed: [rowOf('a'), rowOf('b')] });
      await rows.save({ doubt: { ids: ['b', 'nowhere'], untilMs: 1_000.5 } });
      await rows.save({ owed: [{ id: 'b', cells: ['another'] }] });
      expect(subject.open().rows().load(10, 5_000)).toEqual([rowOf('a'), rowOf('b', 1_000.5)]);
      expect(rows.load(10, 1_000)).toEqual([rowOf('a')]);
      expect(rows.nextMs()).toBe(0);
      await rows.save({ doubt: { ids: ['a'], untilMs: 2_000 } });
      expect([rows.load(10, 1_000), rows.nextMs()]).toEqual([[], 1_000.5]);
      await rows.save({ doubt: { ids: ['a', 'b'], untilMs: undefined } });
      expect(store.rows('autumn').nextMs()).toBeUndefined();
      expect(rows.load(10, 5_000)).toEqual([rowOf('a'), rowOf('b')]);
    });

    it('go with the commit of the call that they tell of', async () => {
      store.contacts().add([contactOf('c1')]);
      const journal = store.journal();
      const { key } = await claimed(journal.claim(['fresh'], 0, 'call-1'));
      const written = journal.write(key, entries.callEnded());
      void store.rows().save({ owed: [rowOf('call-1')] });
      expect(subject.open().rows().count()).toBe(0);
      await written;
      expect(subject.open().rows().load(1, 5_000)).toEqual([rowOf('call-1')]);
    });
  });
}

const id = fc.constantFrom('1', '2', '3', '4');
const change: fc.Arbitrary<RowChange> = fc.record(
  {
    owed: fc.array(id.map((one) => rowOf(one))),
    doubt: fc.record({ ids: fc.array(id), untilMs: fc.option(fc.nat(9), { nil: undefined }) }),
    settled: fc.array(id, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

it('both stores keep the same rows, whatever is saved', async () => {
  const [[, sqlite], [, memory]] = SUBJECTS;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 15 }), async (changes) => {
      const [onDisk, inMemory] = [sqlite(), memory()];
      try {
        const [one, other] = [onDisk.open().rows(), inMemory.open().rows()];
        for (const next of changes) {
          await Promise.all([one.save(next), other.save(next)]);
          expect(one.load(3, 4)).toEqual(other.load(3, 4));
          expect(one.nextMs()).toBe(other.nextMs());
          expect(one.count()).toBe(other.count());
        }
      } finally {
        onDisk.close();
      }
    }),
    { numRuns: 25 },
  );
}, 60_000);
