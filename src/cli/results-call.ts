import type { ResultsCall } from '../domain/results.ts';
import type { EndedCall } from '../store/report-rows.ts';

/** A call as the journal has it, for the table of results. */
export function resultsCall(campaign: string, ended: EndedCall): ResultsCall {
  const { contact: id, name, phone, ...call } = ended;
  return { ...call, campaign, contact: { id, name, phone } };
}
