import { InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_OUTAGE_LENGTH_MS,
  DEFAULT_OUTAGE_START_MS,
  DEFAULT_RETRY_AFTER_MS,
  outageText,
  type ParsedOutage,
  parseOutage,
} from '../../src/cli/outage-option.ts';
import { ROLES } from '../../src/domain/words.ts';
import type { Fault } from '../../src/sim/outage.ts';
import { type Target, VENDOR_NAMES } from '../../src/sim/vendors.ts';

const START_MS = Date.UTC(2026, 2, 2, 9);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function parsed(text: string, startMs = START_MS): ParsedOutage {
  return parseOutage(text, { startMs });
}

/** The message that commander would show. */
function refusal(text: string, startMs = START_MS): string {
  try {
    parsed(text, startMs);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return (error as Error).message;
  }
  throw new Error(`${text} was taken`);
}

const targetOf = (name: string): Target => {
  const role = ROLES.find((known) => known === name);
  return name === 'all'
    ? { type: 'all' }
    : role === undefined
      ? { type: 'service', service: name }
      : { type: 'role', role };
};

describe('an outage', () => {
  it('by its target alone has a window that shows everything, and 503', () => {
    expect(parsed('elevenlabs')).toEqual({
      name: 'elevenlabs',
      target: { type: 'service', service: 'elevenlabs' },
      startMs: DEFAULT_OUTAGE_START_MS,
      endMs: DEFAULT_OUTAGE_START_MS + DEFAULT_OUTAGE_LENGTH_MS,
      fault: { type: '503' },
    });
  });

  it.each(['all', ...ROLES, ...VENDOR_NAMES])('can strike %s', (name) => {
    expect(parsed(name).target).toEqual(targetOf(name));
    expect(parsed(`${name}@09:10-+20m:slow:4s`)).toMatchObject({ name, target: targetOf(name) });
  });

  it.each([
    ['@09:10-09:20', 10 * MINUTE, 20 * MINUTE],
    ['@9:10-9:20', 10 * MINUTE, 20 * MINUTE],
    ['@09:00-09:10:30', 0, 10 * MINUTE + 30 * SECOND],
    ['@+5m-+20m', 5 * MINUTE, 20 * MINUTE],
    ['@+0s-+90s', 0, 90 * SECOND],
    ['@+90s-+1h30m', 90 * SECOND, 90 * MINUTE],
    ['@+5m-09:20', 5 * MINUTE, 20 * MINUTE],
    ['@09:10-+20m', 10 * MINUTE, 20 * MINUTE],
    ['@08:00-10:00', 0, HOUR],
    ['@23:30-00:30', 14.5 * HOUR, 15.5 * HOUR],
    ['@08:00-00:00', 23 * HOUR, 39 * HOUR],
    ['@22:00-09:30', 13 * HOUR, 24.5 * HOUR],
    ['@+26h-12:00', 26 * HOUR, 27 * HOUR],
  ])('lasts %s', (window, startMs, endMs) => {
    expect(parsed(`asterisk-ari${window}`)).toMatchObject({ startMs, endMs });
    expect(parsed(`asterisk-ari${window}:401`)).toMatchObject({
      startMs,
      endMs,
      fault: { type: '401' },
    });
  });

  it('counts clock times from a start that is not on the hour', () => {
    const startMs = START_MS + 7 * MINUTE + 30 * SECOND;
    expect(parsed('tts@09:10-09:20', startMs)).toMatchObject({ startMs: 150 * SECOND });
    expect(parsed('tts@09:06-09:07', startMs)).toMatchObject({ startMs: DAY - 90 * SECOND });
  });

  it('is on from the start where it is on at the start', () => {
    const startMs = START_MS + 7 * MINUTE + 30 * SECOND;
    const endMs = 12 * MINUTE + 30 * SECOND;
    expect(parsed('tts@09:07-09:20', startMs)).toMatchObject({ startMs: 0, endMs });
  });

  it.each<[string, Fault]>([
    ['503', { type: '503' }],
    ['401', { type: '401' }],
    ['400', { type: '400' }],
    ['timeout', { type: 'timeout' }],
    ['reset', { type: 'reset' }],
    ['refused', { type: 'refused' }],
    ['429', { type: '429', retryAfterMs: DEFAULT_RETRY_AFTER_MS }],
    ['429/2m', { type: '429', retryAfterMs: 2 * MINUTE }],
    ['slow:4s', { type: 'slow', byMs: 4 * SECOND }],
    ['slow:1m30s', { type: 'slow', byMs: 90 * SECOND }],
    ['flaky:30%', { type: 'flaky', share: 0.3 }],
    ['flaky:0.5%', { type: 'flaky', share: 0.005 }],
    ['flaky:100%', { type: 'flaky', share: 1 }],
  ])('fails with %s', (text, fault) => {
    expect(parsed(`espeak-ng:${text}`).fault).toEqual(fault);
    expect(parsed(`espeak-ng@09:10-09:20:${text}`).fault).toEqual(fault);
    expect(parsed(`espeak-ng@+5m-+20m:${text}`).fault).toEqual(fault);
  });

  it.each<[string, Fault]>([
    ['restart', { type: 'restart' }],
    ['cut', { type: 'cut' }],
    ['trunk', { type: 'trunk', says: 'congested' }],
  ])('of an exchange fails with %s', (text, fault) => {
    expect(parsed(`asterisk-ari:${text}`).fault).toEqual(fault);
    expect(parsed(`asterisk-ami@+5m-+20m:${text}`).fault).toEqual(fault);
    expect(outageText(parsed(`asterisk-ami@+5m-+20m:${text}`))).toBe(
      `asterisk-ami@+5m-+20m:${text}`,
    );
  });
});

