import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Contact } from '../../src/domain/contact.ts';
import { OUTCOMES, STEPS } from '../../src/domain/words.ts';
import {
  type Admission,
  type ClaimKey,
  type JournalEntry,
  STAGES,
  type Stage,
} from '../../src/engine/ports.ts';
import type { Settlement } from '../../src/store/settlement.ts';
import { CAMPAIGN, contactOf, entries, type Opened, SUBJECTS, type Subject } from './subjects.ts';

// Whatever is done to both stores, in whatever order, both must answer the same. Two processes
// work on one disk, as `campaign settle` and a run that took over do.

type Action =
  | { readonly type: 'recall' }
  | { readonly type: 'claim'; readonly stages: readonly Stage[] }
  /** `key` counts back from the newest claim; old ones are stale more often than not. */
  | { readonly type: 'write'; readonly key: number; readonly entry: JournalEntry };

type Operation =
  /** `inTurn`: each when the one before is answered; else all at once. */
  | { readonly type: 'act'; readonly actions: readonly Action[]; readonly inTurn?: true }
  | {
      readonly type: 'read';
      readonly rows: readonly (Partial<Contact> & { readonly id: string })[];
      readonly sameNumber: 'reject' | 'allow';
      readonly finish: boolean;
    }
  /** Without `contact`, whoever was claimed last. */
  | {
      readonly type: 'settle';
      readonly contact: string | undefined;
      readonly outcome: Settlement['outcome'];
      /** What comes before: so many things seldom come together by chance. */
      readonly before: readonly ('uncertain' | 'put back' | 'corrected' | 'gone')[];
      readonly phone: string;
    }
  /** A run begins, with this script. */
  | {
      readonly type: 'recover';
      readonly script: string;
      /** Done for somebody with the other script just before. */
      readonly before: readonly ('prepared' | 'dialled')[];
    }
  /** The operator takes a number in or out of those that are not rung. */
  | { readonly type: 'refuse' | 'allow'; readonly phone: string }
  | { readonly type: 'recall' }
  | { readonly type: 'wait'; readonly ms: number };

interface Step {
  readonly operation: Operation;
  readonly process: 0 | 1;
}

const ENTRY_TYPES = [
  'step.begun',
  'lookup.ended',
  'script.ended',
  'speech.ended',
  'attempt.begun',
  'attempt.ended',
  'call.answered',
  'call.hung_up',
  'call.ended',
  'record.ended',
  'doubt.kept',
  'record.refused',
  'put_off',
  'released',
  'outdated',
] as const satisfies readonly JournalEntry['type'][];

const ADMISSIONS = [
  'added',
  'known',
  'changed',
  'same_id',
  'same_number',
] as const satisfies readonly Admission['type'][];

// Where a list has no ids, the numbers are the ids.
const phones = ['+14155550101', '+14155550102', '+14155550103', '+14155550104'] as const;
const id = fc.constantFrom('c1', 'c2', 'c3', 'c4', 'c5', phones[0], phones[1]);
const service = fc.constantFrom('flite', 'twilio');
const attempt = fc.integer({ min: 1, max: 2 });
const atMs = fc.integer({ min: 0, max: 50 });

const result = fc.oneof(
  fc.record({ type: fc.constant('placed' as const), reference: fc.constantFrom('CA1', '') }),
  fc.record({ type: fc.constantFrom('not_placed', 'unknown'), code: fc.constant('503') }),
);

