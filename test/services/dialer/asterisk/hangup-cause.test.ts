import { describe, expect, it } from 'vitest';
import {
  causeText,
  trunkFault,
  unanswered,
} from '../../../../src/services/dialer/asterisk/hangup-cause.ts';

/** Taken from a real Asterisk 22: what each callee of the bed came back as. */
describe('a call that was not answered', () => {
  it.each([
    ['busy', 17, 486, false, 'busy'],
    ['our ring time is over', 19, 480, true, 'no_answer'],
    ['the far end gave up ringing', 18, 408, true, 'no_answer'],
    ['a trunk that is dead', 19, 480, false, 'failed'],
    ['switched off, on a Local channel', 20, 0, false, 'no_answer'],
    ['no such number', 1, 404, false, 'invalid_number'],
    ['changed number', 22, 410, false, 'invalid_number'],
    ['incomplete number', 28, 484, false, 'invalid_number'],
    ['declined', 21, 403, true, 'failed'],
    ['congested', 34, 503, false, 'failed'],
    ['ended without an answer', 16, undefined, true, 'failed'],
    ['a cause nobody has heard of', 126, undefined, true, 'failed'],
    ['Asterisk was stopping', 0, undefined, true, undefined],
  ])('%s: cause %s, SIP %s, rang %s: %s', (_what, cause, techCause, hasRung, outcome) => {
    expect(unanswered({ cause, techCause }, hasRung)?.outcome).toBe(outcome);
  });

  it('says what can be looked up', () => {
    expect(unanswered({ cause: 17, techCause: 486 }, false)?.detail).toBe(
      'busy (cause 17, SIP 486)',
    );
    expect(causeText({ cause: 17, techCause: 0 })).toBe('cause 17');
  });

  it.each([
    [21, 401, 'refused'],
    [21, 407, 'refused'],
    [21, 403, undefined],
    [34, 503, 'congested'],
    [17, 486, undefined],
    [19, 480, undefined],
  ])('the trunk, by cause %s, SIP %s: %s', (cause, techCause, fault) => {
    expect(trunkFault({ cause, techCause })).toBe(fault);
  });
});
