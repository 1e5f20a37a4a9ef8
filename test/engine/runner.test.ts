import { describe, expect, it } from 'vitest';
import type { CallRecord } from '../../src/engine/ports.ts';
import { Stopped } from '../../src/engine/stopped.ts';
import { CAMPAIGN, EngineBench } from '../support/engine-bench.ts';
import { failure, lost, refused, throttled, unauthorized } from '../support/failures.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** A service that is away from its `from`th request until `untilMs` on the clock. */
function awayUntil(bench: () => EngineBench, untilMs: number, from = 1) {
  return (count: number): void => {
    if (count >= from && bench().clock.monotonicMs() < untilMs) throw failure();
  };
}

describe('a run where everything works', () => {
  it('rings everybody once, records everybody once, and ends', async () => {
    const bench = new EngineBench({ policy: { lines: 3 } }).add(20);
    expect(await bench.run()).toBe('done');
    expect(bench.counts()).toMatchObject({ total: 20, done: 20, queued: 0 });
    expect(new Set(bench.truth.rung.map(({ contact }) => contact)).size).toBe(20);
    expect(bench.truth.rung).toHaveLength(20);
    expect(bench.truth.recorded).toHaveLength(20);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('case 60 (f): leaves no timer, with the health checks stopped', async () => {
    const bench = new EngineBench({ policy: { lines: 2 } }).add(4);
    bench.engine.health.start();
    const { runner } = bench.engine;
    await runner.run(bench.signals);
    expect(bench.clock.pendingTimers).toBeGreaterThan(0);
    bench.engine.health.stop();
    await bench.clock.settle();
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('does nothing a second time', async () => {
    const bench = new EngineBench().add(3);
    await bench.run();
    const again = bench.next();
    expect(await again.run()).toBe('done');
    expect(again.of('call.started')).toHaveLength(0);
    expect(bench.truth.rung).toHaveLength(3);
  });

  it('ends at --limit with so many outcomes, never more, on any number of lines', async () => {
    const bench = new EngineBench({ policy: { lines: 7, limit: 5 } }).add(30);
    expect(await bench.run()).toBe('limit');
    expect(bench.counts()).toMatchObject({ done: 5, queued: 25 });
  });

  it('takes no new contact from --until on', async () => {
    const follow = () => bench.clock.sleep(MINUTE).then(() => ({ outcome: 'answered' as const }));
    const untilMs = Date.UTC(2026, 2, 2, 9) + 150 * SECOND;
    const bench: EngineBench = new EngineBench({
      policy: { lines: 1, untilMs },
      behaviour: { follow },
    }).add(10);
    expect(await bench.run()).toBe('until');
    expect(bench.counts()).toMatchObject({ done: 3, queued: 7 });
  });

  it('paces a dialer that rings, all lines together', async () => {
    const bench = new EngineBench({ policy: { lines: 5 }, rings: true }).add(5);
    await bench.run();
    const starts = bench.truth.rung.map(({ atMs }) => atMs);
    expect(starts).toEqual([0, 1, 2, 3, 4].map((second) => second * SECOND));
  });
});

describe('the textbook outage', () => {
  for (const lines of [1, 4, 50]) {
    it(`reads the same on ${lines} lines: 5, 10, 20 s, given up, open`, async () => {
      const bench: EngineBench = new EngineBench({
        policy: { lines },
        behaviour: { speak: (_request, _context, count) => speak(count) },
      }).add(60);
      const away = awayUntil(() => bench, 5 * MINUTE);
      const speak = (count: number) => {
        away(count);
        return { wav: new Uint8Array(44) };
      };
      expect(await bench.run()).toBe('done');
      expect(bench.counts()).toMatchObject({ done: 60 });
      const delays = bench
        .of('retry.scheduled')
        .filter(({ line }) => line === 1)
        .map(({ delayMs }) => delayMs);
      expect(delays.slice(0, 3)).toEqual([5_000, 10_000, 20_000]);
      expect(bench.timesOf('breaker.opened')[0]).toBe(35_000);
      expect(bench.of('call.failed').length).toBeLessThanOrEqual(lines + 4);
      expect(bench.of('breaker.closed')).toHaveLength(1);
      expect(bench.truth.rung).toHaveLength(60);
      // Nobody is turned away for each contact of the list: five a line and outage, no more.
      expect(bench.of('contact.put_off').length).toBeLessThanOrEqual(lines * 7 + 4);
    });
  }

  it('puts nobody off where the operator wants a pause', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 2, onOutage: 'pause' },
      behaviour: {
        write: ({ contact }, _context, count) => {
          awayUntil(() => bench, 2 * MINUTE)(count);
          return { text: contact.id };
        },
      },
    }).add(20);
    expect(await bench.run()).toBe('done');
    const waits = bench.of('contact.put_off').filter(({ reason }) => reason.startsWith('waits'));
    expect(waits).toHaveLength(0);
    expect(bench.counts().done).toBe(20);
  });

  it('ends after outage_wait without progress, and the next run goes on', async () => {
    const down = { speak: () => Promise.reject(failure()) };
    const bench = new EngineBench({ policy: { lines: 2 }, behaviour: down }).add(8);
    expect(await bench.run()).toBe('outage');
    expect(bench.clock.monotonicMs()).toBeGreaterThanOrEqual(30 * MINUTE);
    expect(bench.counts()).toMatchObject({ total: 8, done: 0, calling: 0 });
    expect(bench.truth.rung).toHaveLength(0);
    expect(bench.clock.pendingTimers).toBe(0);
    const again = bench.next();
    expect(await again.run()).toBe('done');
    expect(bench.counts().done).toBe(8);
    // The texts were written before the outage; nobody pays for them twice.
    expect(bench.truth.counts.write).toBe(8);
  });

  it('does not storm a service whose retries are used up', async () => {
    let requests = 0;
    const bench = new EngineBench({
      policy: { lines: 4 },
      behaviour: {
        speak: () => {
          requests += 1;
          throw throttled();
        },
      },
    }).add(8);
    expect(await bench.run()).toBe('outage');
    // Half an hour of a request every five seconds at most, the pause of a 429.
    expect(requests).toBeLessThan(30 * 12 * 4);
    expect(bench.clock.monotonicMs()).toBeLessThan(32 * MINUTE);
  });

  it('counts a call in progress as progress, and does not spin while it lasts', async () => {
    let claims = 0;
    const bench: EngineBench = new EngineBench({
      config: 'campaign: { lines: 4, outage_wait: 60s }',
      behaviour: { follow: () => bench.clock.sleep(5 * MINUTE).then(() => ({ outcome: 'busy' })) },
    }).add(1);
    const { journal } = bench;
    const claim = journal.claim.bind(journal);
    journal.claim = (...given) => {
      claims += 1;
      return claim(...given);
    };
    expect(await bench.run()).toBe('done');
    expect(claims).toBeLessThan(50);
  });

  it('puts off five a line for each role that is away, however they alternate', async () => {
    const first = new EngineBench({
      policy: { lines: 1 },
      behaviour: { admit: () => Promise.reject(unauthorized()) },
    }).add(10);
    expect(await first.run()).toBe('outage');
    const second = first.next({
      policy: { lines: 1 },
      behaviour: {
        speak: () => Promise.reject(unauthorized()),
        admit: () => Promise.reject(unauthorized()),
      },
    });
    second.add(60);
    expect(await second.run()).toBe('outage');
    const away = second.of('contact.put_off').filter(({ reason }) => reason.startsWith('waits'));
    expect(away.length).toBeLessThanOrEqual(2 * 5 + 2);
  });

  it('counts an outcome as progress when it is there, not when its record is made', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 2, outageWaitMs: 10_000 },
      behaviour: {
        follow: () => bench.clock.sleep(5_000).then(() => ({ outcome: 'answered' })),
        record: () => bench.clock.sleep(9_000),
      },
    }).add(1);
    // Ten seconds after the start nothing is recorded yet, but somebody was called.
    expect(await bench.run()).toBe('done');
  });

  it('gives nobody up for an outage while others finish what needs nothing of it', async () => {
    const first = new EngineBench({
      policy: { lines: 1 },
      behaviour: { admit: () => Promise.reject(failure()) },
    }).add(2);
    expect(await first.run()).toBe('outage');
    const second: EngineBench = first.next({
      policy: { lines: 3 },
      behaviour: {
        speak: () => {
          if (second.clock.monotonicMs() < 60 * MINUTE) throw failure();
          return { wav: new Uint8Array(44) };
        },
        follow: () => second.clock.sleep(4 * MINUTE).then(() => ({ outcome: 'answered' })),
      },
    });
    second.add(3);
    await second.run();
    const third = second.next();
    expect(await third.run()).toBe('done');
    expect(third.counts()).toMatchObject({ done: 3 });
    const ends = [...second.of('call.finished'), ...third.of('call.finished')];
    expect(ends.every(({ outcome }) => outcome === 'answered')).toBe(true);
  });

  it('works those who have their audio while the voice is away', async () => {
    const first = new EngineBench({
      policy: { lines: 1 },
      behaviour: { admit: () => Promise.reject(failure()) },
    }).add(2);
    expect(await first.run()).toBe('outage');
    const second: EngineBench = first.next({
      policy: { lines: 1 },
      behaviour: {
        speak: () => {
          if (second.clock.monotonicMs() < 120 * MINUTE) throw unauthorized();
          return { wav: new Uint8Array(44) };
        },
      },
    });
    second.add(6);
    await second.run();
    const order = second.of('call.finished').map(({ contact }) => contact);
    expect(order.slice(0, 2).sort()).toEqual(['c1', 'c2']);
  });

  it('lets one contact at a time try a service that is half open', async () => {
    let inFlight = 0;
    let most = 0;
    const bench: EngineBench = new EngineBench({
      policy: { lines: 8 },
      behaviour: {
        speak: async (_request, _context, count) => {
          awayUntil(() => bench, 50 * SECOND)(count);
          const isOpen = bench.engine.guards.some((guard) => guard.status().state !== 'closed');
          inFlight += 1;
          if (isOpen) most = Math.max(most, inFlight);
          await bench.clock.sleep(2 * SECOND);
          inFlight -= 1;
          return { wav: new Uint8Array(44) };
        },
      },
    }).add(40);
    expect(await bench.run()).toBe('done');
    expect(most).toBe(1);
    expect(bench.of('breaker.half_open')).toHaveLength(1);
    // The others are not taken only to be turned away.
    const types = bench.told.map(({ event }) => event.type);
    const trial = types.slice(types.indexOf('breaker.half_open'), types.indexOf('breaker.closed'));
    expect(trial).not.toContain('contact.put_off');
  });
});

