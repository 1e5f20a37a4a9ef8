/**
 * The table of results: `results.csv` and the CSV report have the same rows.
 */
import type { Contact } from './contact.ts';
import type { Outcome, Role } from './words.ts';

/** A call that has its outcome. Times are wall clock milliseconds. */
export interface ResultsCall {
  readonly campaign: string;
  readonly call: string;
  readonly contact: Pick<Contact, 'id' | 'name' | 'phone'>;
  readonly outcome: Outcome;
  readonly detail: string | undefined;
  readonly text: string | undefined;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly services: Readonly<Partial<Record<Role, string>>>;
}

/** What a person looks for first comes first. */
export const RESULTS_HEADER = [
  'contact',
  'name',
  'phone',
  'outcome',
  'detail',
  'started_at',
  'ended_at',
  'text',
  'llm',
  'tts',
  'dialer',
  'call',
  'campaign',
] as const;

/** Cells in the order of `RESULTS_HEADER`, not yet quoted; times in ISO 8601, UTC. */
export function resultsRow(call: ResultsCall): readonly string[] {
  const { contact, services } = call;
  const cells: Readonly<Record<(typeof RESULTS_HEADER)[number], string | undefined>> = {
    contact: contact.id,
    name: contact.name,
    phone: contact.phone,
    outcome: call.outcome,
    detail: call.detail,
    started_at: new Date(call.startedMs).toISOString(),
    ended_at: new Date(call.endedMs).toISOString(),
    text: call.text,
    llm: services.llm,
    tts: services.tts,
    dialer: services.dialer,
    call: call.call,
    campaign: call.campaign,
  };
  return RESULTS_HEADER.map((column) => cells[column] ?? '');
}
