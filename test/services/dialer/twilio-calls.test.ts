import { describe, expect, it } from 'vitest';
import { seek, type TwilioCall } from '../../../src/services/dialer/twilio-calls.ts';

const BEGUN_MS = 1_000_000;
const NUMBERS = { to: '+14155550134', from: '+14155550100' };

/** The newest call of the list was made so many seconds after the attempt began. */
function listed(hasMore: boolean, ...seconds: readonly number[]) {
  const calls = seconds.map((after, index): TwilioCall => {
    const createdMs = BEGUN_MS + after * 1_000;
    const about = { status: 'completed', answeredBy: undefined, durationS: '1' };
    return { sid: `CA${index}`, createdMs, ...about, ...NUMBERS };
  });
  return seek(
    { calls, hasMore, serverMs: undefined },
    NUMBERS,
    { begunMs: BEGUN_MS, doubtedMs: 0 },
    { isTheirs: () => false, begunInDoubtMs: () => [] },
  );
}

describe('a list that goes on behind its first page', () => {
  it('proves nothing while it does not reach back to the attempt', () => {
    expect(listed(true, 300, 200)).toEqual({ state: 'ambiguous' });
    expect(listed(true)).toEqual({ state: 'ambiguous' });
  });

  it('proves absence where it shows that the older ones come later', () => {
    expect(listed(true, -60, -90, -120)).toEqual({ state: 'absent' });
  });

  it.each([
    ['the older ones come first', [-120, -90, -60]],
    ['there is no order', [-60, -120, -90]],
    ['all are of one second', [-60, -60]],
    ['there is only one', [-60]],
  ])('proves nothing where %s', (_what, seconds) => {
    expect(listed(true, ...seconds)).toEqual({ state: 'ambiguous' });
  });

  it('may be in any order where it is whole', () => {
    expect(listed(false, -120, 1, -60)).toEqual({ state: 'found', sid: 'CA1' });
    expect(listed(false, -120, -60, -90)).toEqual({ state: 'absent' });
  });
});
