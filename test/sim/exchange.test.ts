/** Calls through an exchange of the operator's own, and what befalls it. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_BEHAVIOUR } from '../../src/sim/behaviour.ts';
import type { Seen } from '../../src/sim/check.ts';
import { violationsOf } from '../../src/sim/checkers.ts';
import { Exchange } from '../../src/sim/exchange.ts';
import type { Fault, Outage } from '../../src/sim/outage.ts';
import { CHAINS, type Simulated, simulate } from '../support/simulation-bench.ts';

const SERVICE = 'asterisk-ari';

function outage(fault: Fault, startMs: number, endMs: number, service = SERVICE): Outage {
  return { name: service, places: [{ role: 'dialer', service }], startMs, endMs, fault };
}

/** Everybody picks up after 15 s or so, and talks for two minutes or so. */
async function called(given: Simulated): Promise<Seen> {
  const shares = { answered: 1, voicemail: 0, no_answer: 0, busy: 0, invalid_number: 0 };
  const seen = await simulate({
    chains: { ...CHAINS, dialer: [SERVICE] },
    behaviour: { ...DEFAULT_BEHAVIOUR, talkMs: 120_000, shares },
    policy: { lines: 2 },
    contacts: 4,
    ...given,
    quirks: { exchanges: [SERVICE], ...given.quirks },
  });
  expect(violationsOf(seen)).toEqual([]);
  return seen;
}

const outcomes = ({ standings }: Seen) => [...standings.values()].map(({ outcome }) => outcome);
const failures = ({ log }: Seen) =>
  log.flatMap((one) => (one.type === 'answer' ? [one.failure?.code] : []));
const rung = ({ log }: Seen) => log.filter(({ type }) => type === 'rang').length;

describe('an exchange', () => {
  it('is away while it starts anew and while the network is cut', () => {
    const exchange = new Exchange(SERVICE, [
      outage({ type: 'restart' }, 100, 200),
      outage({ type: 'cut' }, 150, 300),
      outage({ type: 'cut' }, 0, 900, 'asterisk-ami'),
      outage({ type: '503' }, 0, 900),
    ]);
    expect([99, 100, 299, 300].map((ms) => exchange.awayFor(ms)?.type)).toEqual([
      undefined,
      'restart',
      'cut',
      undefined,
    ]);
    expect([50, 120, 400].map((ms) => exchange.backMs(ms))).toEqual([50, 300, 400]);
    expect([50, 100, 400].map((ms) => exchange.lostMs(ms))).toEqual([100, 150, Infinity]);
    expect(exchange.fateAt(50)).toEqual({ refusal: undefined, cutMs: 100 });
    expect(exchange.fateAt(250)).toEqual({ refusal: undefined, cutMs: undefined });
  });

  it('that starts anew ends its calls, and nobody can say how', async () => {
    const seen = await called({ outages: [outage({ type: 'restart' }, 60_000, 90_000)] });
    expect(outcomes(seen)).toEqual(['uncertain', 'uncertain', 'answered', 'answered']);
    expect(failures(seen)).toContain('call_lost');
    expect(failures(seen)).toContain('not_connected');
    expect(rung(seen)).toBe(4);
  });

  it('that is cut off goes on with its calls: what still stands is followed on', async () => {
    const seen = await called({ outages: [outage({ type: 'cut' }, 40_000, 50_000)] });
    expect(outcomes(seen)).toEqual(['answered', 'answered', 'answered', 'answered']);
    expect(failures(seen)).not.toContain('call_lost');
  });

  it('that is cut off as its calls end knows nothing of them when it is back', async () => {
    const seen = await called({ outages: [outage({ type: 'cut' }, 60_000, 300_000)] });
    expect(outcomes(seen).slice(0, 2)).toEqual(['uncertain', 'uncertain']);
    const lost = seen.log.find((one) => one.type === 'answer' && one.failure?.code === 'call_lost');
    expect(lost?.atMs).toBe(180_000);
    expect(rung(seen)).toBe(4);
  });

  it('does not say that there was no call which it does not know any more', async () => {
    const about = { policy: { lines: 1 }, contacts: 2 };
    const rang = (await called(about)).log.find(({ type }) => type === 'rang');
    // The phone rings, and the answer that says so does not reach us any more.
    const startMs = (rang?.atMs ?? 0) + 10;
    const lost = outage({ type: 'restart' }, startMs, startMs + 20_000);
    const seen = await called({ ...about, outages: [lost] });
    const found = seen.log.flatMap((one) =>
      one.type === 'answer' && one.found ? [one.found] : [],
    );
    expect(found).toEqual(['unknown']);
    expect(outcomes(seen)).toEqual(['uncertain', 'answered']);
  });
});

describe('a trunk', () => {
  const trunk = (says: 'congested' | 'password' | 'nothing') =>
    outage({ type: 'trunk', says }, 0, 1_200_000);

  it('that is congested costs one number its call', async () => {
    const seen = await called({ outages: [trunk('congested')], contacts: 12 });
    expect(outcomes(seen).filter((outcome) => outcome === 'failed')).toHaveLength(1);
    expect(failures(seen)).toContain('trunk_congested');
  });

  it('that refuses our password costs none', async () => {
    const seen = await called({ outages: [trunk('password')], contacts: 12 });
    expect(outcomes(seen)).not.toContain('failed');
    expect(failures(seen)).toContain('trunk_refused');
  });

  it('that never rings costs some, until that is said', async () => {
    const seen = await called({ outages: [trunk('nothing')], contacts: 24 });
    const failed = outcomes(seen).filter((outcome) => outcome === 'failed').length;
    expect(failed).toBeGreaterThanOrEqual(5);
    expect(failed).toBeLessThan(12);
    expect(failures(seen)).toContain('never_rings');
  });
});

describe('whoever picks up', () => {
  const keys = ({ log }: Seen) => log.filter(({ type }) => type === 'key');

  it('and presses a key is heard at once, and was there, whatever comes then', async () => {
    const seen = await called({
      asks: true,
      quirks: { optOuts: 1 },
      outages: [outage({ type: 'restart' }, 120_000, 130_000)],
      contacts: 2,
    });
    expect(keys(seen).length).toBeGreaterThanOrEqual(2);
    expect(keys(seen).every(({ atMs }) => atMs < 120_000)).toBe(true);
    expect(outcomes(seen)).toEqual(['answered', 'answered']);
  });

  it('and hangs up at once has answered, and has pressed nothing', async () => {
    const shares = { answered: 1, voicemail: 0, no_answer: 0, busy: 0, invalid_number: 0 };
    const seen = await called({
      asks: true,
      quirks: { optOuts: 1 },
      behaviour: { ...DEFAULT_BEHAVIOUR, shares, dropped: 1 },
    });
    expect(new Set(outcomes(seen))).toEqual(new Set(['answered']));
    expect(keys(seen)).toEqual([]);
    const details = seen.log.flatMap((one) =>
      one.type === 'told' && one.event.type === 'call.finished' ? [one.event.detail] : [],
    );
    expect(new Set(details)).toEqual(new Set(['hung up before the message began']));
  });
});
