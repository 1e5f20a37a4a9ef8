/**
 * The ways in which the operator of a simulation is told: one that always works, by which it is
 * known what there was to be told, and in a hunt others, with troubles of their own.
 */
import { type Alert, type AlertSeverity, alertId } from '../domain/alert.ts';
import { ServiceFailure } from '../domain/failure.ts';
import type { AlertChannel } from '../engine/ports.ts';
import type { Chance } from './chance.ts';
import type { Life } from './life.ts';
import type { Outside } from './outside.ts';

/** What becomes of an alert that is handed to a channel in trouble. */
export type ChannelFault =
  /** Nobody takes it. */
  | { readonly type: 'away' }
  /** The same, and it says for how long. */
  | { readonly type: 'busy'; readonly retryAfterMs: number }
  /** It reaches nobody and is never answered, also where it is given up. */
  | { readonly type: 'hangs' }
  /** It arrives, so much later. */
  | { readonly type: 'slow'; readonly byMs: number }
  /** It arrives, and the answer is lost. */
  | { readonly type: 'lost' }
  /** A wrong token: nothing is taken from us. */
  | { readonly type: 'refuses us' }
  /** This share of the causes is refused, for what is in the message. */
  | { readonly type: 'refuses'; readonly share: number };

export interface ChannelTrouble {
  /** From the start of the simulation, in milliseconds; the end is not part of it. */
  readonly startMs: number;
  readonly endMs: number;
  readonly fault: ChannelFault;
}

export interface ChannelPlan {
  readonly name: string;
  /** What it is told of. */
  readonly severities: readonly AlertSeverity[];
  readonly troubles: readonly ChannelTrouble[];
}

/** The channel that always works. */
export const OPERATOR = 'operator';

/** From the message's leaving to its being on the operator's screen: an estimate. */
export const ALERT_MS = 500;

/** @param onAlert told of what reaches the operator, by the channel that always works */
export function simulatedChannels(
  plans: readonly ChannelPlan[],
  severities: readonly AlertSeverity[] | undefined,
  outside: Outside,
  life: Life,
  onAlert?: (alert: Alert) => void,
): readonly AlertChannel[] {
  let sent = 0;
  const channel = (
    name: string,
    its: readonly AlertSeverity[] | undefined,
    faultOf: (alert: Alert) => ChannelFault | undefined,
  ): AlertChannel => ({
    name,
    severities: its,
    send: async (alert, signal) => {
      sent += 1;
      const hand = new Hand(`${life.run}.${sent}`, name, alert, outside, life);
      if (!hand.leaves()) return new Promise(() => undefined);
      if (name === OPERATOR) onAlert?.(alert);
      return await hand.deliver(faultOf(alert), signal);
    },
  });
  return [
    channel(OPERATOR, severities, () => undefined),
    ...plans.map((plan) =>
      channel(plan.name, plan.severities, (alert) => troubleOf(plan, alert, outside, life)),
    ),
  ];
}

function troubleOf(
  { name, troubles }: ChannelPlan,
  { key }: Alert,
  outside: Outside,
  life: Life,
): ChannelFault | undefined {
  const nowMs = life.clock.monotonicMs();
  const fault = troubles.findLast(({ startMs, endMs }) => startMs <= nowMs && nowMs < endMs)?.fault;
  if (fault?.type !== 'refuses') return fault;
  return outside.draw('refused alert', name, key) < fault.share ? fault : undefined;
}

/** One message on its way. */
class Hand {
  readonly #send: string;
  readonly #channel: string;
  readonly #alert: Alert;
  readonly #outside: Outside;
  readonly #life: Life;

  constructor(send: string, channel: string, alert: Alert, outside: Outside, life: Life) {
    this.#send = send;
    this.#channel = channel;
    this.#alert = alert;
    this.#outside = outside;
    this.#life = life;
  }

