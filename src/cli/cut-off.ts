/**
 * Connections that are away: kept in the store by the run that keeps trying them, told by `status`.
 */
import type { CampaignEvent } from '../domain/event.ts';
import { maskNumbers } from '../domain/privacy.ts';
import { spanText } from '../domain/text.ts';
import type { CutOffService } from '../store/report-rows.ts';
import type { Store } from '../store/sqlite.ts';
import { isoTime } from './run-document.ts';

/** @param atMs milliseconds since the epoch */
export function noteConnection(
  store: Pick<Store, 'noteCutOff' | 'noteConnected'>,
  campaign: string,
  event: CampaignEvent,
  atMs: number,
): void {
  if (event.type !== 'connection.changed') return;
  const { service, state, address, message = 'it was lost', delayMs = 0 } = event;
  if (state === 'connected' || state === 'closed') store.noteConnected(campaign, service);
  if (state !== 'disconnected') return;
  const times = { sinceMs: atMs, retryMs: atMs + delayMs };
  store.noteCutOff({ campaign, service, address, reason: message, ...times });
}

/** While a run is on: it is tried again by itself, whatever the breaker does. */
export function cutOffLine(one: CutOffService, wallMs: number): string {
  const { service, address, sinceMs, reason, retryMs } = one;
  const age = spanText(Math.max(0, wallMs - sinceMs));
  const next =
    retryMs > wallMs ? `tried again in ${spanText(retryMs - wallMs)}` : 'being tried now';
  const why = maskNumbers(reason).replace(`${service}: `, '');
  return (
    `  ${service} is not connected to ${address} since ${isoTime(sinceMs)} (${age}): ${why}; ` +
    `${next}, and it rings nobody meanwhile`
  );
}

export function cutOffDocument(one: CutOffService) {
  const { service, address, sinceMs, reason, retryMs } = one;
  return {
    service,
    address,
    since: isoTime(sinceMs),
    retry_at: isoTime(retryMs),
    reason: maskNumbers(reason),
  };
}