describe('what is no outage', () => {
  const targets = `all, a role (${ROLES.join(', ')}) or a service (${VENDOR_NAMES.join(', ')})`;
  const moments = 'a time of day such as 09:10 or 09:10:30, or one after the start: +5m, +1h30m';
  const faults =
    '503, 401, 400, timeout, reset, refused, 429, 429/2m, slow:4s, flaky:30%; ' +
    'of asterisk-ari and asterisk-ami also restart, cut, trunk';

  it.each([
    ['', `TARGET: found nothing, allowed: ${targets}.`],
    ['@+5m-+6m', `TARGET: found nothing, allowed: ${targets}.`],
    ['elevenlab:503', `TARGET: found "elevenlab", allowed: ${targets}; did you mean elevenlabs?`],
    ['ElevenLabs', `TARGET: found "ElevenLabs", allowed: ${targets}; did you mean elevenlabs?`],
    ['salesforce', `TARGET: found "salesforce", allowed: ${targets}.`],
    ['tts@', 'FROM-TO: found nothing, allowed: both, such as 09:10-09:20 or +5m-+20m.'],
    ['tts@09:10', 'FROM-TO: found "09:10", allowed: both, such as 09:10-09:20 or +5m-+20m.'],
    ['tts@9am-10am', `FROM: found "9am", allowed: ${moments}.`],
    ['tts@-09:10', `FROM: found nothing, allowed: ${moments}.`],
    ['tts@5m-20m', `FROM: found "5m", allowed: ${moments}; write +5m.`],
    ['tts@+5m-20m:503', `TO: found "20m", allowed: ${moments}; write +20m.`],
    ['tts@+5m-20m:slow:4s', `TO: found "20m", allowed: ${moments}; write +20m.`],
    ['tts@09:10-', `TO: found nothing, allowed: ${moments}.`],
    ['tts@+5-+20m', `FROM: found "+5", allowed: ${moments}.`],
    ['tts@+5m-+31h1h', `TO: found "+31h1h", allowed: ${moments}.`],
    ['tts@+5m-+721h', 'TO: found "+721h", allowed: up to +720h.'],
    ['tts@24:00-25:00', 'FROM: found "24:00", allowed: a time of day from 00:00 to 23:59:59.'],
    ['tts@09:10-09:60', 'TO: found "09:60", allowed: a time of day from 00:00 to 23:59:59.'],
    ['tts@+20m-+5m', 'TO: found "+5m", allowed: a time after FROM, which is +20m.'],
    ['tts@+5m-+5m', 'TO: found "+5m", allowed: a time after FROM, which is +5m.'],
    ['tts@09:10-09:10', 'TO: found "09:10", allowed: a time after FROM, which is 09:10.'],
    ['tts@09:20-09:10', 'TO: found "09:10", allowed: a time after FROM, which is 09:20.'],
    ['tts@10:00-+5m', 'TO: found "+5m", allowed: a time after FROM, which is 10:00.'],
    ...[
      ['tts:429@+2m', 'tts@+2m-TO:429'],
      ['elevenlabs@503:09:10', 'elevenlabs@09:10-TO:503'],
      ['elevenlabs:503@09:10-09:20', 'elevenlabs@09:10-09:20:503'],
      ['elevenlabs@429/2m:+5m-+20m', 'elevenlabs@+5m-+20m:429/2m'],
      ['tts:slow:4s@+5m-+20m', 'tts@+5m-+20m:slow:4s'],
      ['tts:flaky:30%:+5m-+20m', 'tts@+5m-+20m:flaky:30%'],
    ].map(([found, right]) => [
      found,
      `OUTAGE: found "${found}", allowed: TARGET@FROM-TO:FAULT, in this order; write ${right}.`,
    ]),
    ['tts:', `FAULT: found nothing, allowed: ${faults}.`],
    ['tts@09:10-09:20:', `FAULT: found nothing, allowed: ${faults}.`],
    ['tts:timout', `FAULT: found "timout", allowed: ${faults}; did you mean timeout?`],
    ['tts:down', `FAULT: found "down", allowed: ${faults}.`],
    ['tts:502', `FAULT: found "502", allowed: ${faults}; 502 has the same effect as 503.`],
    ['tts:429:2m', `FAULT: found "429:2m", allowed: ${faults}; write 429/2m.`],
    ['tts:slow', `FAULT: found "slow", allowed: ${faults}; did you mean slow:4s?`],
    ['tts:flaky/30%', `FAULT: found "flaky/30%", allowed: ${faults}; did you mean flaky:30%?`],
    [
      'tts:slow:4',
      'FAULT: found "slow:4", allowed: a duration from 1ms to 24h at its end; ' +
        'write slow:4s for seconds.',
    ],
    ['tts:429/0s', 'FAULT: found "429/0s", allowed: a duration from 1ms to 24h at its end.'],
    ...['0.3', '30', '0%', '101%', '-5%'].map((share) => [
      `tts:flaky:${share}`,
      `FAULT: found "flaky:${share}", allowed: a share of the requests, from flaky:0.01% to ` +
        'flaky:100%.',
    ]),
  ] as [string, string][])('%s', (text, message) => {
    expect(refusal(text)).toBe(message);
  });

  it('is any other text, and it is refused as an argument', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('', 'tts', 'tts@', 'tts:'), (text, head) => {
        try {
          parsed(head + text);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidArgumentError);
        }
      }),
    );
  });
});

