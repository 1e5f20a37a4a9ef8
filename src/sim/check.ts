/**
 * What a checker is given and what it says.
 */
import type { AlertSeverity } from '../domain/alert.ts';
import type { Contact } from '../domain/contact.ts';
import type { ContactState, Outcome } from '../domain/words.ts';
import type { GuardPolicies } from '../engine/guard.ts';
import type { Money } from './billing.ts';
import type { Outage } from './outage.ts';
import type { Quirks } from './quirks.ts';
import type { Sighting } from './sighting.ts';
import type { ChainNames } from './simulated-services.ts';

/**
 * What the operator was promised: the settings as written, whatever the program made of them. The
 * orders of each run stand where its life begins, in the log.
 */
export interface Promised {
  /** The list as it was first read; rows are taken out of it by `removed` sightings only. */
  readonly contacts: readonly Contact[];
  readonly chains: ChainNames;
  /** Whether a number may be that of two contacts. */
  readonly sameNumber: 'reject' | 'allow';
  /**
   * Numbers that another campaign on the store rings as well, where there is one: what that is in
   * doubt about, and what its callees asked for, is not in the log.
   */
  readonly sharedPhones?: ReadonlySet<string> | undefined;
  readonly callsPerSecond: number;
  readonly policyOf: (service: string) => GuardPolicies;
  readonly healthCheck: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly outages: readonly Outage[];
  readonly quirks: Quirks;
  /** Undefined where vendors bill nothing. */
  readonly money?: Money | undefined;
  /** Whether a person is told of outages. */
  readonly alerts: boolean;
  /** The ways in which that is done; of everything where it is left out. */
  readonly channels?:
    | readonly {
        readonly name: string;
        readonly severities?: readonly AlertSeverity[] | undefined;
      }[]
    | undefined;
}

/** Where the store says a contact stands, after the last run; undefined where it was taken out. */
export interface Standing {
  readonly state: ContactState | undefined;
  readonly outcome: Outcome | undefined;
}

/** Everything there is to judge by. */
export interface Seen {
  readonly promised: Promised;
  /** In the order in which it happened, over all lives of the program. */
  readonly log: readonly Sighting[];
  /** By contact id. */
  readonly standings: ReadonlyMap<string, Standing>;
}

export interface Violation {
  /** Name of the checker. */
  readonly checker: string;
  readonly atMs: number;
  /** What happened, with the ids, times and numbers that show it. */
  readonly message: string;
}

export interface Checker {
  readonly name: string;
  /** The promise in a sentence, for the person who reads that it was broken. */
  readonly promise: string;
  check(seen: Seen): readonly Omit<Violation, 'checker'>[];
}