  /** False where the life is over by now. */
  leaves(): boolean {
    const life = this.#life;
    if (!life.moment('an alert leaves')) return false;
    const { key, severity, ends, was, sinceMs, durationMs, lateMs } = this.#alert;
    const about = { send: this.#send, channel: this.#channel, id: alertId(this.#alert) };
    const more = { severity, ends, was, sinceMs, durationMs, lateMs };
    this.#outside.see(life, { type: 'alert_leaves', ...about, key, ...this.#kind, ...more });
    return true;
  }

  async deliver(fault: ChannelFault | undefined, signal: AbortSignal): Promise<void> {
    const { clock } = this.#life;
    switch (fault?.type) {
      case undefined:
        this.#arrives();
        await clock.sleep(ALERT_MS, signal);
        break;
      case 'slow':
        await clock.sleep(fault.byMs, signal);
        this.#arrives();
        break;
      case 'hangs':
        return new Promise(() => undefined);
      case 'lost':
        this.#arrives();
        await clock.sleep(ALERT_MS, signal);
        throw this.#failed('unknown', 'service', 'ECONNRESET');
      case 'away':
        await clock.sleep(ALERT_MS, signal);
        throw this.#failed('transient', 'service', 'ECONNREFUSED');
      case 'busy':
        await clock.sleep(ALERT_MS, signal);
        throw this.#failed('transient', 'service', '429', fault.retryAfterMs);
      case 'refuses us':
        await clock.sleep(ALERT_MS, signal);
        throw this.#failed('permanent', 'service', '401');
      case 'refuses':
        await clock.sleep(ALERT_MS, signal);
        throw this.#failed('permanent', 'request', '400');
    }
    this.#outside.see(this.#life, { type: 'alert_answered', send: this.#send });
  }

  #arrives(): void {
    const { key, severity, was, title } = this.#alert;
    const about = { channel: this.#channel, key, ...this.#kind, severity, was, title };
    this.#outside.see(this.#life, { type: 'alerted', ...about });
  }

  get #kind() {
    return { kind: this.#alert.kind };
  }

  #failed(
    kind: 'transient' | 'permanent' | 'unknown',
    scope: 'service' | 'request',
    code: string,
    retryAfterMs?: number,
  ): ServiceFailure {
    const failure = { kind, scope, code, retryAfterMs };
    this.#outside.see(this.#life, { type: 'alert_answered', send: this.#send, failure });
    return new ServiceFailure(`the channel says: ${code}`, failure);
  }
}

// ---------------------------------------------------------------------------- by chance

const NAMES = ['email', 'telegram', 'webhook'] as const;
const SEVERITIES: readonly (readonly AlertSeverity[])[] = [
  ['critical', 'warning'],
  ['critical', 'warning'],
  ['critical', 'warning', 'info'],
  ['critical'],
  ['warning'],
  ['info'],
];

/** @param horizonMs roughly how long the list takes */
export function randomChannels(chance: Chance, horizonMs: number): readonly ChannelPlan[] {
  if (!chance.of(0.4, 'channels')) return [];
  return chance
    .some(NAMES, chance.pick([1, 1, 2, 3], 'channels', 'count'), 'channels')
    .map((name) => ({
      name,
      severities: chance.pick(SEVERITIES, 'channel takes', name),
      troubles: randomTroubles(chance, name, horizonMs),
    }));
}

/** Dead from the beginning until everything heals, or for a while or two, or never. */
function randomTroubles(
  chance: Chance,
  name: string,
  horizonMs: number,
): readonly ChannelTrouble[] {
  const how = chance.pick(
    ['never', 'always', 'always', 'whiles', 'whiles'],
    'channel trouble',
    name,
  );
  if (how === 'never') return [];
  if (how === 'always') {
    return [{ startMs: 0, endMs: Number.MAX_SAFE_INTEGER, fault: randomFault(chance, name, 0) }];
  }
  return Array.from({ length: chance.pick([1, 1, 2], 'channel whiles', name) }, (_, index) => {
    const startMs = Math.round(1.2 * horizonMs * chance.fraction('channel start', name, index));
    const lengthMs = chance.wholeByRatio(1_000, 4 * horizonMs, 'channel length', name, index);
    return { startMs, endMs: startMs + lengthMs, fault: randomFault(chance, name, index) };
  });
}

function randomFault(chance: Chance, name: string, index: number): ChannelFault {
  const about = [name, index] as const;
  const retryAfterMs = chance.wholeByRatio(1_000, 20 * 60_000, 'channel busy', ...about);
  const byMs = chance.wholeByRatio(1_000, 14_000, 'channel slow', ...about);
  const share = chance.pick([0.3, 1], 'channel refuses', ...about);
  const faults: readonly ChannelFault[] = [
    { type: 'away' },
    { type: 'busy', retryAfterMs },
    { type: 'hangs' },
    { type: 'hangs' },
    { type: 'slow', byMs },
    { type: 'slow', byMs },
    { type: 'lost' },
    { type: 'lost' },
    { type: 'refuses us' },
    { type: 'refuses', share },
  ];
  return chance.pick(faults, 'channel fault', ...about);
}
