/**
 * What a run shows of itself to whoever looks at it from outside, at one moment.
 */
import type { BreakerName, ContactCounts } from './event.ts';
import type { Health } from './health.ts';
import type { Outcome, Role } from './words.ts';

/** `draining`: no new contact is taken, the calls in progress end. */
export type RunPhase = 'starting' | 'running' | 'draining' | 'over';

/** One service in one role, as it is now. */
export interface ServiceStatus {
  /** Unique: `openai`, and `openai (tts)` where one account fills two roles. */
  readonly key: string;
  readonly service: string;
  readonly role: Role;
  readonly breaker: BreakerName;
  readonly health: Health;
  /** Since when it is not healthy, in milliseconds since the epoch; undefined where it is. */
  readonly sinceMs: number | undefined;
  /** In the service's own words, without numbers; undefined where it is healthy. */
  readonly reason: string | undefined;
  /** Until it is asked again; 0 where nothing keeps it from being asked. */
  readonly retryAfterMs: number;
}

/** A connection that is kept over the whole run, as it is now. */
export interface ConnectionStatus {
  readonly service: string;
  readonly isConnected: boolean;
  /** How long it has been connected; 0 where it is not. */
  readonly uptimeMs: number;
  /** Connections that were made after the first one. */
  readonly reconnections: number;
  /** Until it is tried again, as it was decided; 0 where nothing waits. */
  readonly waitMs: number;
  /** Health checks that sent nothing, because there was no connection. */
  readonly skippedPolls: number;
}

export interface RunStatus {
  readonly campaign: string;
  readonly version: string;
  readonly phase: RunPhase;
  /** When this was read, and when the run began; milliseconds since the epoch. */
  readonly nowMs: number;
  readonly startedMs: number;
  readonly lines: number;
  readonly contacts: ContactCounts;
  /** Of this run. */
  readonly outcomes: ReadonlyMap<Outcome, number>;
  /** How many pressed a key that counts; left out where nobody could. */
  readonly answers?: number | undefined;
  /** Telephone calls that a dialer has taken on and that have not ended. */
  readonly callsInProgress: number;
  /** Of all calls of this run that were answered; undefined where none was. */
  readonly callMsAverage: number | undefined;
  readonly alerts: { readonly sent: number; readonly failed: number };
  /** Of all chains, in the order of a call; empty while it is starting. */
  readonly services: readonly ServiceStatus[];
  /** Of services that keep one. */
  readonly connections: readonly ConnectionStatus[];
}

/** Roles of which no service is healthy: what they do may be done by nobody. */
export function rolesDown(services: readonly ServiceStatus[]): readonly Role[] {
  const byRole = Map.groupBy(services, ({ role }) => role);
  return [...byRole].flatMap(([role, its]) =>
    its.some(({ health }) => health === 'healthy') ? [] : [role],
  );
}

/** How a telephone call ends that was placed and of which the end is known. */
const TRIED: readonly Outcome[] = ['answered', 'voicemail', 'busy', 'no_answer', 'invalid_number'];

/** Of the calls that were answered, in how many a key was chosen; undefined before the first. */
export function conversionRate({
  outcomes,
  answers,
}: Pick<RunStatus, 'outcomes' | 'answers'>): number | undefined {
  const answered = outcomes.get('answered') ?? 0;
  return answers === undefined || answered === 0 ? undefined : answers / answered;
}

/** Answered by a person, as a part of all calls of which it is known; undefined without any. */
export function answerRate(outcomes: ReadonlyMap<Outcome, number>): number | undefined {
  const tried = TRIED.reduce((sum, outcome) => sum + (outcomes.get(outcome) ?? 0), 0);
  return tried === 0 ? undefined : (outcomes.get('answered') ?? 0) / tried;
}
