/**
 * `run --json`: one document, in the words that `status` and `report` use for the same things.
 */
import type { ContactCounts } from '../domain/event.ts';
import type { RunTally } from '../domain/tally.ts';
import type { Guard } from '../engine/guard.ts';

export interface RunDocument {
  readonly campaign: string;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  readonly finished_at: string;
  readonly duration_ms: number;
  readonly contacts: ContactCounts & { readonly rejected: number };
  /** Of the whole campaign, by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** What this run asked of each service. */
  readonly services: Readonly<Record<string, ServiceDocument>>;
  readonly alerts: { readonly sent: number; readonly failed: number };
  readonly exit_code: number;
}

export interface ServiceDocument {
  readonly role: string;
  readonly requests: number;
  readonly failures: number;
  readonly retries: number;
  readonly breaker: string;
}

/** @param guards of the services in use: one that was asked nothing is listed too */
export function serviceDocuments(
  tally: RunTally,
  guards: readonly Pick<Guard, 'service' | 'role' | 'status'>[],
): Record<string, ServiceDocument> {
  return Object.fromEntries(
    guards.map((guard) => {
      const { requests, failures, retries } = tally.service(guard.service, guard.role);
      const breaker = guard.status().state;
      return [guard.service, { role: guard.role, requests, failures, retries, breaker }];
    }),
  );
}

export function isoTime(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
