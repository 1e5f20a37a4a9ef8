import { describe, expect, it } from 'vitest';
import type { CallRecord, Dialer, DialRequest, Found } from '../../src/engine/ports.ts';
import { Stopped } from '../../src/engine/stopped.ts';
import { type Behaviour, CAMPAIGN, EngineBench } from '../support/engine-bench.ts';
import { failure, lost } from '../support/failures.ts';

/** A run that is killed while the answer of the dialer is on its way. */
async function killedWhileRinging(): Promise<EngineBench> {
  const bench = new EngineBench({
    behaviour: { place: () => new Promise<never>(() => undefined) },
  }).add(1);
  // What is left of it finds its journal closed; a real kill would not even do that.
  bench.engine.runner.run(bench.signals).catch(() => undefined);
  for (let turn = 0; bench.truth.rung.length === 0 && turn < 100; turn += 1) {
    await bench.clock.settle();
  }
  bench.store.kill();
  return bench;
}

async function goOn(found: Found, behaviour: Partial<Behaviour> = {}): Promise<EngineBench> {
  const killed = await killedWhileRinging();
  const next = killed.next({ behaviour: { find: () => found, ...behaviour } });
  expect(await next.run()).toBe('done');
  return next;
}

/** A dialer of this name; a preview where it is called so. */
function dialerOf(
  name: string,
  does: { readonly find?: Found; readonly place?: (contact: string) => void },
): Dialer {
  return {
    name,
    role: 'dialer',
    rings: true,
    speaks: undefined,
    hears: true,
    account: undefined,
    probe: () => Promise.resolve(),
    place: async ({ contact }) => {
      does.place?.(contact.id);
      return { service: name, reference: 'r1' };
    },
    follow: async () => ({ outcome: name === 'preview' ? 'previewed' : 'answered' }),
    find: async () => does.find ?? { state: 'unknown' },
    hangUp: () => Promise.resolve(),
  };
}

/** The dial attempts of c1 as they are on disk now. */
function attemptsOnDisk(bench: EngineBench) {
  const contact = bench.disk.campaigns.get(CAMPAIGN)?.contacts.get('c1');
  return [...(contact?.calls.at(-1)?.attempts.values() ?? [])];
}