const entry: fc.Arbitrary<JournalEntry> = fc.oneof(
  fc.record({ type: fc.constant('step.begun' as const), step: fc.constantFrom(...STEPS), atMs }),
  fc.record({
    type: fc.constant('lookup.ended' as const),
    properties: fc.dictionary(fc.constantFrom('a', 'b'), fc.string()),
    service,
    atMs,
  }),
  fc.record({ type: fc.constant('script.ended' as const), text: fc.string(), service, atMs }),
  fc.record({ type: fc.constant('speech.ended' as const), hash: fc.string(), service, atMs }),
  fc.record({
    type: fc.constant('attempt.begun' as const),
    attempt,
    service,
    account: fc.constantFrom(undefined, 'AC1', 'AC2'),
    atMs,
  }),
  fc.record({ type: fc.constant('attempt.ended' as const), attempt, result, atMs }),
  fc.record({ type: fc.constant('call.hung_up' as const), atMs }),
  fc.record({
    type: fc.constant('call.answered' as const),
    answer: fc.constantFrom('confirmed', 'call_me_back', 'opt_out'),
    atMs,
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('call.ended' as const),
      outcome: fc.constantFrom(...OUTCOMES, 'uncertain', 'uncertain'),
      unasked: fc.boolean(),
      detail: fc.option(fc.string(), { nil: undefined }),
      service: fc.option(service, { nil: undefined }),
      atMs,
    }),
  },
  fc.record({
    type: fc.constant('record.ended' as const),
    service,
    bytes: fc.option(fc.nat(500), { nil: undefined }),
    atMs,
  }),
  fc.constant(entries.recordRefused()),
  fc.record({
    type: fc.constant('doubt.kept' as const),
    detail: fc.option(fc.string(), { nil: undefined }),
    unasked: fc.boolean(),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('put_off' as const),
      dueMs: fc.integer({ min: 0, max: 60 }),
      reason: fc.constantFrom('x', 'y'),
      behind: fc.boolean(),
      recall: fc.boolean(),
      rounds: fc.nat(3),
    }),
  },
  fc.constant({ type: 'released' as const }),
  fc.constant({ type: 'outdated' as const }),
);

const stages = fc.oneof(
  { weight: 3, arbitrary: fc.constant(STAGES.slice()) },
  fc.subarray(STAGES.slice()),
);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: fc.constant('claim' as const), stages }) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('write' as const),
      key: fc.oneof({ weight: 4, arbitrary: fc.nat(2) }, fc.nat(8)),
      entry,
    }),
  },
);

/** What a processor writes of the newest claim, as far as it comes, and how that ends. */
const story: fc.Arbitrary<Operation> = fc
  .tuple(
    fc.nat(5),
    result,
    fc.constantFrom<readonly JournalEntry[]>(
      [],
      [entries.putOff(30)],
      [entries.released],
      [entries.callEnded('uncertain')],
      [entries.unasked()],
      [entries.callEnded('failed')],
      [entries.callEnded(), entries.recordBegun(), entries.recordEnded(100)],
      [entries.callEnded(), entries.recordBegun(), entries.recordRefused()],
    ),
  )
  .map(([length, came, end]) => {
    const told = [
      entries.scriptEnded(),
      entries.speechEnded(),
      entries.attemptBegun(),
      entries.attemptEnded(came),
      entries.recordBegun(),
    ];
    const written = [...told.slice(0, length), ...end];
    return { type: 'act', actions: written.map((one) => ({ type: 'write', key: 0, entry: one })) };
  });

/** Nobody could be asked; then somebody is, and it comes out, or does not. */
const doubt: fc.Arbitrary<Operation> = fc
  .constantFrom<readonly JournalEntry[]>(
    [],
    [entries.released],
    [{ type: 'doubt.kept', detail: 'as before', unasked: true }],
    [{ type: 'doubt.kept', detail: undefined, unasked: false }],
    [entries.callEnded('busy'), entries.recordEnded(100)],
    [entries.callEnded('answered'), entries.putOff(30)],
  )
  .map((end) => {
    const write = (one: JournalEntry) => ({ type: 'write', key: 0, entry: one }) as const;
    const first = [{ type: 'claim', stages: STAGES }, write(entries.unasked())] as const;
    const then = [{ type: 'recall' }, { type: 'claim', stages: ['doubted'] }] as const;
    return { type: 'act', inTurn: true, actions: [...first, ...then, ...end.map(write)] };
  });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: story },
  { weight: 2, arbitrary: doubt },
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('act' as const),
      actions: fc.array(action, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('read' as const),
      rows: fc.array(
        fc.record({
          id,
          phone: fc.constantFrom(...phones),
          name: fc.constantFrom('One', 'Other'),
          phoneWritten: fc.constantFrom(undefined, '(415) 555', '415 555'),
        }),
        { maxLength: 5 },
      ),
      sameNumber: fc.constantFrom('reject' as const, 'allow' as const),
      finish: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('settle' as const),
      contact: fc.option(id, { nil: undefined, freq: 2 }),
      outcome: fc.constantFrom('answered' as const, 'failed' as const, 'again' as const),
      before: fc.subarray(['uncertain', 'put back', 'corrected', 'gone'] as const),
      phone: fc.constantFrom(...phones),
    }),
  },
  fc.record({
    type: fc.constant('recover' as const),
    script: fc.constantFrom('a', 'b'),
    before: fc.subarray(['prepared', 'dialled'] as const),
  }),
  fc.constant({ type: 'recall' as const }),
  fc.record({
    type: fc.constantFrom('refuse' as const, 'allow' as const, 'allow' as const),
    phone: fc.constantFrom(...phones),
  }),
  fc.record({ type: fc.constant('wait' as const), ms: fc.nat(30) }),
);

