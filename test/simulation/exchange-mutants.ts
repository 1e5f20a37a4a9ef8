/**
 * Deliberate defects in what is made of an exchange of the operator's own, its trunk and the
 * network on the way to it; see `mutants.ts`.
 */
import { vi } from 'vitest';
import { ServiceFailure } from '../../src/domain/failure.ts';
import { DEFAULT_RETRY } from '../../src/domain/retry.ts';
import { TrunkWatch } from '../../src/domain/trunk-watch.ts';
import type { Dialer, Ended } from '../../src/engine/ports.ts';
import type { Fault } from '../../src/sim/outage.ts';
import type { RandomWorld } from '../../src/sim/random-world.ts';
import type { ChainNames } from '../../src/sim/simulated-services.ts';
import { asItIs, dialer, type Mutant } from './mutants.ts';

const SERVICE = 'asterisk-ari';
const POLICY: RandomWorld['policies'][string] = {
  retry: DEFAULT_RETRY,
  circuitBreaker: { failureThreshold: 4, recoveryTimeoutMs: 60_000, halfOpenMaxCalls: 1 },
  timeouts: { requestMs: 15_000, callMs: 600_000 },
};

/** Everybody is called through one exchange, with which this is wrong from its first minute on. */
function atExchange(
  fault: Fault,
  forMs: number,
  answered = 0.6,
): (world: RandomWorld) => RandomWorld {
  return (world) => {
    const through = (chains: ChainNames): ChainNames => ({ ...chains, dialer: [SERVICE] });
    const { other, quirks, behaviour, policy } = world;
    const startMs = 10_000 + ((world.seed * 7_919) % 60_000);
    const places = [{ role: 'dialer', service: SERVICE }] as const;
    const rest = { voicemail: 0.1, busy: 0.1, no_answer: 0.1, invalid_number: 0.1 };
    return {
      ...world,
      chains: through(world.chains),
      other: other && { ...other, chains: through(other.chains) },
      lives: world.lives.map((life) => ({ ...life, chains: life.chains && through(life.chains) })),
      policies: { ...world.policies, [SERVICE]: POLICY },
      policy: { ...policy, lines: Math.max(2, policy.lines) },
      quirks: { ...quirks, exchanges: [SERVICE], byNumber: [], speaking: [] },
      behaviour: { ...behaviour, shares: { ...rest, answered } },
      outages: [{ name: SERVICE, places, startMs, endMs: startMs + forMs, fault }],
    };
  };
}

const restarting = atExchange({ type: 'restart' }, 20_000);
const cutOff = atExchange({ type: 'cut' }, 60_000);
const congested = atExchange({ type: 'trunk', says: 'congested' }, 600_000);
const mute = atExchange({ type: 'trunk', says: 'nothing' }, 3_600_000);

/** What is heard of a call becomes something else. */
function hearing(change: (end: Ended) => Ended): Mutant['compose'] {
  return dialer((sound) => ({
    follow: async (...about) => change(await sound.follow(...about)),
  }));
}

/** A call that is lost is taken to have ended like this. */
function losing(ended: Ended): Mutant['compose'] {
  return dialer((sound) => ({
    follow: async (...about) => {
      try {
        return await sound.follow(...about);
      } catch (error) {
        if (error instanceof ServiceFailure && error.code === 'call_lost') return ended;
        throw error;
      }
    },
  }));
}

/** What is made of the keys that are pressed while a call goes on. */
function pressing(
  change: (pressed: (key: string) => Promise<void>) => (key: string) => Promise<void>,
): Mutant['compose'] {
  return dialer((sound) => ({
    follow: (placed, request, context) => {
      const { answers } = request;
      const its = answers && { ...answers, pressed: change(answers.pressed) };
      return sound.follow(placed, { ...request, answers: its }, context);
    },
  }));
}

/** One household, all of whom pick up and opt out, on several lines of one exchange. */
function fedUp(world: RandomWorld): RandomWorld {
  const at = atExchange({ type: 'cut' }, 60_000, 1)(world);
  const phone = world.contacts[0]?.phone ?? '';
  const shares = { answered: 1, voicemail: 0, busy: 0, no_answer: 0, invalid_number: 0 };
  return {
    ...at,
    contacts: at.contacts.map((contact) => ({ ...contact, phone })),
    sameNumber: 'allow',
    quirks: { ...at.quirks, optOuts: 1, refusals: 0, noNumbers: 0 },
    behaviour: { ...at.behaviour, shares, dropped: 0 },
  };
}

/** Half of those who pick up hang up at once. */
function hungUpOn(world: RandomWorld): RandomWorld {
  const at = restarting(world);
  return { ...at, behaviour: { ...at.behaviour, dropped: 0.5 } };
}

export const EXCHANGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'takes an exchange that has no such call any more for proof that it never had',
    foundBy: 'nobody twice',
    compose: dialer((sound) => ({
      find: async (...about): ReturnType<Dialer['find']> => {
        const found = await sound.find(...about);
        const isGone = found.state === 'unknown' && found.detail?.includes('no such call') === true;
        return isGone ? { state: 'absent' } : found;
      },
    })),
    among: restarting,
  },
  {
    name: 'calls again whom an exchange that starts anew has cut off',
    foundBy: 'true outcomes',
    compose: losing({ outcome: 'failed' }),
    among: restarting,
  },
  {
    name: 'tells a call that was cut off as answered',
    foundBy: 'true outcomes',
    compose: losing({ outcome: 'answered' }),
    among: restarting,
  },
  {
    name: 'takes a call that ended while the network was cut for one that nobody answered',
    foundBy: 'true outcomes',
    compose: losing({ outcome: 'no_answer' }),
    among: cutOff,
  },
  {
    name: 'takes who hangs up at once for one who did not pick up',
    foundBy: 'true outcomes',
    compose: hearing((end) => {
      const isDropped = end.detail?.includes('before the message began') === true;
      return isDropped ? { ...end, outcome: 'no_answer' } : end;
    }),
    among: hungUpOn,
  },
  {
    name: 'notes what a trunk refuses as numbers that are none',
    foundBy: 'true outcomes',
    compose: hearing((end) => {
      return end.outcome === 'failed' ? { ...end, outcome: 'invalid_number' } : end;
    }),
    among: congested,
  },
  {
    name: 'goes on calling over a congested trunk',
    foundBy: 'list spared',
    compose: asItIs,
    infect: () => {
      vi.spyOn(TrunkWatch.prototype, 'begun').mockReturnValue(undefined);
    },
    among: congested,
  },
  {
    name: 'goes on calling over a trunk that never rings',
    foundBy: 'list spared',
    compose: asItIs,
    infect: () => {
      vi.spyOn(TrunkWatch.prototype, 'over').mockReturnValue(undefined);
    },
    among: mute,
  },
  {
    name: 'hears of keys at the end of a call only',
    foundBy: 'opted out',
    compose: pressing(() => () => Promise.resolve()),
    among: fedUp,
  },
  {
    name: 'writes down the first key only that is pressed in a call',
    foundBy: 'opted out',
    compose: dialer((sound) => ({
      follow: (placed, request, context) => {
        const { answers } = request;
        let isFirst = true;
        const pressed = async (key: string): Promise<void> => {
          if (isFirst) await answers?.pressed(key);
          isFirst = false;
        };
        const its = answers && { ...answers, pressed };
        return sound.follow(placed, { ...request, answers: its }, context);
      },
    })),
    among: fedUp,
  },
];