describe('contacts that fail', () => {
  it('fails the one whose data is at fault and goes on', async () => {
    const bench = new EngineBench({
      behaviour: {
        write: ({ contact }) => {
          if (contact.id === 'c2') throw refused();
          return { text: contact.id };
        },
      },
    }).add(3);
    expect(await bench.run()).toBe('done');
    const failed = bench.of('call.finished').filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ contact }) => contact)).toEqual(['c2']);
    expect(bench.truth.ringsOf('c2')).toBe(0);
    // The CRM hears of it too: nobody is lost.
    expect(bench.truth.recorded.map(({ contact }) => contact).sort()).toEqual(['c1', 'c2', 'c3']);
  });

  it('gives a contact up after three rounds with others going through between', async () => {
    const behaviour = {
      speak: ({ text }: { readonly text: string }) => {
        if (text === 'Hello Contact 1') throw failure();
        return { wav: new Uint8Array(44) };
      },
    };
    const bench = new EngineBench({ policy: { lines: 1 }, behaviour }).add(12);
    // Nobody else is left: it may still be the service's fault, so the contact is kept.
    expect(await bench.run()).toBe('outage');
    expect(bench.counts()).toMatchObject({ done: 11 });
    const next = bench.next({ policy: { lines: 1 }, behaviour }).add(16);
    expect(await next.run()).toBe('done');
    const failed = next.of('call.finished').filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ contact }) => contact)).toEqual(['c1']);
    expect(failed[0]?.detail).toMatch(/^failed 3 times while others went through: /);
    expect(bench.counts()).toMatchObject({ total: 16, done: 16 });
  });

  it('gives nobody up over an outage of a service that serves nobody', async () => {
    // Everybody else's words were spoken long ago; only for theirs the voice is needed.
    const warm = new EngineBench({
      campaign: 'winter',
      behaviour: { write: () => ({ text: 'Hello' }) },
    }).add(1);
    expect(await warm.run()).toBe('done');
    const options = {
      campaign: CAMPAIGN,
      policy: { lines: 1 },
      behaviour: {
        write: ({ contact }: { readonly contact: { readonly id: string } }) => {
          return { text: contact.id === 'c1' ? 'Dear c1' : 'Hello' };
        },
        speak: () => {
          throw failure();
        },
      },
    };
    let bench = warm;
    for (let run = 1; run <= 5; run += 1) {
      bench = bench.next(options).add(run + 1);
      expect(await bench.run()).toBe('outage');
      expect(bench.counts()).toMatchObject({ done: run, put_off: 1 });
      expect(bench.of('call.finished').map(({ outcome }) => outcome)).toEqual(['answered']);
    }
  });

  it.each([
    ['a filter', { scope: 'request', retriesMax: 0 }],
    ['what nobody can place', { scope: 'service', status: 400, retriesMax: 0 }],
    ['a text that cannot be spoken', { scope: 'request', retriesMax: 1 }],
  ] as const)('does not wait for the last one, whom %s refuses: failed', async (_what, over) => {
    const behaviour = {
      write: ({ contact }: { readonly contact: { readonly id: string } }) => {
        if (contact.id === 'c9') throw failure({ ...over, code: 'http_400', message: 'odd' });
        return { text: contact.id };
      },
    };
    const bench = new EngineBench({ policy: { lines: 2 }, behaviour }).add(9);
    expect(await bench.run()).toBe('done');
    expect(bench.clock.monotonicMs()).toBeLessThan(3 * MINUTE);
    expect(bench.of('breaker.opened')).toEqual([]);
    const failed = bench.of('call.finished').filter(({ outcome }) => outcome === 'failed');
    expect(failed).toMatchObject([{ contact: 'c9', detail: 'refused 3 times: odd' }]);
    expect(bench.counts()).toMatchObject({ total: 9, done: 9 });
  });

  it('a refusal of everybody may be the settings: nobody is given up for it', async () => {
    const write = () => {
      throw failure({ scope: 'request', retriesMax: 0, code: 'moderation' });
    };
    const bench = new EngineBench({ policy: { lines: 2 }, behaviour: { write } }).add(5);
    expect(await bench.run()).toBe('outage');
    expect(bench.counts()).toMatchObject({ done: 0 });
  });

  it.each([
    ['cannot place what is sent', { scope: 'service', status: 400, retriesMax: 0 }],
    ['says nothing that can be used', { scope: 'request', retriesMax: 1 }],
  ] as const)('gives nobody up for a quarter of an hour in which a service %s', async (_, over) => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 20 },
      behaviour: {
        write: async ({ contact }) => {
          const isOdd = contact.id !== 'c1' && bench.clock.monotonicMs() < 15 * MINUTE;
          await bench.clock.sleep(500, new AbortController().signal);
          if (isOdd) throw failure({ ...over, code: 'odd' });
          return { text: contact.id };
        },
      },
    }).add(30);
    expect(await bench.run()).toBe('done');
    expect(bench.of('call.finished').filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(bench.counts()).toMatchObject({ total: 30, done: 30 });
  });

  it('does not speak in the wrong language', async () => {
    const bench = new EngineBench().add(1, 'de');
    expect(await bench.run()).toBe('done');
    const [end] = bench.of('call.finished');
    expect(end).toMatchObject({ outcome: 'failed' });
    expect(end?.detail).toMatch(/no voice for language de \(services: flite\)/);
    expect(bench.truth.rung).toHaveLength(0);
  });

  it('waits for a service that asks for an hour without sleeping on the line', async () => {
    const bench: EngineBench = new EngineBench({
      config: 'campaign: { lines: 1, outage_wait: 2h }',
      behaviour: {
        write: ({ contact }, _context, count) => {
          if (count === 1) throw throttled(60 * MINUTE);
          return { text: contact.id };
        },
      },
    }).add(2);
    expect(await bench.run()).toBe('done');
    expect(bench.timesOf('contact.put_off')[0]).toBe(0);
    const about = { step: 'script', service: 'template', putOff: true };
    expect(bench.of('call.failed')[0]).toMatchObject(about);
    expect(bench.clock.monotonicMs()).toBeGreaterThanOrEqual(60 * MINUTE);
    expect(bench.counts().done).toBe(2);
  });

  it('speaks the same words once, also when lines ask at the same moment', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 4 },
      behaviour: {
        write: () => ({ text: 'The same for all' }),
        speak: async () => {
          await bench.clock.sleep(SECOND);
          return { wav: new Uint8Array(44) };
        },
      },
    }).add(12);
    await bench.run();
    expect(bench.truth.counts.speak).toBe(1);
    expect(bench.truth.rung).toHaveLength(12);
  });

  it('refuses an empty text and one that is too long, before anybody is rung', async () => {
    const bench = new EngineBench({
      behaviour: {
        write: ({ contact }) => ({ text: contact.id === 'c1' ? '  \n' : 'a'.repeat(901) }),
      },
    }).add(2);
    await bench.run();
    const details = bench.of('call.finished').map(({ detail }) => detail);
    expect(details.toSorted((one, other) => (String(one) < String(other) ? -1 : 1))).toEqual([
      'template wrote 901 characters, script.max_characters allows 900',
      'template wrote an empty text',
    ]);
    expect(bench.truth.rung).toHaveLength(0);
  });
});