const step: fc.Arbitrary<Step> = fc.record({
  operation,
  process: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0 as const) },
    { weight: 1, arbitrary: fc.constant(1 as const) },
  ),
});

const firstReading: Step = {
  process: 0,
  operation: {
    type: 'read',
    rows: ['c1', 'c2', 'c3', 'c4'].map((contact) => {
      const { phone } = contactOf(contact);
      return { id: contact, phone, name: 'One' };
    }),
    sameNumber: 'reject',
    finish: true,
  },
};

/** Everything that can succeed, by the names that `Player` counts under. */
const DEEDS: readonly string[] = [
  'claim of nobody',
  ...STAGES.map((stage) => `claim of one ${stage}`),
  ...ENTRY_TYPES.map((type) => `write ${type}`),
  ...ADMISSIONS.map((type) => `read ${type}`),
  'read to the end, some removed',
  'settle answered: settled',
  'settle failed: settled',
  'settle failed: restored',
  'settle again: queued',
  'settle again: queued_as_listed',
  'settle again: removed',
  'recover some',
  'write some anew',
  'claim of one with a former script',
  'recall',
  'refuse',
  'allow',
  'claim of one refused',
  'begin refused',
];

/** Plays the steps to one store and tells everything it answered. */
class Player {
  /** How often each deed has succeeded. */
  readonly deeds: Map<string, number>;
  readonly #processes: readonly [Opened, Opened];
  readonly #keys: ClaimKey[] = [];
  #nowMs = 0;
  #calls = 0;

  constructor(subject: Subject, deeds = new Map<string, number>()) {
    this.#processes = [subject.open(), subject.open()];
    this.deeds = deeds;
  }

  async play(steps: readonly Step[]): Promise<readonly unknown[]> {
    const told: unknown[] = [];
    for (const { operation: next, process } of steps) {
      const store = this.#processes[process];
      const answer = await this.#operate(store, next);
      const journal = store.journal();
      const optOuts = store.optOuts.list();
      told.push([answer, journal.counts(), journal.outlook(), store.resultsBytes(), optOuts]);
    }
    return told;
  }

