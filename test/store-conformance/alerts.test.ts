import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alert } from '../../src/domain/alert.ts';
import type { AlertChange, AlertsKept, OwedAlert } from '../../src/engine/ports.ts';
import { type Opened, SUBJECTS, type Subject } from './subjects.ts';

function alertOf(key: string, affected = 0): Alert {
  return {
    key,
    severity: 'critical',
    kind: 'raised',
    campaign: 'spring',
    service: 'flite',
    role: 'tts',
    sinceMs: 1_000.5,
    title: 'flite does not work',
    what: 'mute.',
    doing: 'It is left alone.',
    toDo: 'Nothing.',
    affected,
  };
}

function owedOf(id: string, refusals = 0, channel = 'email'): OwedAlert {
  return { id, channel, alert: alertOf(`service:${id}`), owedMs: 2_000, refusals };
}

const NOTHING: AlertsKept = { open: [], told: [], owed: [] };

for (const [name, makeSubject] of SUBJECTS) {
  describe(`alerts on ${name}`, () => {
    let subject: Subject;
    let store: Opened;

    beforeEach(() => {
      subject = makeSubject();
      store = subject.open();
    });
    afterEach(() => subject.close());

    it('are there at once for this process, and for others when saved', async () => {
      expect(store.alerts.load()).toEqual(NOTHING);
      const saved = store.alerts.save({ open: [alertOf('service:a')], owed: [owedOf('1')] });
      const kept = { ...NOTHING, open: [alertOf('service:a')], owed: [owedOf('1')] };
      expect(store.alerts.load()).toEqual(kept);
      expect(subject.open().alerts.load()).toEqual(NOTHING);
      await saved;
      expect(store.alerts.load()).toEqual(kept);
      expect(subject.open().alerts.load()).toEqual(kept);
    });

    it('are changed in their places, and go when they are over', async () => {
      const other = subject.open();
      void store.alerts.save({ open: [alertOf('service:b'), alertOf('campaign:a')] });
      void store.alerts.save({ owed: [owedOf('2'), owedOf('1'), owedOf('3', 0, 'telegram')] });
      const refused = { ...owedOf('2', 1), refusedMs: 3_000.5 };
      void store.alerts.save({ open: [alertOf('service:b', 7)], owed: [refused] });
      await store.alerts.save({ settled: ['1', 'nowhere'], cleared: ['nowhere'] });
      expect(other.alerts.load()).toEqual({
        ...NOTHING,
        open: [alertOf('campaign:a'), alertOf('service:b', 7)],
        owed: [refused, owedOf('3', 0, 'telegram')],
      });
      await other.alerts.save({ settled: ['2', '3'], cleared: ['service:b', 'campaign:a'] });
      expect(store.alerts.load()).toEqual(NOTHING);
    });

    it('that are notices stand apart from what is open, until they are forgotten', async () => {
      const notice = { ...alertOf('campaign:a:started'), kind: 'notice' } as const;
      await store.alerts.save({ open: [notice, alertOf('service:b')] });
      const kept = { ...NOTHING, open: [alertOf('service:b')], told: [notice] };
      expect(subject.open().alerts.load()).toEqual(kept);
      await store.alerts.save({ cleared: [notice.key, 'service:b'] });
      expect(subject.open().alerts.load()).toEqual(NOTHING);
    });

    it('are written in order with the journal', async () => {
      void store.alerts.save({ open: [alertOf('service:a')] });
      await store.journal().settled();
      expect(subject.open().alerts.load().open).toEqual([alertOf('service:a')]);
    });
  });
}

const key = fc.constantFrom('service:a', 'service:b', 'campaign:c');
const id = fc.constantFrom('1', '2', '3', '4');
const change: fc.Arbitrary<AlertChange> = fc.record(
  {
    open: fc.array(fc.tuple(key, fc.nat(3)).map(([one, count]) => alertOf(one, count))),
    cleared: fc.array(key, { maxLength: 2 }),
    owed: fc.array(fc.tuple(id, fc.nat(3)).map(([one, count]) => owedOf(one, count))),
    settled: fc.array(id, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

interface Step {
  readonly change: AlertChange;
  readonly process: 0 | 1;
}

const step: fc.Arbitrary<Step> = fc.record({
  change,
  process: fc.constantFrom(0 as const, 1 as const),
});

/** Saves each change in one of two processes; tells what each of them finds then. */
async function play(subject: Subject, steps: readonly Step[]): Promise<readonly AlertsKept[]> {
  const processes = [subject.open(), subject.open()] as const;
  const told: AlertsKept[] = [];
  for (const { change: next, process } of steps) {
    const saved = processes[process].alerts.save(next);
    told.push(processes[process].alerts.load());
    await saved;
    told.push(...processes.map(({ alerts }) => alerts.load()));
  }
  return told;
}

it('both stores keep the same alerts, whatever is saved', async () => {
  const [[, sqlite], [, memory]] = SUBJECTS;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const onDisk = sqlite();
      try {
        expect(await play(onDisk, steps)).toEqual(await play(memory(), steps));
      } finally {
        onDisk.close();
      }
    }),
    { numRuns: 50 },
  );
}, 60_000);