describe('an unknown answer to a dial', () => {
  it('is never repeated: it is asked about, and uncertain where nobody can tell', async () => {
    const bench = new EngineBench({
      behaviour: { place: () => Promise.reject(lost()) },
    }).add(2);
    expect(await bench.run()).toBe('done');
    expect(bench.counts()).toMatchObject({ done: 0, uncertain: 2 });
    expect(bench.truth.ringsOf('c1')).toBe(1);
    expect(bench.truth.counts.find).toBe(2);
    expect(bench.truth.recorded).toHaveLength(0);
    // Another run does not ring them either.
    const again = bench.next();
    expect(await again.run()).toBe('done');
    expect(bench.truth.ringsOf('c1')).toBe(1);
  });

  it('takes the found call for the call', async () => {
    const bench = new EngineBench({
      behaviour: {
        place: () => Promise.reject(lost()),
        find: () => ({ state: 'ended', ended: { outcome: 'busy' } }),
      },
    }).add(1);
    await bench.run();
    expect(bench.of('call.finished')[0]).toMatchObject({ outcome: 'busy' });
    expect(bench.truth.rung).toHaveLength(1);
  });

  it('does not take absence for proof while its own request is under way', async () => {
    const bench: EngineBench = new EngineBench({
      behaviour: {
        // The vendor takes 40 s to ring, and nobody can find the call before.
        admit: () => bench.clock.sleep(40 * SECOND),
        find: () => ({ state: 'absent' }),
      },
    }).add(1);
    expect(await bench.run()).toBe('done');
    await bench.clock.advance(MINUTE);
    expect(bench.truth.rung).toHaveLength(1);
    expect(bench.counts()).toMatchObject({ uncertain: 1 });
  });

  it('does not believe a refusal that comes after it gave up', async () => {
    const bench: EngineBench = new EngineBench({
      behaviour: {
        place: (_request, context) =>
          bench.clock.sleep(MINUTE, context.signal).catch(() => Promise.reject(failure())),
      },
    }).add(1);
    expect(await bench.run()).toBe('done');
    expect(bench.truth.rung).toHaveLength(1);
    expect(bench.truth.counts.find).toBe(1);
    expect(bench.counts()).toMatchObject({ uncertain: 1 });
  });

  it('believes an answer that came too late more than a dialer that finds nothing', async () => {
    for (const found of [{ state: 'absent' as const }, { state: 'unknown' as const }]) {
      const bench: EngineBench = new EngineBench({
        behaviour: {
          // Answers after the deadline of 15 s, while the call is being looked for.
          place: () => bench.clock.sleep(17 * SECOND),
          find: () => bench.clock.sleep(10 * SECOND).then(() => found),
        },
      }).add(1);
      expect(await bench.run()).toBe('done');
      expect(bench.truth.rung).toHaveLength(1);
      expect(bench.of('call.finished')[0]).toMatchObject({ outcome: 'answered' });
    }
  });

  it('rings again only on proven absence', async () => {
    const bench = new EngineBench({
      behaviour: {
        admit: (_request, count) => {
          if (count === 1) throw lost();
        },
        find: () => ({ state: 'absent' }),
      },
    }).add(1);
    expect(await bench.run()).toBe('done');
    expect(bench.truth.rung).toHaveLength(1);
    expect(bench.of('call.finished')[0]).toMatchObject({ outcome: 'answered' });
  });

  it('hangs up and is uncertain where the end of a placed call stays unknown', async () => {
    const bench = new EngineBench({
      behaviour: { follow: () => Promise.reject(failure()) },
    }).add(1);
    expect(await bench.run()).toBe('done');
    expect(bench.counts().uncertain).toBe(1);
    expect(bench.truth.hungUp).toHaveLength(1);
    expect(bench.clock.monotonicMs()).toBeLessThanOrEqual(11 * MINUTE);
  });
});

