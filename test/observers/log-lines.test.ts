import { describe, expect, it } from 'vitest';
import { detailText, levelOf, messageOf, namesContact } from '../../src/observers/log-lines.ts';
import { EVERY_EVENT } from '../support/every-event.ts';

describe('events in words', () => {
  it('tell of a call that went on for too long what is known of it', () => {
    const subject = { contact: 'c-15', call: 'x', line: 1, step: 'dial' } as const;
    const twilio = { ...subject, service: 'twilio', role: 'dialer' } as const;
    const why = { kind: 'unknown', scope: 'service', code: 'call_limit' } as const;
    const message = 'it was still in progress after 66 s, and is hung up';
    const asked = { ...twilio, ...why, message, attempt: 1, durationMs: 66_000, question: true };
    const told = messageOf({ type: 'attempt.failed', ...asked }, []);
    expect(told).toBe(`twilio: the call to c-15 was cut: ${message} (call_limit)`);
    expect(namesContact('attempt.failed', 'c-15', told)).toBe(true);
  });

  it.each([
    ['failed', undefined, 'warn'],
    ['uncertain', undefined, 'warn'],
    ['failed', 'opted_out', 'info'],
    ['busy', undefined, 'info'],
    ['answered', undefined, 'info'],
  ] as const)('tell of a call that is %s (%s) as %s', (outcome, code, level) => {
    const subject = { contact: 'c-1', call: 'x', line: 1, durationMs: 1 };
    expect(levelOf({ type: 'call.finished', ...subject, outcome, code })).toBe(level);
  });

  it('say what happened, for every type', () => {
    expect(EVERY_EVENT.map((event) => `${levelOf(event)} ${messageOf(event, [])}`)).toEqual([
      'info run started on 4 lines: 12 contacts, 3 done, 6 queued, 1 put off, 1 calling, ' +
        '1 uncertain',
      'warn line 8 of the list was rejected: no number',
      'info call to c-017 started',
      'info speech done by flite in 13 ms',
      'info script was there already',
      'warn flite failed at speech, attempt 1: no answer (timeout 503)',
      'info flite: retry 1 in 5 s',
      'warn espeak-ng speaks the text instead of flite: flite is left alone',
      'error flite is left alone for 1 min: no answer (timeout)',
      'info flite is tried again',
      'info flite works again after 2 min 5 s',
      'error flite has taken no requests for 1 min: too many requests (429)',
      'info flite takes requests again after 2 min 5 s',
      'error call to c-017 failed at speech: no answer (timeout)',
      'info c-017 is put off for 1 min: flite is left alone',
      'info call to c-017 ended: previewed (c-017.wav) in 321 ms',
      'warn the answer about the call to c-017 was lost: preview is asked whether it has the ' +
        'call, which takes 10 min at most; they are not rung again meanwhile',
      'info preview has the call to c-017 whose answer was lost: nobody is rung again',
      'warn csv refused the record of the call to c-017: the row cannot be written ' +
        '(unwritable); it is owed: the next run offers it again',
      'warn flite is unhealthy: its health check fails (mute)',
      'warn asterisk-ami is not connected to 127.0.0.1:5038, attempt 2 failed: nobody listens ' +
        'there (ECONNREFUSED); tried again in 30 s',
      'info alert sent by email: flite, which speaks the texts, does not work ' +
        '(affected so far: 7 contacts)',
      'error alert not sent by telegram (flite, which speaks the texts, does not work): ' +
        'Bad Gateway (http_502 502); it is sent later',
      'info Google Sheets takes rows again after 2 min 5 s: 20 rows written',
      'warn Google Sheets takes no rows, 1 row waits: not shared with robot@example.com ' +
        '(PERMISSION_DENIED 403)',
      'info for your information',
      'warn run ended after 1 min 1 s: a needed service was down too long (flite is down); ' +
        '12 contacts, 3 done, 6 queued, 1 put off, 1 calling, 1 uncertain',
    ]);
  });

  it('say of a service whose connection is away what it is left alone until', () => {
    const about = { type: 'breaker.opened', service: 'asterisk-ami', role: 'dialer' } as const;
    const cause = { kind: 'transient', code: 'not_connected', message: 'nobody listens' } as const;
    expect(messageOf({ ...about, ...cause, openMs: 60_000, isCutOff: true }, [])).toBe(
      'asterisk-ami is left alone until it is connected: nobody listens (not_connected)',
    );
  });

  it('say of a call that failed where it is only put off', () => {
    const failed = EVERY_EVENT.flatMap((event) =>
      event.type === 'call.failed' ? [messageOf({ ...event, putOff: true }, [])] : [],
    );
    expect(failed).toEqual(['call to c-017 is put off, it failed at speech: no answer (timeout)']);
  });

  it('name an account that fills two roles as two', () => {
    const services = (['llm', 'tts'] as const).map((role) => ({ role, service: 'openai' }));
    const works = { type: 'breaker.closed', service: 'openai', outageMs: 1_000 } as const;
    const told = services.map(({ role }) => messageOf({ ...works, role }, services));
    expect(told).toEqual(['openai works again after 1 s', 'openai (tts) works again after 1 s']);
    const why = { reason: 'openai answered 429', code: 'http_429' };
    const used = {
      type: 'fallback.used',
      role: 'tts',
      service: 'flite',
      instead: 'openai',
    } as const;
    expect(messageOf({ ...used, ...why }, services)).toBe(
      'flite speaks the text instead of openai (tts): openai answered 429',
    );
  });

  it('say how long a service had not been healthy', () => {
    const about = { type: 'health.changed', service: 'flite', role: 'tts' } as const;
    expect(messageOf({ ...about, health: 'healthy', awayMs: 90_000 }, [])).toBe(
      'flite is healthy; it had not been healthy for 1 min 30 s',
    );
  });

  it('name the call that a question is about, by a contact whose id is no number', () => {
    const asked = EVERY_EVENT.flatMap((event) =>
      event.type === 'attempt.failed' ? [{ ...event, question: true } as const] : [],
    );
    expect(asked.map((event) => messageOf(event, []))).toEqual([
      'flite did not say what became of the call to c-017, asked 1 time: no answer (timeout 503)',
    ]);
    const [one] = asked;
    const masked = one && messageOf({ ...one, contact: '+14155550134' }, []);
    expect(masked).toContain('the call to +1 415 *** **34, asked');
  });

  it('say until when somebody waits, and who comes first', () => {
    const about = { type: 'contact.put_off', contact: 'c-1', reason: 'waits for flite' } as const;
    const told = (wait: { delayMs: number; behind?: true; waitsFor?: readonly string[] }): string =>
      messageOf({ ...about, ...wait }, []);
    expect(told({ delayMs: 60_000, behind: true })).toBe(
      'c-1 is put off for 1 min, behind the others: waits for flite',
    );
    expect(told({ delayMs: 142, waitsFor: ['flite'] })).toBe(
      'c-1 is put off until it can be asked: waits for flite',
    );
    expect(told({ delayMs: 142, waitsFor: ['flite', 'hubspot'] })).toContain('until they can be');
    expect(told({ delayMs: 1_000, waitsFor: ['flite'] })).toContain('put off for 1 s: ');
  });

  it('write all numbers of a line in one way', () => {
    const contacts = { total: 100_000, done: 1_160, calling: 0, queued: 98_840, put_off: 0 };
    const counts = { ...contacts, uncertain: 0 };
    expect(messageOf({ type: 'run.started', lines: 4, contacts: counts }, [])).toBe(
      'run started on 4 lines: 100,000 contacts, 1,160 done, 98,840 queued',
    );
  });

  it('say who was not hung up on', () => {
    const asked = EVERY_EVENT.flatMap((event) =>
      event.type === 'attempt.failed' ? [{ ...event, hangUp: true } as const] : [],
    );
    expect(asked.map((event) => messageOf(event, []))).toEqual([
      'flite did not hang up the call to c-017: no answer (timeout 503)',
    ]);
  });

  it('mask the number of the person in a detail, however it is written', () => {
    expect(detailText('+14155550134.wav', '+14155550134')).toBe('+1 415 *** **34.wav');
    expect(detailText('%2B14155550134.wav', '+14155550134')).toBe('+1 415 *** **34.wav');
    expect(detailText('14155550134.wav', '+14155550134')).toBe('***.wav');
    expect(detailText('7.wav', '7')).toBe('7.wav');
  });
});
