/**
 * Ways to reach the operator, and what is kept until they were reached.
 */
import type { Alert, AlertSeverity } from '../../domain/alert.ts';

/** A way to reach the operator. */
export interface AlertChannel {
  /** Stable: what could not be sent is kept under it for the next run. */
  readonly name: string;
  /** What it is told of; of everything where it is left out. */
  readonly severities?: readonly AlertSeverity[] | undefined;
  /**
   * Resolves when the alert is out of our hands. May throw `ServiceFailure`; whatever else it
   * throws counts as a refusal of this one alert. Ends soon after the signal aborts. Asked one
   * alert at a time, in order; the same one may come twice, after a lost answer or a crash.
   * Answers whom it did not reach although it was sent, in a sentence, where there is anybody.
   */
  send(alert: Alert, signal: AbortSignal): Promise<string | void>;
}

/** An alert that a channel has yet to send. */
export interface OwedAlert {
  /** Unique in the store. */
  readonly id: string;
  readonly channel: string;
  readonly alert: Alert;
  /** Since when it is owed; milliseconds since the epoch. */
  readonly owedMs: number;
  /** In how many runs the channel refused this very alert. */
  readonly refusals: number;
  /**
   * When it last refused this alert, or us, in a way that does not pass by itself; milliseconds
   * since the epoch. A run that was on then does not offer it again.
   */
  readonly refusedMs?: number | undefined;
}

export interface AlertsKept {
  /** By key. */
  readonly open: readonly Alert[];
  /** Notices that were told, by key: so that the next run does not tell them again. */
  readonly told: readonly Alert[];
  /** In the order in which they are to be sent. */
  readonly owed: readonly OwedAlert[];
}

/** All of it or nothing. */
export interface AlertChange {
  /** Open from now on, told (a notice), or changed. */
  readonly open?: readonly Alert[];
  /** Keys that are not open any more, or may be told anew. */
  readonly cleared?: readonly string[];
  /** Behind those that are owed already; one that is among them is changed in its place. */
  readonly owed?: readonly OwedAlert[];
  /** Ids of what is not owed any more. */
  readonly settled?: readonly string[];
}

/**
 * Alerts that outlive the process, of all campaigns on the store: the outage of a service is the
 * same for all of them, and whoever runs next sends what is owed.
 */
export interface AlertMemory {
  /** What is saved, by other processes too, and by this one also before it is durable. */
  load(): AlertsKept;
  /** Durable when it resolves. Saved in the order of the calls. Rejects with `JournalFailure`. */
  save(change: AlertChange): Promise<void>;
}