describe('a CRM that is away', () => {
  it('delays records, not calls', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 2 },
      behaviour: {
        record: (_record, _context, count) => {
          awayUntil(() => bench, 10 * MINUTE)(count);
        },
      },
    }).add(30);
    expect(await bench.run()).toBe('done');
    expect(bench.truth.rung.every(({ atMs }) => atMs < MINUTE)).toBe(true);
    expect(bench.truth.recorded).toHaveLength(30);
    expect(new Set(bench.truth.recorded.map(({ call }) => call)).size).toBe(30);
    // Each record is put off once when it is turned away, not at every probe.
    expect(bench.of('contact.put_off').length).toBeLessThanOrEqual(30 + 10);
  });

  it('keeps a record waiting, and no other service does', async () => {
    const bench: EngineBench = new EngineBench({
      config:
        'circuit_breaker: { recovery_timeout: 10m }\n' +
        'providers: { csv: { circuit_breaker: { recovery_timeout: 20s } } }\n',
      policy: { lines: 2, outageWaitMs: 60 * MINUTE },
      behaviour: {
        follow: async (_placed, _request, { signal }) => {
          await bench.clock.sleep(MINUTE, signal);
          return { outcome: 'answered' };
        },
        admit: ({ contact }) => {
          if (contact.id === 'c2' && bench.clock.monotonicMs() < 5 * MINUTE) throw unauthorized();
        },
        record: (_record, _context, count) => {
          if (count <= 4) throw failure();
        },
      },
    }).add(3);
    await bench.run();
    const first = bench.told.find(
      ({ event }) => event.type === 'step.finished' && event.step === 'record',
    );
    expect(first?.atMs).toBeLessThan(4 * MINUTE);
  });

  it('is offered what it refuses once per run, and keeps no run from its end', async () => {
    const refuse = (id: string) => (record: CallRecord) => {
      if (record.contact.id === id) throw refused();
    };
    const bench = new EngineBench({ behaviour: { record: refuse('c2') } }).add(3);
    expect(await bench.run()).toBe('done');
    expect(bench.clock.monotonicMs()).toBeLessThan(MINUTE);
    expect(bench.counts()).toMatchObject({ done: 3, queued: 0, put_off: 0 });
    expect(bench.truth.counts.record).toBe(3);
    expect(bench.of('record.refused')).toMatchObject([{ contact: 'c2', role: 'crm' }]);
    const again = bench.next({ behaviour: { record: refuse('c2') } });
    expect(await again.run()).toBe('done');
    expect(bench.truth.counts.record).toBe(4);
    const mended = again.next();
    expect(await mended.run()).toBe('done');
    expect(bench.truth.recorded.map(({ contact }) => contact)).toEqual(['c1', 'c3', 'c2']);
    expect(bench.truth.rung).toHaveLength(3);
    expect(await mended.next().run()).toBe('done');
    expect(bench.truth.counts.record).toBe(5);
  });

  it('leaves what is owed to the next run', async () => {
    const bench = new EngineBench({
      behaviour: { record: () => Promise.reject(failure()) },
    }).add(3);
    expect(await bench.run()).toBe('outage');
    expect(bench.counts()).toMatchObject({ done: 3, queued: 0, put_off: 0 });
    const again = bench.next();
    expect(await again.run()).toBe('done');
    expect(bench.truth.rung).toHaveLength(3);
    expect(bench.truth.recorded).toHaveLength(3);
  });
});

