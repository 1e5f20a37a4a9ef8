/** Real runs of the program's own engine in the simulated world, in which no promise is broken. */
import { describe, expect, it } from 'vitest';
import { ROLES, type Role } from '../../src/domain/words.ts';
import { violationsOf } from '../../src/sim/checkers.ts';
import { draws } from '../../src/sim/draws.ts';
import type { Fault, Outage } from '../../src/sim/outage.ts';
import type { Sighting } from '../../src/sim/sighting.ts';
import { CHAINS, type Given, type Simulated, simulate } from '../support/simulation-bench.ts';

const FAULTS: readonly Fault[] = [
  { type: '503' },
  { type: '429', retryAfterMs: 30_000 },
  { type: '429', retryAfterMs: 120_000 },
  { type: '401' },
  { type: '400' },
  { type: 'refused' },
  { type: 'timeout' },
  { type: 'reset' },
  { type: 'slow', byMs: 20_000 },
  { type: 'flaky', share: 0.5 },
];
const LINES = [1, 4, 50];

function outage(role: Role, fault: Fault, startMs: number, lengthMs: number): Outage {
  const places = CHAINS[role].map((service) => ({ role, service }));
  return { name: role, places, startMs, endMs: startMs + lengthMs, fault };
}

/** Runs until nobody is left, and expects that everything was as promised. */
async function expectKept(simulated: Simulated): Promise<readonly Sighting[]> {
  const seen = await simulate(simulated);
  expect(violationsOf(seen)).toEqual([]);
  const last = seen.log.at(-1);
  expect(last?.type === 'ended' && last.end).toBe('done');
  return seen.log;
}

describe('the textbook outage: waits of 5, 10 and 20 s, then the breaker opens', () => {
  it.each(LINES)('with %i lines', async (lines) => {
    const outages = [outage('tts', { type: '503' }, 60_000, 180_000)];
    const log = await expectKept({ contacts: 8 + lines * 2, policy: { lines }, outages });
    const openedAt = log.findIndex(
      (one) => one.type === 'told' && one.event.type === 'breaker.opened',
    );
    const failed = log.slice(0, openedAt).flatMap((one) => {
      return one.type === 'told' && one.event.type === 'attempt.failed'
        ? [{ ...one.event, atMs: one.atMs, startMs: one.atMs - one.event.durationMs }]
        : [];
    });
    const opener = failed.at(-1);
    const attempts = failed.filter(({ call }) => call === opener?.call);
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    const waitsMs = attempts
      .slice(1)
      .map(({ startMs }, before) => startMs - (attempts[before]?.atMs ?? 0));
    for (const [nth, promisedMs] of [5_000, 10_000, 20_000].entries()) {
      expect(waitsMs[nth]).toBeGreaterThanOrEqual(promisedMs - 0.001);
      expect(waitsMs[nth]).toBeLessThanOrEqual(promisedMs * 1.1 + 0.001);
    }
  });
});

describe.each(LINES)('every promise is kept with %i lines', (lines) => {
  const contacts = 10 + lines;

  it.each(ROLES.flatMap((role) => FAULTS.map((fault) => [role, fault] as const)))(
    'while %s has an outage of %o',
    async (role, fault) => {
      const outages = [outage(role, fault, 20_000, 240_000)];
      await expectKept({ contacts, outages, looksUp: role === 'crm', policy: { lines } });
    },
  );
});

/** What is drawn from a seed, so that a failure can be looked at again. */
function drawn(seed: number): Simulated {
  const draw = draws(seed);
  const pick = <T>(what: string, from: readonly T[]): T =>
    from[Math.floor(draw(what) * from.length)] as T;
  const outages = Array.from({ length: Math.floor(draw('outages') * 4) }, (_, nth) => {
    const fault = pick(`fault ${nth}`, FAULTS);
    const startMs = draw('start', nth) * 300_000;
    return outage(pick(`role ${nth}`, ROLES), fault, startMs, draw('length', nth) * 400_000);
  });
  const starts = Array.from({ length: 1 + Math.floor(draw('starts') * 5) }, (_, nth): Given => {
    const fuse = 1 + Math.floor(draw('fuse', nth) * pick(`far ${nth}`, [30, 200, 600]));
    return pick<Given>(`start ${nth}`, [
      { fuse },
      { fuse },
      { fuse, removed: [`c${1 + Math.floor(draw('removed', nth) * 20)}`] },
      { drainMs: draw('drain', nth) * 200_000 },
      { stopMs: draw('stop', nth) * 200_000 },
      { policy: { limit: 3 } },
      { policy: { outageWaitMs: 120_000 } },
    ]);
  });
  return {
    seed,
    contacts: pick('contacts', [3, 12, 40]),
    outages,
    starts,
    looksUp: draw('looks up') < 0.5,
    quirks: {
      memory: pick('memory', ['knows', 'forgets']),
      hasty: pick('hasty', [true, false]),
      deaf: pick('deaf', [0, 0.3, 1]),
      emptyTexts: pick('empty', [0, 0.1]),
      refusals: pick('refusals', [0, 0.1]),
    },
    policy: { lines: pick('lines', LINES), onOutage: pick('on outage', ['skip', 'pause']) },
  };
}

describe('every promise is kept through kills, stops and outages, until nobody is left', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed + 1))('seed %i', async (seed) => {
    await expectKept(drawn(seed));
  });
});

describe('every promise is kept', () => {
  it('with fallbacks', async () => {
    const chains = { ...CHAINS, llm: ['openai', 'anthropic'], dialer: ['twilio', 'asterisk-ari'] };
    const down = (role: Role) => outage(role, { type: '503' }, 0, 200_000);
    const outages = [down('llm'), down('dialer')];
    const log = await expectKept({ contacts: 30, chains, outages });
    const used = log.some((one) => one.type === 'told' && one.event.type === 'fallback.used');
    expect(used).toBe(true);
  });

  it('in a preview', async () => {
    const chains = { llm: ['template'], tts: ['flite'], dialer: ['preview'], crm: ['csv'] };
    await expectKept({ contacts: 30, chains, starts: [{ fuse: 50 }, { fuse: 61 }] });
  });

  it('wherever a short run is killed', async () => {
    for (let fuse = 1; fuse <= 60; fuse += 1) {
      await expectKept({ contacts: 2, policy: { lines: 2 }, starts: [{ fuse }, { fuse: 25 }] });
    }
  });
});