  async #operate(store: Opened, next: Operation): Promise<unknown> {
    switch (next.type) {
      case 'act': {
        const answers: Promise<unknown>[] = [];
        for (const one of next.actions) {
          answers.push(this.#act(store, one));
          if (next.inTurn === true) await Promise.allSettled(answers);
        }
        return (await Promise.allSettled(answers)).map(answerOf);
      }
      case 'read': {
        const sink = store.contacts(next.sameNumber);
        const rows = next.rows.map((row, index) => contactOf(row.id, { ...row, line: index + 2 }));
        const admissions = sink.add(rows);
        for (const { type } of admissions) this.#done(`read ${type}`);
        const removed = next.finish ? sink.finish() : undefined;
        if (removed !== undefined && removed > 0) this.#done('read to the end, some removed');
        return [admissions, removed];
      }
      case 'settle': {
        const { before, phone, outcome } = next;
        if (before.includes('uncertain')) {
          await this.#act(store, { type: 'claim', stages: STAGES });
          const entry = entries.callEnded('uncertain');
          await this.#act(store, { type: 'write', key: 0, entry }).catch(() => undefined);
        }
        if (before.includes('put back')) await this.#putBack(store);
        const { contact = this.#keys.at(-1)?.contact ?? 'c1' } = next;
        const row = contactOf(contact, { phone, name: 'Other', line: 9 });
        if (before.includes('corrected')) store.contacts().add([row]);
        if (before.includes('gone')) store.contacts().finish();
        return attempted(() => {
          const about = { campaign: CAMPAIGN, contact, outcome, atMs: this.#nowMs, note: 'n' };
          const settled = store.settle(about);
          this.#done(`settle ${outcome}: ${settled}`);
          return settled;
        });
      }
      case 'recover': {
        const { before, script } = next;
        if (before.length > 0) this.#begin(store, script === 'a' ? 'b' : 'a');
        if (before.includes('dialled')) await this.#script(store, entries.attemptBegun());
        if (before.includes('prepared')) await this.#script(store, entries.released);
        const count = store.journal().recover(this.#nowMs);
        if (count > 0) this.#done('recover some');
        const anew = this.#begin(store, script);
        if (anew > 0) this.#done('write some anew');
        return [count, anew];
      }
      case 'refuse': {
        const about = { campaign: undefined, reason: 'by letter', atMs: this.#nowMs };
        const isNew = store.optOuts.add({ ...about, number: next.phone });
        if (isNew) this.#done('refuse');
        return isNew;
      }
      case 'allow': {
        const was = store.optOuts.remove(next.phone);
        if (was) this.#done('allow');
        return was;
      }
      case 'recall':
        await store.journal().recall(this.#nowMs);
        this.#done('recall');
        return undefined;
      case 'wait':
        this.#nowMs += next.ms;
        return undefined;
    }
  }

  /** Somebody failed before any phone rang, and is to be called again. */
  async #putBack(store: Opened): Promise<void> {
    await this.#act(store, { type: 'claim', stages: STAGES });
    for (const entry of [entries.callEnded('failed'), entries.recordEnded(100)]) {
      await this.#act(store, { type: 'write', key: 0, entry }).catch(() => undefined);
    }
    const contact = this.#keys.at(-1)?.contact ?? 'c1';
    const about = { campaign: CAMPAIGN, contact, outcome: 'again', atMs: this.#nowMs } as const;
    attempted(() => store.settle({ ...about, note: 'n' }));
  }

  #begin(store: Opened, script: string): number {
    const answers = { words: { 1: script }, waitMs: 1 };
    return store.journal().writeBy({ digest: script, answers });
  }

  async #script(store: Opened, after: JournalEntry): Promise<void> {
    await this.#act(store, { type: 'claim', stages: STAGES });
    for (const entry of [entries.scriptEnded(), after]) {
      await this.#act(store, { type: 'write', key: 0, entry }).catch(() => undefined);
    }
  }

  async #act(store: Opened, next: Action): Promise<unknown> {
    if (next.type === 'recall') return await store.journal().recall(this.#nowMs);
    if (next.type === 'write') {
      const key = this.#keys[this.#keys.length - 1 - next.key];
      if (key === undefined) return undefined;
      try {
        await store.journal().write(key, next.entry);
      } catch (error) {
        if (errorName(error) === 'OptedOut') this.#done('begin refused');
        throw error;
      }
      this.#done(`write ${next.entry.type}`);
      return undefined;
    }
    this.#calls += 1;
    const call = `call-${this.#calls}`;
    const claim = await store.journal().claim(next.stages, this.#nowMs, call);
    if (claim !== undefined) this.#keys.push(claim.key);
    if (claim?.former !== undefined) this.#done('claim of one with a former script');
    if (claim?.optedOutMs !== undefined) this.#done('claim of one refused');
    this.#done(claim === undefined ? 'claim of nobody' : `claim of one ${claim.stage}`);
    return claim;
  }

  #done(deed: string): void {
    this.deeds.set(deed, (this.deeds.get(deed) ?? 0) + 1);
  }
}

function answerOf(settled: PromiseSettledResult<unknown>): unknown {
  return settled.status === 'fulfilled' ? settled.value : errorName(settled.reason);
}

function attempted(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

function errorName(error: unknown): unknown {
  return error instanceof Error ? error.name : error;
}

/** Plays of random steps to both stores; as many again while something has never succeeded. */
const PLAYS = 150;
const PLAYS_MAX = 900;

it('both stores answer the same, whatever happens, and everything happens', async () => {
  const [[, sqlite], [, memory]] = SUBJECTS;
  const deeds = new Map<string, number>();
  const undone = (): readonly string[] => DEEDS.filter((deed) => !deeds.has(deed));
  for (let plays = 0; plays < PLAYS || (plays < PLAYS_MAX && undone().length > 0); plays += PLAYS) {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const onDisk = sqlite();
        try {
          const all = [firstReading, ...steps];
          const told = await new Player(onDisk, deeds).play(all);
          expect(told).toEqual(await new Player(memory()).play(all));
        } finally {
          onDisk.close();
        }
      }),
      { numRuns: PLAYS },
    );
  }
  expect(undone(), 'never succeeded').toEqual([]);
  expect(
    [...deeds.keys()].filter((deed) => !DEEDS.includes(deed)),
    'not expected',
  ).toEqual([]);
}, 120_000);
