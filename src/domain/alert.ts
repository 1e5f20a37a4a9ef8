import type { AlertPolicies } from './alert-policy.ts';
import type { AlertSeverity } from './alert-severity.ts';
import type { FailureKind } from './failure.ts';
import type { Role } from './words.ts';

export { ALERT_SEVERITIES, type AlertSeverity, bySeverity } from './alert-severity.ts';

/** `recovered` ends what `raised` began; a `notice` begins nothing, and is told once. */
export type AlertKind = 'raised' | 'recovered' | 'notice';

/** One work that a service does not do, or did not during this outage. */
export interface Trouble {
  readonly role: Role;
  readonly kind: FailureKind;
  /** A whole sentence, with the service's own words and code. */
  readonly what: string;
  /** Whose run noticed it first, of those that still use the service. */
  readonly campaign: string;
  /** Other campaigns whose runs met it as well. */
  readonly alsoIn?: readonly string[] | undefined;
  /**
   * Who noticed: its health check, or the work that was refused as too much; where it is left out,
   * the work that failed until the breaker opened.
   */
  readonly by?: 'check' | 'stall' | undefined;
  /** Noticed by its health check, and nothing gets through: as bad as an open breaker. */
  readonly isDown?: boolean | undefined;
  /** It works again, while others of the same service do not. */
  readonly isOver?: boolean | undefined;
}

/**
 * What an operator is told. JSON-safe. Every text is plain, in whole sentences but for the title,
 * and has no telephone number in it.
 */
export interface Alert {
  /**
   * The cause: `service:<name>`, `campaign:<name>`, `campaign:<name>:budget` and so on: all of them
   * are in docs/guide/alerts.md. What follows from it joins it.
   */
  readonly key: string;
  readonly severity: AlertSeverity;
  readonly kind: AlertKind;
  /** Which rule told it last; absent in a notice, and in what an earlier version kept. */
  readonly rule?: keyof AlertPolicies | undefined;
  /** Whose run noticed it. */
  readonly campaign: string;
  /** The service it is about, where it is about one. */
  readonly service?: string | undefined;
  /** What went down first, where it is about a service. */
  readonly role?: Role | undefined;
  /**
   * What it does not do for us, by role, in the order in which that was noticed; only of a service.
   * Absent in what an earlier version kept: then it is `role` alone.
   */
  readonly troubles?: readonly Trouble[] | undefined;
  /** When the trouble began; milliseconds since the epoch, for a recovery too. */
  readonly sinceMs: number;
  /**
   * When it was raised, where the trouble had begun before. One trouble may be raised twice: it is
   * over for who does not use the service any more, and found again by who uses it anew.
   */
  readonly raisedMs?: number | undefined;
  /** One line. */
  readonly title: string;
  /** What happened, with the service's own words and code. */
  readonly what: string;
  /** What the program does about it. */
  readonly doing: string;
  /** What the operator can do. */
  readonly toDo: string;
  /**
   * How many times a call failed, a contact was put off or another service stood in because of it.
   * A contact that comes up twice counts twice.
   */
  readonly affected: number;
  /**
   * How many contacts it has met, each counted once, over all runs; or how many wait because of it,
   * where a run has ended. Absent where that is not known.
   */
  readonly contacts?: number | undefined;
  /** It has met more than that: they are not told apart any more. */
  readonly contactsMore?: true | undefined;
  /** Who they are, so that nobody is counted twice; only of what is open. Never told. */
  readonly contactNames?: readonly string[] | undefined;
  /** How much what it ends mattered; only of a recovery. Who heard of that hears of its end. */
  readonly ends?: AlertSeverity | undefined;
  /** How much it mattered when it was told first, where it has become worse and is told again. */
  readonly was?: AlertSeverity | undefined;
  /** It is over because nothing is left that it could be about; nothing has become well. */
  readonly isMoot?: boolean | undefined;
  /**
   * The key of the alert that it turns out to belong to; only of a recovery. Nothing is well for
   * that: its cause is known.
   */
  readonly joins?: string | undefined;
  /** How long the trouble lasted; only of a recovery. */
  readonly durationMs?: number | undefined;
  /** How long ago it should have been sent: where that is long, or another run was to do it. */
  readonly lateMs?: number | undefined;
}

/**
 * The same whenever and however often it is sent; ASCII without spaces. What has become worse is
 * another: who takes each id only once must hear of it.
 */
export function alertId(
  alert: Pick<Alert, 'key' | 'kind' | 'severity' | 'sinceMs' | 'raisedMs' | 'was'>,
): string {
  const { key, kind, severity, sinceMs, raisedMs = sinceMs, was } = alert;
  const worse = kind === 'raised' && was !== undefined ? `-${severity}` : '';
  return `${encodeURIComponent(key)}-${kind}-${raisedMs}${worse}`;
}