describe('printed and parsed again', () => {
  const spans = fc.oneof(
    fc.integer({ min: 1, max: DAY }),
    fc.integer({ min: 1, max: 24 * 60 }).map((minutes) => minutes * MINUTE),
  );
  const faults = fc.oneof(
    fc.constantFrom<Fault[]>(
      { type: '503' },
      { type: '401' },
      { type: '400' },
      { type: 'refused' },
      { type: 'timeout' },
      { type: 'reset' },
    ),
    spans.map((retryAfterMs): Fault => ({ type: '429', retryAfterMs })),
    spans.map((byMs): Fault => ({ type: 'slow', byMs })),
    fc.integer({ min: 1, max: 10_000 }).map((n): Fault => ({ type: 'flaky', share: n / 10_000 })),
  );
  const outages = fc
    .record({
      name: fc.constantFrom('all', ...ROLES, ...VENDOR_NAMES),
      startMs: fc.oneof(fc.constant(0), spans),
      lengthMs: spans,
      fault: faults,
    })
    .map(({ name, startMs, lengthMs, fault }) => ({
      name,
      target: targetOf(name),
      startMs,
      endMs: startMs + lengthMs,
      fault,
    }));

  it('an outage is the same, whenever the simulation starts', () => {
    fc.assert(
      fc.property(outages, fc.nat({ max: 10 * DAY }), (outage, afterMs) => {
        expect(parsed(outageText(outage), START_MS + afterMs)).toEqual(outage);
      }),
    );
    expect(outageText(parsed('elevenlabs'))).toBe('elevenlabs@+2m-+5m:503');
  });

  it('clock times are those that the clock shows', () => {
    const seconds = fc.integer({ min: 0, max: 24 * 3600 - 1 });
    const clock = (second: number): string => new Date(second * SECOND).toISOString().slice(11, 19);
    fc.assert(
      fc.property(
        seconds,
        fc.integer({ min: 1, max: 12 * 3600 }),
        fc.nat({ max: 10 * DAY }),
        (from, length, afterMs) => {
          const about = { startMs: START_MS + afterMs };
          const to = (from + length) % (24 * 3600);
          const { startMs, endMs } = parseOutage(`crm@${clock(from)}-${clock(to)}`, about);
          expect((about.startMs + endMs) % DAY).toBe(to * SECOND);
          expect(startMs).toBeGreaterThanOrEqual(0);
          // What has begun before the start is on from the start.
          const isOn = startMs === 0 && about.startMs % DAY !== from * SECOND;
          expect(endMs - startMs).toBeLessThanOrEqual(length * SECOND);
          if (isOn) return;
          expect((about.startMs + startMs) % DAY).toBe(from * SECOND);
          expect(endMs - startMs).toBe(length * SECOND);
          expect(startMs).toBeLessThan(DAY);
        },
      ),
    );
  });
});
