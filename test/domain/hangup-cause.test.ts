import { expect, test } from 'vitest';
import { callEnd } from '../../src/domain/hangup-cause.ts';

const SILENT = { wasUp: false, wasRinging: false, isMachine: false };
const RANG = { ...SILENT, wasRinging: true };
const UP = { ...RANG, wasUp: true };

/** Cause and SIP status as a real Asterisk 22 told them of each kind of callee. */
test.each([
  ['busy', SILENT, 17, 486, 'busy'],
  ['it rang until our time was up', RANG, 19, 480, 'no_answer'],
  ['the trunk is dead, nothing rang', SILENT, 19, 480, 'failed'],
  ['switched off', SILENT, 20, 480, 'failed'],
  ['congestion', SILENT, 34, 503, 'failed'],
  ['no such number', SILENT, 1, 404, 'invalid_number'],
  ['an announcement, and no such number', SILENT, 1, 404, 'invalid_number'],
  ['declined while it rang', RANG, 21, 403, 'no_answer'],
  ['declined by the carrier', SILENT, 21, 403, 'failed'],
  ['the carrier refuses our password', SILENT, 21, 401, 'failed'],
  ['a person', UP, 16, 0, 'answered'],
  ['a person, and Asterisk was stopped', UP, 0, 0, 'answered'],
  ['a machine', { ...UP, isMachine: true }, 16, 0, 'voicemail'],
  ['cause 0 is not known', RANG, 0, 0, undefined],
])('%s', (_who, signs, cause, techCause, outcome) => {
  expect(callEnd(signs, { cause, techCause })?.outcome).toBe(outcome);
});

test('of a call that is gone without a word only that it was picked up is known', () => {
  expect(callEnd(RANG, undefined)).toBeUndefined();
  expect(callEnd(UP, undefined)?.outcome).toBe('answered');
});

test('why it failed is told with the cause and the status', () => {
  const { detail } = callEnd(SILENT, { cause: 34, techCause: 503 }) ?? {};
  expect(detail).toBe('no free circuit: the network is congested (cause 34, SIP 503)');
});