describe('a dial attempt that began and has no result', () => {
  it('is taken up again where the dialer has the call', async () => {
    const placed = { service: 'preview', reference: 'theirs' };
    const bench = await goOn({ state: 'placed', placed });
    expect(bench.truth.rung).toHaveLength(1);
    expect(bench.of('call.finished')[0]).toMatchObject({ outcome: 'answered' });
    const about = { contact: 'c1', service: 'preview', role: 'dialer', step: 'dial' };
    expect(bench.of('call.looked_up')).toMatchObject([{ ...about, exists: true }]);
  });

  it('has the outcome that the dialer tells', async () => {
    const bench = await goOn({ state: 'ended', ended: { outcome: 'no_answer', detail: 'x' } });
    expect(bench.truth.rung).toHaveLength(1);
    expect(bench.of('call.finished')[0]).toMatchObject({ outcome: 'no_answer', detail: 'x' });
  });

  it('leaves the contact uncertain where the dialer cannot tell', async () => {
    const bench = await goOn({ state: 'unknown' });
    expect(bench.truth.rung).toHaveLength(1);
    expect(bench.of('call.looked_up')).toEqual([]);
    expect(bench.counts()).toMatchObject({ uncertain: 1, done: 0 });
  });

  it('leaves the contact uncertain where the dialer is not in use any more', async () => {
    const killed = await killedWhileRinging();
    const [attempt] = attemptsOnDisk(killed);
    expect(attempt?.service).toBe('preview');
    expect(attempt?.result).toBeUndefined();
    Object.assign(attempt as object, { service: 'twilio' });
    const next = killed.next();
    expect(await next.run()).toBe('done');
    expect(next.counts()).toMatchObject({ uncertain: 1 });
    expect(next.truth.rung).toHaveLength(1);
    expect(next.of('call.finished')[0]?.detail).toBe(
      'begun by twilio, which is not in services.dialer any more: name it there again, and the ' +
        'next run asks it whether it rang',
    );
    // As a person does who has read that.
    const dialer = dialerOf('twilio', { find: { state: 'ended', ended: { outcome: 'busy' } } });
    const back = next.next({ dialers: [dialer] });
    expect(await back.run()).toBe('done');
    expect(back.of('call.finished')).toMatchObject([{ outcome: 'busy' }]);
  });

  describe('of a preview that the settings name no more', () => {
    const goOnWith = async (killed: EngineBench) => {
      const rung: string[] = [];
      const dialer = dialerOf('twilio', { place: (contact) => void rung.push(contact) });
      const preview = dialerOf('preview', {});
      const next = killed.next({ dialers: [dialer], former: [{ ...preview, rings: false }] });
      expect(await next.run()).toBe('done');
      return { rung, outcomes: next.of('call.finished').map(({ outcome }) => outcome) };
    };

    it('rang nobody, and nobody has to be asked: they are rung now', async () => {
      const { rung, outcomes } = await goOnWith(await killedWhileRinging());
      expect(rung).toEqual(['c1']);
      expect(outcomes).toEqual(['answered']);
    });

    it('is followed where it had written its file', async () => {
      const killed = await killedWhileRinging();
      const [attempt] = attemptsOnDisk(killed);
      Object.assign(attempt as object, { result: { type: 'placed', reference: 'c1.wav' } });
      const { rung, outcomes } = await goOnWith(killed);
      expect(rung).toEqual([]);
      expect(outcomes).toEqual(['previewed']);
    });
  });

  it('is made once more only where no call exists, and that is written down first', async () => {
    const bench = await goOn({ state: 'absent' });
    expect(bench.truth.rung).toHaveLength(2);
    expect(bench.of('call.looked_up')).toMatchObject([{ contact: 'c1', exists: false }]);
    const results = attemptsOnDisk(bench).map(({ result }) => result?.type);
    expect(results).toEqual(['not_placed', 'placed']);
    // Text and speech were there.
    expect(bench.truth.counts).toMatchObject({ write: 1, speak: 1 });
    expect(bench.of('step.finished').map(({ step }) => step)).toEqual(['dial', 'record']);
  });

  it('that rang nobody names no dialer in the record of a failed call', async () => {
    const noted: CallRecord[] = [];
    const bench = await goOn(
      { state: 'absent' },
      {
        admit: () => Promise.reject(failure({ kind: 'permanent', scope: 'request' })),
        record: (record) => void noted.push(structuredClone(record)),
      },
    );
    expect(bench.of('call.finished')[0]).toMatchObject({ outcome: 'failed' });
    expect(noted.map(({ services, dialledMs }) => [services.dialer, dialledMs])).toEqual([
      [undefined, undefined],
    ]);
  });

  it('is looked for from its own begin on, and known by its reference once found', async () => {
    const asked: number[] = [];
    const bench = new EngineBench({
      behaviour: {
        admit: (_request, count) => (count === 1 ? Promise.reject(failure()) : undefined),
        place: () => new Promise<never>(() => undefined),
      },
    }).add(1);
    bench.engine.runner.run(bench.signals).catch(() => undefined);
    await bench.clock.advance(5_000);
    bench.store.kill();
    const next = bench.next({
      behaviour: {
        find: ({ begunMs }) => {
          asked.push(begunMs);
          return { state: 'placed', placed: { service: 'preview', reference: 'theirs' } };
        },
        follow: () => new Promise<never>(() => undefined),
      },
    });
    next.engine.runner.run(next.signals).catch(() => undefined);
    await next.clock.settle();
    const [refused, found] = attemptsOnDisk(next);
    expect(asked).toEqual([found?.begunMs]);
    expect(found?.begunMs).toBe((refused?.begunMs ?? 0) + 5_000);
    expect(found?.result).toEqual({ type: 'placed', reference: 'theirs' });
    // Another kill: it is followed, not looked for.
    next.store.kill();
    const last = next.next();
    expect(await last.run()).toBe('done');
    expect(last.of('call.finished')).toMatchObject([{ outcome: 'answered' }]);
    expect(last.truth.counts.find).toBe(1);
  });

  it('is not asked about again once its absence is proven', async () => {
    const killed = await killedWhileRinging();
    const second = killed.next({
      behaviour: { find: () => ({ state: 'absent' }), admit: () => Promise.reject(failure()) },
    });
    expect(await second.run()).toBe('outage');
    const third = second.next();
    expect(await third.run()).toBe('done');
    expect(third.truth.counts.find).toBe(1);
  });

  it('is not asked about again where its unknown answer was cleared up', async () => {
    const bench = new EngineBench({
      behaviour: { find: () => ({ state: 'absent' }), admit: () => Promise.reject(lost()) },
      policy: { lines: 1 },
    }).add(1);
    expect(await bench.run()).toBe('outage');
    expect(attemptsOnDisk(bench).every(({ result }) => result?.type === 'not_placed')).toBe(true);
  });
});

