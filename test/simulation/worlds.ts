/**
 * Worlds written by hand, in which a promise was broken once. They say what they are about whatever
 * the seeds come to mean.
 */
import { DEFAULT_RETRY } from '../../src/domain/retry.ts';
import { DEFAULT_BEHAVIOUR } from '../../src/sim/behaviour.ts';
import { NO_QUIRKS } from '../../src/sim/quirks.ts';
import type { LifePlan } from '../../src/sim/random-lives.ts';
import type { RandomWorld } from '../../src/sim/random-world.ts';

const LIFE: LifePlan = {
  pauseMs: 0,
  fuse: undefined,
  drainMs: undefined,
  stopMs: undefined,
  untilMs: undefined,
  limit: undefined,
  removed: [],
  corrected: [],
  edits: [],
  uncertain: 'kept',
  settles: 'nobody',
  settlesMs: undefined,
  stopOnPlace: undefined,
  inHand: 'kept',
  losesAudio: false,
};

/** Killed while the first contact may be ringing, or, with `at`, before anybody is. */
const killedAt = (kind: string): LifePlan => ({ ...LIFE, fuse: { at: 1, kind } });

const POLICIES: RandomWorld['policies'][string] = {
  retry: DEFAULT_RETRY,
  circuitBreaker: { failureThreshold: 4, recoveryTimeoutMs: 60_000, halfOpenMaxCalls: 1 },
  timeouts: { requestMs: 15_000, callMs: 600_000 },
};

function contactOf(number: number): RandomWorld['contacts'][number] {
  return {
    id: `c${number}`,
    name: `Person ${number}`,
    phone: `+14155550${100 + number}`,
    language: undefined,
    timezone: undefined,
    email: undefined,
    variables: {},
    line: number + 1,
  };
}

/** Three contacts on one line, and nothing wrong with any vendor. */
function worldOf(
  lives: readonly Partial<LifePlan>[],
  memory: RandomWorld['quirks']['memory'] = 'knows',
): RandomWorld {
  const chains = { llm: ['openai'], tts: ['elevenlabs'], dialer: ['twilio'], crm: ['hubspot'] };
  return {
    seed: 1,
    contacts: [1, 2, 3].map(contactOf),
    sameNumber: 'reject',
    chains,
    looksUp: false,
    policy: { lines: 1, onOutage: 'skip', outageWaitMs: 60_000 },
    callsPerSecond: 10,
    policies: Object.fromEntries(
      Object.values(chains).flatMap(([name = '']) => [[name, POLICIES]]),
    ),
    healthCheck: { intervalMs: 30_000, timeoutMs: 5_000 },
    money: undefined,
    behaviour: DEFAULT_BEHAVIOUR,
    outages: [],
    capacities: [],
    quirks: { ...NO_QUIRKS, memory },
    lives: lives.map((life) => ({ ...LIFE, ...life })),
  };
}

/** c1 is uncertain after two lives: a third reads its new row, then the operator wants it again. */
const AGAIN_BY = (uncertain: LifePlan['uncertain'], last: Partial<LifePlan>): RandomWorld =>
  worldOf(
    [killedAt('place answered'), {}, { uncertain }, { settles: 'again', ...last }],
    'forgets',
  );

/** The same, with the others still to be called when the operator wants c1 again. */
const MEANWHILE = (uncertain: LifePlan['uncertain']): RandomWorld =>
  worldOf(
    [killedAt('place answered'), { limit: 1 }, { uncertain, settles: 'again', settlesMs: 2_000 }],
    'forgets',
  );

const HALF_DONE = killedAt('place leaves');

export const WORLDS: Readonly<Record<string, RandomWorld>> = {
  'called again after the number was corrected': AGAIN_BY('corrected', {}),
  'called again after the row got another name': AGAIN_BY('renamed', {}),
  'called again after the row was deleted': AGAIN_BY('deleted', {}),
  'called again before the number is corrected': AGAIN_BY('kept', { corrected: ['c1'] }),
  'called again before the row is deleted': AGAIN_BY('kept', { removed: ['c1'] }),
  'called again after the row was deleted, and it is back': AGAIN_BY('deleted', {
    edits: [{ type: 'return', contact: 'c1' }],
  }),
  'called again while a run is on that has read the corrected row': MEANWHILE('corrected'),
  'called again while a run is on that has read the list without the row': MEANWHILE('deleted'),
  'one number for a contact whose call is open and for another': worldOf([
    HALF_DONE,
    { uncertain: 'doubled' },
  ]),
  'numbers exchanged while a call is open': worldOf([
    HALF_DONE,
    { edits: [{ type: 'swap', contact: 'c1', other: 'c2' }] },
  ]),
  'numbers exchanged, the other row first': worldOf([
    { limit: 1 },
    HALF_DONE,
    { edits: [{ type: 'swap', contact: 'c2', other: 'c3' }] },
    { edits: [{ type: 'swap', contact: 'c1', other: 'c3' }] },
  ]),
  'the number of somebody who was rung, for another': worldOf([
    { limit: 1 },
    { removed: ['c1'], edits: [{ type: 'take_former', contact: 'c2', other: 'c1' }] },
  ]),
  'calls refused by a dialer that fails its checks': {
    ...worldOf([{}]),
    contacts: Array.from({ length: 70 }, (_, index) => contactOf(index + 1)),
    healthCheck: { intervalMs: 10_000, timeoutMs: 5_000 },
    outages: [
      {
        name: 'twilio',
        places: [{ role: 'dialer', service: 'twilio' }],
        startMs: 0,
        endMs: 3_600_000,
        fault: { type: '400' },
      },
    ],
  },
  'a share of calls that is too high for a moment': {
    ...worldOf([{}]),
    contacts: Array.from({ length: 99 }, (_, index) => contactOf(index + 1)),
    policy: { lines: 8, onOutage: 'skip', outageWaitMs: 1_800_000 },
    outages: [
      {
        name: 'twilio',
        places: [{ role: 'dialer', service: 'twilio' }],
        startMs: 0,
        endMs: 3_000,
        fault: { type: '400' },
      },
    ],
  },
  'calls in doubt for an outage that is over when they end': {
    ...worldOf([{}], 'forgets'),
    contacts: Array.from({ length: 70 }, (_, index) => contactOf(index + 1)),
    policy: { lines: 40, onOutage: 'skip', outageWaitMs: 1_800_000 },
    healthCheck: { intervalMs: 10_000, timeoutMs: 5_000 },
    outages: [
      {
        name: 'twilio',
        places: [{ role: 'dialer', service: 'twilio' }],
        startMs: 0,
        endMs: 120_000,
        fault: { type: 'reset' },
      },
    ],
  },
};
