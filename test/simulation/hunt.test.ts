import { describe, expect, it } from 'vitest';
import { worldComposer } from '../../src/cli/simulated-engine.ts';
import { sqliteDisk } from '../../src/cli/sqlite-disk.ts';
import { commandFor, hunt, huntSeed, huntWorld, storyOf } from '../../src/sim/hunt.ts';
import { memoryDisk } from '../../src/sim/hunt-disk.ts';
import type { Outage } from '../../src/sim/outage.ts';
import { CALM } from '../../src/sim/random-lives.ts';
import { type RandomWorld, randomWorld } from '../../src/sim/random-world.ts';
import { kindOf } from '../../src/sim/sighting-text.ts';
import type { MadeEngine, MakeEngine } from '../../src/sim/simulation.ts';
import { huntOptions, seedsFrom } from '../support/hunt-bench.ts';
import { WORLDS } from './worlds.ts';

const BROKEN_ONCE = [100_383];

/** What a hunt must have met, or it was none: see `kindOf`. */
const MET = [
  'removed',
  'corrected',
  'returned',
  'refused',
  'settled again',
  'settled with an outcome',
  'audio_deleted',
  'locked_out',
  'hung_up',
  'given_up',
  'asked to drain',
  'asked to stop',
  ...['done', 'limit', 'outage', 'until', 'stopped'].map((end) => `ended ${end}`),
  ...['400', '429', '503', 'invalid_api_key', 'ECONNREFUSED', 'ECONNRESET'].map(
    (code) => `answer ${code}`,
  ),
  'answer too_many_concurrent_requests',
  'answer number_in_use',
  'answer 21211',
  'answer not_connected',
  'answer call_lost',
  'answer trunk_congested',
  'answer trunk_refused',
  'rang uncertain',
  'unrung',
  'key',
  ...['answered', 'voicemail', 'busy', 'no_answer', 'invalid_number', 'previewed'].map(
    (end) => `rang ${end}`,
  ),
  ...['lookup', 'write', 'speak', 'place', 'follow', 'find', 'hangUp', 'record', 'probe'].map(
    (method) => `request ${method}`,
  ),
  ...['good', '429', 'ECONNREFUSED', 'ECONNRESET', '401', '400'].map(
    (code) => `alert answered ${code}`,
  ),
  'killed at hangUp leaves',
  'killed at before an alert is kept',
  'killed at after an alert is kept',
  'killed at a key is told',
  ...['before a commit', 'after a commit', 'a timer', 'audio is kept'].map(
    (moment) => `killed at ${moment}`,
  ),
  ...['lookup', 'write', 'speak', 'place', 'follow', 'find', 'record', 'probe'].flatMap(
    (method) => [`killed at ${method} leaves`, `killed at ${method} answered`],
  ),
  ...['fallback.used', 'retry.scheduled', 'contact.put_off', 'call.failed'].map(
    (type) => `told ${type}`,
  ),
  ...['breaker.opened', 'breaker.half_open', 'breaker.closed', 'health.changed'].map(
    (type) => `told ${type}`,
  ),
];

function failed({ failures }: Awaited<ReturnType<typeof hunt>>): readonly unknown[] {
  return failures.map((one) => ({ seed: one.seed, broken: one.violations, story: storyOf(one) }));
}

const KILLED_AT = 'killed at ';

/**
 * A life that leaves a call in doubt, and after it lives that are killed at the first moment of
 * this kind, which chance alone may meet in one world of hundreds.
 */
function killedAt(kind: string, world: RandomWorld): RandomWorld {
  const moment = kind.slice(KILLED_AT.length);
  const fuses = [
    { at: 1, kind: 'place leaves' },
    ...world.lives.map(() => ({ at: 1, kind: moment })),
  ];
  const lives = fuses.map((fuse) => ({ ...CALM, fuse }));
  return { ...world, keepsAlertsApart: true, other: undefined, lives };
}

/** The engine with something done to it. */
function composing(change: (made: MadeEngine) => MadeEngine): ReturnType<typeof worldComposer> {
  const compose = worldComposer();
  return (world) => {
    const make = compose(world);
    return (parts) => change(make(parts));
  };
}

function bothDown(world: RandomWorld): RandomWorld {
  const outage = (role: 'tts' | 'crm', endMs: number): Outage => ({
    name: role,
    places: world.chains[role].map((service) => ({ role, service })),
    startMs: 20_000,
    endMs,
    fault: { type: '503' },
  });
  const policy = { ...world.policy, lines: 4, onOutage: 'skip' as const };
  const outages = [outage('tts', 90_000), outage('crm', 600_000)];
  return { ...world, looksUp: false, policy, outages };
}