describe('a call that is uncertain because its dialer could not be asked', () => {
  const away = (): never => {
    throw failure({ message: 'away' });
  };
  const config = 'timeouts: { call: 1m }';

  /** Whose end nobody tells: the phone has rung, and then the dialer is away. */
  async function unheardOf(count = 1): Promise<EngineBench> {
    const bench = new EngineBench({ config, behaviour: { follow: away } }).add(count);
    expect(await bench.run()).toBe('done');
    expect(bench.counts()).toMatchObject({ uncertain: count, total: count });
    return bench;
  }

  /** Of which nobody even knows whether it was taken. */
  async function unanswered(): Promise<EngineBench> {
    const behaviour = { place: () => Promise.reject(lost()), find: away };
    const bench = new EngineBench({ config, behaviour }).add(1);
    expect(await bench.run()).toBe('done');
    expect(bench.counts()).toMatchObject({ uncertain: 1 });
    return bench;
  }

  it('has the outcome that the next run hears, and its record', async () => {
    const next = (await unheardOf()).next({ config });
    expect(await next.run()).toBe('done');
    expect(next.counts()).toMatchObject({ uncertain: 0, done: 1, total: 1 });
    expect(next.of('call.finished')).toMatchObject([{ outcome: 'answered', was: 'uncertain' }]);
    expect(next.truth.recorded).toHaveLength(1);
    expect(next.truth.rung).toHaveLength(1);
  });

  it('is looked for by the next run where it may not have been taken', async () => {
    const placed = { service: 'preview', reference: 'theirs' };
    const behaviour = { find: (): Found => ({ state: 'placed', placed }) };
    const next = (await unanswered()).next({ config, behaviour });
    expect(await next.run()).toBe('done');
    expect(next.of('call.finished')).toMatchObject([{ outcome: 'answered', was: 'uncertain' }]);
    expect(attemptsOnDisk(next).at(-1)?.result).toEqual({ type: 'placed', reference: 'theirs' });
    expect(next.truth.rung).toHaveLength(1);
  });

  it.each([
    ['there is no such call', { state: 'absent' }, /has no such call: nobody was rung/],
    ['it cannot tell', { state: 'unknown' }, /cannot tell whether it rang/],
  ] as const)('is uncertain for good where %s: nobody is rung', async (_what, found, why) => {
    const behaviour = { find: (): Found => found };
    const next = (await unanswered()).next({ config, behaviour });
    const before = next.truth.counts.find;
    expect(await next.run()).toBe('done');
    expect(next.counts()).toMatchObject({ uncertain: 1 });
    const contact = next.disk.campaigns.get(CAMPAIGN)?.contacts.get('c1');
    expect(contact?.calls.at(-1)?.ended?.detail).toMatch(why);
    const last = next.next({ config, behaviour });
    expect(await last.run()).toBe('done');
    expect(last.truth.counts.find - before).toBe(1);
    expect(last.truth.rung).toHaveLength(1);
    expect([...next.of('call.finished'), ...last.of('call.finished')]).toEqual([]);
  });

  it('is asked about once per run, and not where another has just met no answer', async () => {
    const before = await unheardOf(3);
    const next = before.next({ config, policy: { lines: 1 }, behaviour: { follow: away } });
    expect(await next.run()).toBe('done');
    expect(next.of('attempt.failed')).toHaveLength(1);
    expect(next.counts()).toMatchObject({ uncertain: 3 });
    const last = next.next({ config });
    expect(await last.run()).toBe('done');
    expect(last.counts()).toMatchObject({ uncertain: 0, done: 3 });
    expect(last.truth.rung).toHaveLength(3);
  });

  it('is told as dialled once more only where the question is answered', async () => {
    const next = (await unheardOf()).next({ config, behaviour: { follow: away } });
    expect(await next.run()).toBe('done');
    expect(next.of('attempt.failed')).toHaveLength(1);
    expect(next.of('step.finished')).toEqual([]);
    const last = next.next({ config });
    expect(await last.run()).toBe('done');
    expect(last.of('step.finished')).toMatchObject([{ step: 'dial' }, { step: 'record' }]);
  });

  it('is asked about again in the same run once the breaker says that it may be', async () => {
    let isAway = true;
    const bench = new EngineBench({
      config,
      policy: { lines: 1 },
      behaviour: {
        follow: () => (isAway ? away() : { outcome: 'busy' }),
        admit: (_request, count) => {
          if (count === 1) return;
          if (bench.clock.monotonicMs() > 300_000) isAway = false;
          if (isAway) away();
        },
      },
    }).add(2);
    expect(await bench.run()).toBe('done');
    expect(bench.counts()).toMatchObject({ uncertain: 0, done: 2 });
    const told = bench.of('call.finished').filter(({ contact }) => contact === 'c1');
    expect(told).toMatchObject([{ outcome: 'uncertain' }, { outcome: 'busy', was: 'uncertain' }]);
    expect(bench.truth.rung).toHaveLength(2);
  });

  it('calls back nobody who waits for another service before a breaker moves', async () => {
    const admit = ({ contact }: DialRequest): void => {
      if (contact.id === 'c2') away();
    };
    // It ends before its breaker lets anybody try the dialer a second time.
    const brief = { outageWaitMs: 107_500 };
    const unreached = { follow: away, admit };
    const before = new EngineBench({ config, policy: brief, behaviour: unreached }).add(2);
    expect(await before.run()).toBe('outage');
    expect(before.counts()).toMatchObject({ uncertain: 1, put_off: 1 });
    // c2 needs a new sound and then the dialer, which may be tried; c1 is asked about in vain.
    before.truth.audio.clear();
    const policy = { outageWaitMs: 120_000 };
    const next = before.next({ config, policy, behaviour: { follow: away, speak: away } });
    expect(await next.run()).toBe('outage');
    expect(next.of('breaker.opened')).toMatchObject([{ role: 'tts' }, { role: 'tts' }]);
    // As a breaker opens, the dialer is asked: whoever waits for another comes in vain, once.
    expect(next.timesOf('contact.put_off').slice(1)).toEqual([195_000, 195_000, 255_000]);
  });

  it('is asked about again after a kill in the middle of the question', async () => {
    const asking = (await unheardOf()).next({
      config,
      behaviour: { follow: () => new Promise<never>(() => undefined) },
    });
    asking.engine.runner.run(asking.signals).catch(() => undefined);
    await asking.clock.settle();
    const settling = { campaign: CAMPAIGN, contact: 'c1', outcome: 'busy', atMs: 0 } as const;
    expect(() => asking.store.settle({ ...settling, note: undefined })).toThrow(
      /asks the dialer once more about contact c1/,
    );
    asking.store.kill();
    const last = asking.next({ config });
    expect(await last.run()).toBe('done');
    expect(last.counts()).toMatchObject({ done: 1 });
    expect(last.truth.rung).toHaveLength(1);
  });

  it('is settled by a person meanwhile, and not asked about any more', async () => {
    const next = (await unheardOf()).next({ config });
    const settling = { campaign: CAMPAIGN, contact: 'c1', outcome: 'busy', atMs: 0 } as const;
    next.store.settle({ ...settling, note: undefined });
    expect(await next.run()).toBe('done');
    expect(next.of('call.finished')).toEqual([]);
    expect(next.truth.recorded).toHaveLength(1);
  });
});

