/**
 * Calls that were begun and of which nobody knows yet what became of them, for `status`.
 */
import { counted, spanText } from '../domain/text.ts';
import type { CallsInDoubt } from '../store/report-rows.ts';
import type { Reports } from '../store/sqlite-reports.ts';
import { isoTime } from './run-document.ts';
import type { Config } from './settings.ts';

/**
 * While a run is on, a request to ring takes its time, and a call that was placed is followed: only
 * what takes longer than that is in doubt. Where none is on, all of it is.
 */
export function callsInDoubt(
  { services, policies }: Config,
  reports: Reports,
  campaign: string,
  isRunning: boolean,
  wallMs: number,
): readonly CallsInDoubt[] {
  const timeouts = services.dialer.map((name) => policies[name].timeouts);
  const since = (longestMs: number): number => (isRunning ? wallMs - longestMs : wallMs + 1);
  return reports.callsInDoubt(campaign, {
    begunBeforeMs: since(Math.max(...timeouts.map(({ requestMs }) => requestMs))),
    placedBeforeMs: since(Math.max(...timeouts.map(({ callMs }) => callMs))),
  });
}

/** How many, where, since when, and what comes of it. */
export function doubtLines(
  doubts: readonly CallsInDoubt[],
  { policies }: Config,
  isRunning: boolean,
  wallMs: number,
): string[] {
  const named: Readonly<Record<string, { timeouts: { callMs: number } } | undefined>> = policies;
  return doubts.flatMap(({ service, count, taken, sinceMs }) => {
    const age = spanText(Math.max(0, wallMs - sinceMs));
    const first = count === 1 ? '' : 'the first ';
    const callMs = named[service]?.timeouts.callMs;
    const bound = callMs === undefined ? '' : `, ${spanText(callMs)} at most`;
    const next = isRunning
      ? `this run asks it until it tells${bound}`
      : `\`campaign run\` asks it again${bound}`;
    return [
      `  in doubt: ${counted(count, 'call')} begun at ${service}, ${first}since ` +
        `${isoTime(sinceMs)} (${age}); ${unknownText(count, taken)}`,
      `    ${next}; nobody is rung again meanwhile. Whom it cannot tell of is uncertain then, ` +
        'and for you to settle: campaign settle',
    ];
  });
}

function unknownText(count: number, taken: number): string {
  if (taken === 0) return 'it has not told whether a phone rang';
  if (taken < count) {
    return (
      `it took on ${taken} of them, and has not told how that ended, nor whether a phone rang ` +
      'for the others'
    );
  }
  return count === 1
    ? 'it took the call on, and has not told how it ended'
    : 'it took them on, and has not told how they ended';
}
