import type { Alert } from '../../src/domain/alert.ts';
import { ServiceFailure } from '../../src/domain/failure.ts';

/** One of each kind of alert that an operator can get. */
export const RAISED: Alert = {
  key: 'service:elevenlabs',
  severity: 'critical',
  kind: 'raised',
  campaign: 'spring',
  service: 'elevenlabs',
  role: 'tts',
  sinceMs: Date.UTC(2026, 2, 2, 3),
  title: 'elevenlabs, which speaks the texts, does not work',
  what: 'elevenlabs answered 503. <b>&',
  doing: 'Contacts who need it wait in the queue.',
  toDo: 'Nothing, if it comes back by itself.',
  affected: 3,
  contacts: 2,
};

export const RECOVERED: Alert = {
  ...RAISED,
  kind: 'recovered',
  severity: 'info',
  title: 'elevenlabs, which speaks the texts, works again',
  durationMs: 3 * 3_600_000,
  lateMs: 20 * 60_000,
};

export const NEVER = new AbortController().signal;

/** What a promise is rejected with; it must be a failure of a service. */
export async function failureOf(promise: Promise<unknown>): Promise<ServiceFailure> {
  const error = await promise.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  );
  if (error instanceof ServiceFailure) return error;
  throw error;
}