describe('a contact whose row was deleted while a dial attempt was open', () => {
  /** Killed while the phone may be ringing; then the operator deletes the row. */
  async function goOnWithout(found: Found): Promise<EngineBench> {
    const killed = await killedWhileRinging();
    const next = killed.next({ behaviour: { find: () => found } });
    next.store.contacts(CAMPAIGN, { sameNumber: 'allow' }).finish();
    expect(await next.run()).toBe('done');
    return next;
  }

  it('is not rung after all where nobody was', async () => {
    const bench = await goOnWithout({ state: 'absent' });
    expect(bench.truth.rung).toHaveLength(1); // by the run that was killed
    expect(bench.counts()).toMatchObject({ total: 0 });
    expect(bench.of('notice')).toMatchObject([{ code: 'outdated' }]);
  });

  it('has the outcome of the call that was made', async () => {
    const bench = await goOnWithout({ state: 'ended', ended: { outcome: 'busy' } });
    expect(bench.counts()).toMatchObject({ total: 1, done: 1 });
    expect(bench.of('call.finished')[0]).toMatchObject({ outcome: 'busy' });
  });
});

describe('a stop while the begin of a dial attempt is being written', () => {
  it('rings nobody and leaves nothing in doubt', async () => {
    const bench = new EngineBench().add(1);
    const { journal } = bench;
    const write = journal.write.bind(journal);
    journal.write = (key, entry) => {
      if (entry.type === 'attempt.begun') bench.stop.abort(new Stopped('asked twice'));
      return write(key, entry);
    };
    expect(await bench.run()).toBe('stopped');
    expect(bench.truth.rung).toHaveLength(0);
    const next = bench.next();
    expect(await next.run()).toBe('done');
    expect(next.counts()).toMatchObject({ done: 1, uncertain: 0 });
    expect(next.truth.counts.find).toBe(0);
  });
});

