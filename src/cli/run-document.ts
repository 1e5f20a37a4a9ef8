/**
 * `run --json`: one document, in the words that `status` and `report` use for the same things.
 */
import type { ContactCounts } from '../domain/event.ts';
import { serviceKey } from '../domain/service-key.ts';
import type { RunTally } from '../domain/tally.ts';
import { type Payee, type UsageTotal, usageTotals } from '../domain/usage.ts';
import type { Guard } from '../engine/guard.ts';
import { type CostDocument, type UsageDocument, usageDocument } from './costs.ts';

export interface RunDocument {
  readonly campaign: string;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  readonly finished_at: string;
  readonly duration_ms: number;
  readonly contacts: ContactCounts & { readonly rejected: number };
  /** Of the whole campaign, by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Of the whole campaign, by what was chosen with a key; left out where nothing was. */
  readonly answers?: Readonly<Record<string, number>> | undefined;
  /** Of those that failed: not rung, because the number had asked not to be; left out for 0. */
  readonly opted_out?: number | undefined;
  /** What this run asked of each service; see `serviceKey`. */
  readonly services: Readonly<Record<string, ServiceDocument>>;
  /** Left out where no price is known. */
  readonly cost?: CostDocument | undefined;
  readonly alerts: { readonly sent: number; readonly failed: number };
  readonly exit_code: number;
}

export interface ServiceDocument {
  readonly role: string;
  readonly requests: number;
  readonly failures: number;
  readonly retries: number;
  readonly breaker: string;
  /** What it was paid for; left out where nothing. */
  readonly usage?: UsageDocument | undefined;
  /** In the currency's unit; left out where there is no price. */
  readonly cost?: number | undefined;
}

/**
 * @param guards of the services in use: one that was asked nothing is listed too
 * @param costOf what the usage of a service costs, where that is known
 */
export function serviceDocuments(
  tally: RunTally,
  guards: readonly Pick<Guard, 'service' | 'role' | 'status'>[],
  costOf: (total: UsageTotal) => number | undefined = () => undefined,
): Record<string, ServiceDocument> {
  const totals = usageTotals(tally.usage.counts());
  return Object.fromEntries(
    guards.map((guard) => {
      const { requests, failures, retries } = tally.service(guard.service, guard.role);
      const breaker = guard.status().state;
      const total = totals.find((one) => isOf(one, guard));
      const paid = total && { usage: usageDocument(total), cost: costOf(total) };
      const document = { role: guard.role, requests, failures, retries, breaker, ...paid };
      return [serviceKey(guards, guard), document];
    }),
  );
}

function isOf(one: Payee, other: Payee): boolean {
  return one.role === other.role && one.service === other.service;
}

export function isoTime(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
