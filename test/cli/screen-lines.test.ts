import { describe, expect, it } from 'vitest';
import type { Paint } from '../../src/cli/paint.ts';
import { screenLines } from '../../src/cli/screen-lines.ts';
import { clearNumbers, phoneOf } from '../support/command-bench.ts';
import { EVERY_EVENT } from '../support/every-event.ts';

const marked: Paint = (style, text) => `${style}:${text}`;
const plain: Paint = (_style, text) => text;

const failed = {
  type: 'call.failed',
  contact: 'c-1',
  call: 'x',
  kind: 'permanent',
  code: 'bad_length',
  message: 'too long',
} as const;

describe('what is said while a run works', () => {
  it('is what an operator would want to be called for', () => {
    const lineFor = screenLines(false, marked);
    const said = EVERY_EVENT.flatMap((event) => {
      const line = lineFor(event);
      return line === undefined ? [] : [[event.type, line.split(':')[0]]];
    });
    expect(said).toEqual([
      ['attempt.failed', 'yellow'],
      ['fallback.used', 'yellow'],
      ['breaker.opened', 'red'],
      ['breaker.closed', '  flite works again after 2 min 5 s'],
      ['service.stalled', 'red'],
      ['service.resumed', '  flite takes requests again after 2 min 5 s'],
      ['call.failed', 'red'],
      ['call.looked_for', 'yellow'],
      ['call.looked_up', '  preview has the call to c-017 whose answer was lost'],
      ['record.refused', 'yellow'],
      ['connection.changed', 'yellow'],
      ['alert.failed', 'red'],
      ['sheet.away', 'yellow'],
      ['notice', '  for your information'],
    ]);
  });

  it('says once that another takes over, for each that is replaced', () => {
    const services = (['llm', 'tts'] as const).map((role) => ({ role, service: 'openai' }));
    const lineFor = screenLines(false, plain, services);
    const why = { reason: 'openai answered 429', code: 'http_429' };
    const used = { type: 'fallback.used', instead: 'openai', ...why } as const;
    const text = { ...used, role: 'llm', service: 'template' } as const;
    const voice = { ...used, role: 'tts', service: 'flite' } as const;
    expect([text, voice, text, voice].map(lineFor)).toEqual([
      '  template writes the text instead of openai: openai answered 429',
      '  flite speaks the text instead of openai (tts): openai answered 429',
      undefined,
      undefined,
    ]);
  });

  it('is everything with --verbose, and whose it is', () => {
    const lineFor = screenLines(true, plain);
    for (const event of EVERY_EVENT) {
      const line = lineFor(event) ?? '';
      expect(line, event.type).toMatch(/^ {2}\S/);
      const times = 'contact' in event ? 1 : 0;
      expect(line.match(/c-017(?!\.wav)/g) ?? [], event.type).toHaveLength(times);
    }
    const step = EVERY_EVENT.find(({ type }) => type === 'step.finished');
    expect(step && lineFor(step)).toBe('  speech done by flite in 13 ms (contact c-017)');
  });

  it('has no number in it', () => {
    const contact = phoneOf(1);
    const detail = `${phoneOf(1)}.wav`;
    for (const verbose of [false, true]) {
      const lineFor = screenLines(verbose, plain);
      for (const event of EVERY_EVENT) {
        const theirs = 'contact' in event ? { ...event, contact } : event;
        const line = lineFor('detail' in theirs ? { ...theirs, detail } : theirs) ?? '';
        expect(clearNumbers(line)).toEqual([]);
      }
    }
  });

  it('tells five failed calls of a kind one by one, then once that there are more', () => {
    const lineFor = screenLines(false, plain);
    const lines = Array.from({ length: 9 }, () => lineFor(failed));
    expect(lines.slice(0, 5)).toEqual(Array(5).fill('  call to c-1 failed: too long (bad_length)'));
    expect(lines[5]).toBe('  more calls fail like that (bad_length): campaign logs has them all');
    expect(lines.slice(6)).toEqual([undefined, undefined, undefined]);
    expect(lineFor({ ...failed, code: 'other' })).toContain('call to c-1 failed');
    const verbose = screenLines(true, plain);
    expect(Array.from({ length: 9 }, () => verbose(failed))).not.toContain(undefined);
  });

  it('tells five requests that fail alike, then once that there are more, until it works', () => {
    const lineFor = screenLines(false, plain);
    const subject = { contact: 'c-1', call: 'x', line: 1, step: 'script' } as const;
    const openai = { ...subject, service: 'openai', role: 'llm' } as const;
    const why = { kind: 'transient', scope: 'service', code: 'http_429', message: 'no' } as const;
    const request = {
      type: 'attempt.failed',
      ...openai,
      ...why,
      attempt: 1,
      durationMs: 1,
    } as const;
    const line = '  openai failed at script, attempt 1: no (http_429)';
    const more = '  more requests fail like that (openai: http_429): campaign logs has them all';
    const told = [...Array(5).fill(line), more, undefined, undefined];
    expect(told.map(() => lineFor(request))).toEqual(told);
    expect(lineFor({ ...request, service: 'google' })).toContain('google failed at script');
    expect(lineFor({ ...request, code: 'http_500' })).toContain('(http_500)');
    expect(lineFor({ ...request, question: true })).toContain('openai did not say');
    const works = { type: 'breaker.closed', service: 'openai', role: 'llm', outageMs: 1 } as const;
    expect(lineFor(works)).toContain('openai works again');
    expect(told.map(() => lineFor(request))).toEqual(told);
    const verbose = screenLines(true, plain);
    expect(told.map(() => verbose(request))).not.toContain(undefined);
  });

  it('leaves out an attempt for whose failure the contact is to blame', () => {
    const attempt = EVERY_EVENT.find((event) => event.type === 'attempt.failed');
    if (attempt?.type !== 'attempt.failed') throw new Error('there is one');
    expect(screenLines(false, plain)({ ...attempt, scope: 'request' })).toBeUndefined();
  });

  it('tells an uncertain end, and no other', () => {
    const lineFor = screenLines(false, plain);
    const end = { type: 'call.finished', contact: 'c-1', call: 'x', durationMs: 1000 } as const;
    expect(lineFor({ ...end, outcome: 'answered' })).toBeUndefined();
    expect(lineFor({ ...end, outcome: 'uncertain' })).toBe('  call to c-1 ended: uncertain in 1 s');
  });
});