describe('a record that may have been made', () => {
  it('says so when it is made again', async () => {
    const again: boolean[] = [];
    const bench = new EngineBench({
      behaviour: {
        record: (record) => {
          again.push(record.again);
          return new Promise<never>(() => undefined);
        },
      },
    }).add(1);
    bench.engine.runner.run(bench.signals).catch(() => undefined);
    for (let turn = 0; again.length === 0 && turn < 100; turn += 1) {
      await bench.clock.settle();
    }
    bench.store.kill();
    const next = bench.next({ behaviour: { record: (record) => void again.push(record.again) } });
    expect(await next.run()).toBe('done');
    expect(again).toEqual([false, true]);
    expect(next.truth.rung).toHaveLength(1);
  });
});

describe('what the CRM was asked for the script', () => {
  const asked: string[] = [];
  const knows = (...names: readonly string[]) => ({
    lookup: ({ id }: { readonly id: string }) => {
      asked.push(id);
      return Object.fromEntries(names.map((name) => [name, `${name} of ${id}`]));
    },
  });
  const away = { write: () => Promise.reject(failure()) };

  it('is not asked again, unless the settings want more of it by now', async () => {
    const first = new EngineBench({ behaviour: { ...knows('plan'), ...away } }).add(1);
    expect(await first.run()).toBe('outage');
    asked.length = 0;
    const again = first.next({ behaviour: { ...knows('plan'), ...away } });
    expect(await again.run()).toBe('outage');
    expect(asked).toEqual(['c0']); // by the bench itself, for the names
    const given: unknown[] = [];
    const more = again.next({
      behaviour: {
        ...knows('plan', 'town'),
        write: ({ properties }) => {
          given.push(properties);
          return { text: 'Hello' };
        },
        admit: () => Promise.reject(failure()),
      },
    });
    expect(await more.run()).toBe('outage');
    expect(given).toEqual([{ plan: 'plan of c1', town: 'town of c1' }]);
    // The text is written: what else there is to know changes nothing any more.
    asked.length = 0;
    expect(await more.next({ behaviour: knows('plan', 'town', 'age') }).run()).toBe('done');
    expect(asked).toEqual(['c0']);
  });
});