describe('a hunt', () => {
  it('finds nothing, and has met everything', async () => {
    const report = await hunt(seedsFrom(1, 150), 1, huntOptions());
    expect(failed(report)).toEqual([]);
    const missing = MET.filter((kind) => !report.met.has(kind));
    expect(missing.filter((kind) => !kind.startsWith(KILLED_AT))).toEqual([]);
  }, 60_000);

  it.each(MET.filter((kind) => kind.startsWith(KILLED_AT)))('has met: %s', async (kind) => {
    const met = new Set<string>();
    for (const seed of seedsFrom(1, 100)) {
      const hunted = await huntWorld(killedAt(kind, randomWorld(seed)), huntOptions());
      expect({ seed, broken: hunted.violations }).toEqual({ seed, broken: [] });
      for (const sighting of hunted.log) met.add(kindOf(sighting));
      if (met.has(kind)) return;
    }
    expect.fail(`not in a hundred worlds made for it; met: ${[...met].join(', ')}`);
  });

  it('finds the same on a disk as in memory', async () => {
    const options = huntOptions({ disks: () => [memoryDisk, sqliteDisk] });
    const report = await hunt(seedsFrom(61, 12), 1, options);
    expect(failed(report)).toEqual([]);
  }, 60_000);

  it('stops at the first so many that fail', async () => {
    const broken = composing(() => {
      throw new Error('not made');
    });
    const told: number[] = [];
    const options = huntOptions({ make: broken });
    const report = await hunt(seedsFrom(7, 9), 2, options, ({ seed }) => told.push(seed));
    expect([report.seeds, report.failures.length, told]).toEqual([2, 2, [7, 8]]);
  });
});

describe('no promise breaks', () => {
  it.each(Object.entries(WORLDS))('%s', async (_what, world) => {
    const options = huntOptions({ disks: () => [memoryDisk, sqliteDisk] });
    const hunted = await huntWorld(world, options);
    expect({ broken: hunted.violations, story: storyOf(hunted) }).toEqual({
      broken: [],
      story: [],
    });
  });

  it('where voice and records are down together, and the records for longer', async () => {
    const options = huntOptions({ disks: () => [memoryDisk] });
    for (const seed of seedsFrom(1, 150)) {
      const { violations } = await huntWorld(bothDown(randomWorld(seed)), options);
      expect({ seed, violations }).toEqual({ seed, violations: [] });
    }
  }, 60_000);

  // A seed is this world only as long as nobody changes how worlds are drawn: then it is one more.
  // What must stay as it is, is written by hand above.
  it.each(BROKEN_ONCE)('with seed %i, in which one broke', async (seed) => {
    const { violations } = await huntSeed(seed, huntOptions());
    expect(violations).toEqual([]);
  });
});

describe('a seed', () => {
  it('plays the same again, and another plays otherwise', async () => {
    const [one, same, other] = [
      await huntSeed(3, huntOptions()),
      await huntSeed(3, huntOptions()),
      await huntSeed(4, huntOptions()),
    ];
    expect(one.digest).toMatch(/^[0-9a-f]{16}$/);
    expect(one.digest).toBe(same.digest);
    expect(one.digest).not.toBe(other.digest);
  });

  it('that does not is found out', async () => {
    const compose = worldComposer();
    let plays = 0;
    const make: typeof compose = (world) => {
      plays += 1;
      const second = plays > 1;
      const sound: MakeEngine = compose(world);
      return (parts) =>
        sound({ ...parts, policy: { ...parts.policy, lines: second ? 1 : parts.policy.lines } });
    };
    const wide = seedsFrom(1, 20).find((seed) => randomWorld(seed).policy.lines > 4) ?? 0;
    const hunted = await huntSeed(wide, huntOptions({ make }));
    expect(hunted.violations.map(({ checker }) => checker)).toContain(
      'a seed plays the same again',
    );
  });

  it('that breaks is told with its story', async () => {
    const make = composing((made) => ({
      ...made,
      runner: { run: () => Promise.reject(new Error('a bug')) },
    }));
    const hunted = await huntSeed(5, huntOptions({ make }));
    expect(hunted.violations[0]).toMatchObject({
      checker: 'it works without a bug',
      message: 'a bug',
    });
    const story = storyOf(hunted);
    expect(story.length).toBeLessThanOrEqual(25);
    expect(story.at(-1)).toContain('the run breaks: Error: a bug');
    expect(commandFor(5)).toBe('campaign simulate --hunt --seed 5 --seeds 1');
  });

  it('that never comes to its end is found out', async () => {
    const make = composing((made) => ({
      ...made,
      runner: { run: () => Promise.resolve('outage' as const) },
    }));
    const { violations } = await huntSeed(6, huntOptions({ make }));
    expect(violations.map(({ checker }) => checker)).toContain('it comes to its end');
  });
});