describe('being stopped', () => {
  const minuteCalls =
    (bench: () => EngineBench) =>
    async (_placed: unknown, _request: unknown, context: { readonly signal: AbortSignal }) => {
      await bench().clock.sleep(MINUTE, context.signal);
      return { outcome: 'answered' as const };
    };

  it('first lets the calls in progress end', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 2 },
      behaviour: { follow: minuteCalls(() => bench) },
    }).add(6);
    bench.clock.after(30 * SECOND, () => bench.drain.abort(new Stopped('asked to')));
    expect(await bench.run()).toBe('stopped');
    expect(bench.counts()).toMatchObject({ done: 2, queued: 4, calling: 0 });
    expect(bench.truth.hungUp).toHaveLength(0);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('then hangs up, and the next run asks what became of those calls', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 2 },
      behaviour: { follow: minuteCalls(() => bench) },
    }).add(3);
    bench.clock.after(30 * SECOND, () => bench.stop.abort(new Stopped('asked twice')));
    expect(await bench.run()).toBe('stopped');
    expect(bench.truth.hungUp).toHaveLength(2);
    expect(bench.counts()).toMatchObject({ done: 0, calling: 0 });
    const again = bench.next({
      behaviour: { follow: () => ({ outcome: 'answered', detail: '2 s' }) },
    });
    expect(await again.run()).toBe('done');
    expect(bench.truth.rung).toHaveLength(3);
    expect(bench.counts().done).toBe(3);
    // Who reads the results sees that these two may not have heard it all.
    const cut = '2 s; hung up by us, because the run was stopped';
    expect(again.of('call.finished').map(({ detail }) => detail)).toEqual([cut, cut, '2 s']);
  });

  it('says nothing of that where the dialer could not be told to hang up', async () => {
    const bench: EngineBench = new EngineBench({
      behaviour: {
        follow: minuteCalls(() => bench),
        hangUp: () => {
          throw failure();
        },
      },
    }).add(1);
    bench.clock.after(30 * SECOND, () => bench.stop.abort(new Stopped('asked twice')));
    expect(await bench.run()).toBe('stopped');
    const again = bench.next();
    expect(await again.run()).toBe('done');
    expect(again.of('call.finished').map(({ detail }) => detail)).toEqual([undefined]);
  });

  it('hangs up a call that was being placed, and lets nothing be in doubt', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 1 },
      behaviour: { place: () => bench.clock.sleep(2 * SECOND) },
    }).add(1);
    bench.clock.after(SECOND, () => bench.stop.abort(new Stopped('asked twice')));
    expect(await bench.run()).toBe('stopped');
    expect(bench.truth.hungUp).toHaveLength(1);
    const again = bench.next();
    expect(await again.run()).toBe('done');
    expect(again.of('call.finished')[0]?.detail).toMatch(/^hung up by us, /);
    expect(bench.truth.rung).toHaveLength(1);
    expect(bench.counts()).toMatchObject({ done: 1, uncertain: 0 });
  });

  it('leaves a contact that waits for its retry where it was', async () => {
    const bench = new EngineBench({
      policy: { lines: 1 },
      behaviour: { speak: () => Promise.reject(failure()) },
    }).add(1);
    bench.clock.after(7 * SECOND, () => bench.stop.abort(new Stopped('asked twice')));
    expect(await bench.run()).toBe('stopped');
    expect(bench.clock.monotonicMs()).toBe(7 * SECOND);
    expect(bench.counts()).toMatchObject({ queued: 1, calling: 0 });
  });
});

describe('a bug', () => {
  it('ends the run loudly, with the other lines at rest and nobody claimed for ever', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 3 },
      behaviour: {
        write: ({ contact }) => {
          if (contact.id === 'c4') throw new TypeError('cannot read properties of undefined');
          return { text: contact.id };
        },
      },
    }).add(9);
    await expect(bench.run()).rejects.toThrow('cannot read properties');
    expect(bench.counts().done).toBeLessThan(6);
    expect(bench.of('attempt.failed')).toHaveLength(0);
    expect(bench.clock.pendingTimers).toBe(0);
    const again = bench.next();
    expect(await again.run()).toBe('done');
    expect(bench.counts()).toMatchObject({ total: 9, done: 9 });
    expect(bench.truth.rung).toHaveLength(9);
  });
});