describe('audio that is gone', () => {
  it('is made again before anybody is rung: no dead air', async () => {
    const first = new EngineBench({ behaviour: { admit: () => Promise.reject(failure()) } }).add(1);
    expect(await first.run()).toBe('outage');
    first.truth.audio.clear();
    const next: EngineBench = first.next({
      behaviour: {
        admit: ({ audio }) => {
          expect(next.truth.audio.get(audio?.hash ?? '')).toBe(audio ?? 'no audio');
        },
      },
    });
    expect(await next.run()).toBe('done');
    expect(next.truth.counts).toMatchObject({ write: 1, speak: 2 });
  });
});

describe('what is on disk when the outside is told', () => {
  it('the attempt before the dialer is asked, the reference before it is followed', async () => {
    const seen: unknown[] = [];
    const bench: EngineBench = new EngineBench({
      behaviour: {
        admit: () => {
          seen.push(attemptsOnDisk(bench).map(({ result }) => result?.type ?? 'begun'));
        },
        follow: () => {
          seen.push(attemptsOnDisk(bench).map(({ result }) => result?.type ?? 'begun'));
          return { outcome: 'answered' };
        },
      },
    }).add(1);
    await bench.run();
    expect(seen).toEqual([['begun'], ['placed']]);
  });

  it('the outcome, before the CRM hears of it', async () => {
    const seen: unknown[] = [];
    const bench: EngineBench = new EngineBench({
      behaviour: {
        record: () => {
          seen.push(bench.disk.campaigns.get(CAMPAIGN)?.contacts.get('c1')?.outcome);
        },
      },
    }).add(1);
    await bench.run();
    expect(seen).toEqual(['answered']);
  });
});

describe('a service that health checks find well again', () => {
  it('is tried before its time is up', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 2 },
      behaviour: {
        speak: (_request, _context, count) => {
          if (count <= 7) throw failure();
          return { wav: new Uint8Array(44) };
        },
      },
    }).add(6);
    const guard = bench.engine.guards.find(({ service }) => service === 'flite');
    const check = (atMs: number, result: 'good' | 'bad') =>
      bench.clock.after(atMs, () => guard?.health(result, bench.clock.monotonicMs()));
    // One line fails at 0, 5, 15 and 35 s; the breaker would stay open until 95 s, and everybody
    // is put off until then.
    check(36_000, 'bad');
    check(37_000, 'good');
    check(38_000, 'good');
    expect(await bench.run()).toBe('done');
    expect(bench.clock.monotonicMs()).toBeLessThan(60_000);
  });
});

it('a last contact whom every service refuses is given up, over as many runs', async () => {
  const refusal = { scope: 'request', retriesMax: 0, message: 'offended' } as const;
  const write = () => {
    throw failure(refusal);
  };
  const config = 'campaign: { outage_wait: 40s }\n' + 'circuit_breaker: { recovery_timeout: 40s }';
  const bench = new EngineBench({ config, behaviour: { write } }).add(1);
  expect(await bench.run()).toBe('outage');
  const next = bench.next({ config, behaviour: { write } });
  expect(await next.run()).toBe('done');
  expect(next.of('call.failed')).toHaveLength(1);
  const [end] = next.of('call.finished');
  expect(end).toMatchObject({ outcome: 'failed', detail: 'refused 3 times: offended' });
});
