import { describe, expect, it } from 'vitest';
import type { ServiceFailure } from '../../../src/domain/failure.ts';
import type { Dialer, DialRequest, Found, Placed } from '../../../src/engine/ports.ts';
import { type TwilioSettings, twilio } from '../../../src/services/dialer/twilio.ts';
import { deadUrl } from '../../support/loopback.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { contactOf, failureOf, requestContext } from '../support.ts';
import { ANSWERS, type Answer, type Course, FakeTwilio, FROM, SID, wrong } from './fake-twilio.ts';

const TO = '+14155550134';
/** What the operator is told where calls are there that could be this one. */
const SEVERAL = expect.stringMatching(
  /no telling whether one of them is this one, or which: .*: campaign settle$/,
);
const CONTEXT = requestContext();

class Bench {
  readonly clock = new VirtualClock();
  readonly fake = new FakeTwilio(this.clock);
  /** References that the journal has under other calls. */
  readonly others = new Set<string>();
  /** When other calls to the number began of which nobody knows what became. */
  doubts: readonly number[] = [];

  async open(over: Partial<TwilioSettings> = {}): Promise<Dialer> {
    if (this.fake.url === '') await this.fake.listen();
    return twilio(this.fake.settings(over), this.fake.http(), this.clock);
  }

  request(over: Partial<DialRequest> = {}): DialRequest {
    const never = (): never => {
      throw new Error('a dialer writes down no attempts');
    };
    return {
      call: 'call-1',
      contact: contactOf({ phone: TO }),
      text: 'Hello',
      language: 'en',
      audio: undefined,
      begunMs: this.clock.wallMs(),
      attempts: {
        begin: never,
        end: never,
        left: never,
        isOthers: (_service, reference) => this.others.has(reference),
        othersInDoubt: (_service, phone) => (phone === TO ? this.doubts : []),
      },
      ...over,
    };
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.fake.until(work, this.clock);
  }

  place(dialer: Dialer, request = this.request()): Promise<Placed> {
    return this.run(dialer.place(request, CONTEXT));
  }

  refused(dialer: Dialer, request = this.request()): Promise<ServiceFailure> {
    return this.run(failureOf(dialer.place(request, CONTEXT)));
  }

  find(dialer: Dialer, request = this.request()): Promise<Found> {
    return this.run(dialer.find(request, CONTEXT));
  }

  get listedAtMs(): readonly number[] {
    return this.fake.asked.flatMap(({ path, atMs }) =>
      path.startsWith('/Calls.json?') ? [atMs] : [],
    );
  }
}

async function bench(over: Partial<TwilioSettings> = {}) {
  const made = new Bench();
  return { made, fake: made.fake, clock: made.clock, dialer: await made.open(over) };
}

describe('a call', () => {
  it('is placed with its text in the request, and no server of ours', async () => {
    const { made, fake, dialer } = await bench();
    const request = made.request({ text: 'Zoë & "Z" <b>', language: 'es' });
    const placed = await made.place(dialer, request);
    expect(placed).toEqual({ service: 'twilio', reference: fake.calls[0]?.sid });
    expect(fake.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /Calls.json']);
    expect(Object.fromEntries(fake.asked[0]?.form ?? [])).toEqual({
      To: TO,
      From: FROM,
      Twiml:
        '<Response><Pause length="1"/>' +
        '<Say language="es-ES">Zoë &amp; "Z" &lt;b&gt;</Say></Response>',
      Timeout: '30',
      TimeLimit: '550',
    });
  });

  it('plays what is published, and speaks nothing itself then', async () => {
    const { made, fake, dialer } = await bench({ audioBaseUrl: 'https://example.com/a?b' });
    expect(dialer.speaks).toBeUndefined();
    const audio = { hash: 'ab12', path: '/audio/ab/ab12.wav', durationMs: 1 };
    await made.place(dialer, made.request({ audio }));
    expect(fake.calls[0]?.twiml).toBe(
      '<Response><Pause length="1"/><Play>https://example.com/a?b/ab/ab12.wav</Play></Response>',
    );
    const failure = await made.refused(dialer);
    expect(failure).toMatchObject({ kind: 'permanent', scope: 'request', code: 'audio_missing' });
    expect(fake.rung).toHaveLength(1);
  });

  it('has machines detected where that is wanted', async () => {
    const { made, fake, dialer } = await bench({ machineDetection: true });
    await made.place(dialer);
    expect(fake.asked[0]?.form.get('MachineDetection')).toBe('DetectMessageEnd');
  });

  it.each([
    ['a text too long with its markup', { text: '&'.repeat(900) }, 'text_too_long'],
    ['a language that is not spoken', { language: 'tlh' }, 'no_voice'],
  ])('is not placed for %s', async (_what, over, code) => {
    const { made, fake, dialer } = await bench();
    const failure = await made.refused(dialer, made.request(over));
    expect(failure).toMatchObject({ kind: 'permanent', scope: 'request', code });
    expect(fake.asked).toEqual([]);
  });

  it('says which languages it speaks', async () => {
    const { dialer } = await bench();
    const spoken = ['en', 'EN-gb', 'en-ZA', 'pt-BR', 'no', 'zh-TW'];
    expect(spoken.map((language) => dialer.speaks?.(language))).toEqual(spoken.map(() => true));
    expect(dialer.speaks?.('e')).toBe(false);
    expect(dialer.speaks?.('tlh')).toBe(false);
  });
});

const ACCOUNT = { kind: 'permanent', scope: 'service' };
const NO_NUMBER = { kind: 'permanent', scope: 'request', outcome: 'invalid_number' };
const ONE_CALL = { kind: 'permanent', scope: 'request', outcome: undefined };
/** It may be this call or every call: counted, and asked of the next dialer. */
const UNPLACED = { kind: 'transient', scope: 'service', retriesMax: 0 };
const DOUBT = { kind: 'unknown', scope: 'service' };

const REFUSALS: readonly (readonly [Answer, object, RegExp])[] = [
  [
    wrong(400, 21211, `The phone number you are attempting to call, ${TO}, is not valid.`),
    NO_NUMBER,
    /call, \*\*\*, is not valid$/,
  ],
  [wrong(400, 21214, `'To' phone number cannot be reached`), NO_NUMBER, /cannot be reached/],
  [wrong(400, 21217, 'Phone number does not appear to be valid'), NO_NUMBER, /appear to be/],
  [wrong(400, 21216, 'Account not allowed to call'), ONE_CALL, /not allowed/],
  [
    wrong(400, 21215, 'Account not authorized to call'),
    ACCOUNT,
    /; the account may not call this country/,
  ],
  [wrong(400, 21219, 'is unverified'), ACCOUNT, /; a trial account calls only numbers verified/],
  [wrong(400, 21210, 'not yet verified'), ACCOUNT, /; check providers\.twilio\.from/],
  [wrong(400, 21212, 'Invalid From'), ACCOUNT, /; check providers\.twilio\.from/],
  [wrong(429, 10004, 'Call concurrency limit exceeded'), ACCOUNT, /; .*lower campaign\.lines/],
  [
    wrong(401, 20003, 'Authenticate'),
    ACCOUNT,
    /; check providers\.twilio\.account_sid and auth_token/,
  ],
  [wrong(403, 20005, 'Account not active'), ACCOUNT, /account is suspended or closed/],
  [wrong(400, 10001, 'Refused'), ACCOUNT, /account is suspended or closed/],
  [wrong(403, 20403, 'Forbidden'), ACCOUNT, /account is suspended or closed/],
  [wrong(400, 90010, 'Refused'), ACCOUNT, /account is suspended or closed/],
  // Words about the number, not about the account.
  [
    wrong(400, 12345, 'To: that exchange was closed'),
    { ...UNPLACED, code: 'twilio_12345' },
    /exchange was closed; if others are refused like this one, check providers\.twilio\.from and/,
  ],
  [wrong(404, 20404, 'not found'), ACCOUNT, /check providers\.twilio\.account_sid and base_url/],
  [
    wrong(400, 21205, 'Url is not a valid url'),
    { ...UNPLACED, code: 'twilio_21205' },
    /valid url; if others are refused like this one/,
  ],
  [{ status: 422, body: '' }, { ...UNPLACED, code: 'http_422' }, /if others are refused/],
  [wrong(400, 21266, 'To and From cannot be the same'), ONE_CALL, /be the same$/],
  [wrong(400, 32018, 'Twiml too long'), ONE_CALL, /; lower script\.max_characters/],
  [
    { ...wrong(429, 20429, 'Too Many Requests'), headers: { 'retry-after': '3' } },
    { kind: 'transient', scope: 'service', status: 429, retryAfterMs: 3_000 },
    /Too Many/,
  ],
  [
    { status: 302, headers: { location: 'https://elsewhere.example/' } },
    ACCOUNT,
    /redirects to elsewhere\.example/,
  ],
  [wrong(500, 20500, 'Internal Server Error'), DOUBT, /Internal/],
  [wrong(503, 20503, 'Service Unavailable'), DOUBT, /Unavailable/],
  [{ status: 502, body: '<html>Bad gateway</html>' }, DOUBT, /answered 502/],
  [{ status: 504, body: '' }, DOUBT, /answered 504/],
  [{ status: 408, body: '' }, DOUBT, /answered 408/],
  [{ status: 201, body: 'created' }, DOUBT, /without the sid/],
  [{ status: 200, body: {} }, DOUBT, /without the sid/],
];

describe('an answer that is none', () => {
  it.each(REFUSALS)('%j', async (answer, meaning, words) => {
    const { made, fake, dialer } = await bench();
    fake.fates.push({ isDone: false, answer });
    const failure = await made.refused(dialer);
    expect(failure).toMatchObject(meaning);
    expect(failure.message).toMatch(/^twilio answered \d/);
    expect(failure.message).toMatch(words);
    expect(failure.message).not.toMatch(/0134|wonderland/);
  });

  it('keeps the token out of what is told of it', async () => {
    const { made, dialer } = await bench({ authToken: 'test-token-2-looking-glass' });
    const failure = await made.refused(dialer);
    expect(failure).toMatchObject({ ...ACCOUNT, code: 'twilio_20003', status: 401 });
    expect(failure.message).toContain('Authenticate Basic ***');
    expect(failure.message).not.toMatch(/looking|bG9va2l/);
  });

  it('tells the number of nobody, however Twilio spells it', async () => {
    const spellings = ['(415) 555-0134', 'To14155550134x', '415\u00a0555\u00a00134', '5550134'];
    const { made, fake, dialer } = await bench();
    for (const [index, spelling] of spellings.entries()) {
      const message = `The number ${spelling} is not valid`;
      const status = index % 2 === 0 ? 400 : 503;
      fake.fates.push({ isDone: false, answer: wrong(status, 21205, message) });
      const failure = await made.refused(dialer);
      expect(failure.message).toContain('The number ');
      expect(failure.message).not.toMatch(/0134/);
    }
  });

  it('tells it neither where it is asked about the call', async () => {
    const { made, fake, dialer } = await bench();
    const placed = await made.place(dialer);
    // In pieces that no general rule would take for a number.
    for (const message of ['The call to 555 01 34 (415) was lost', '5550134 hung up']) {
      fake.polls.push(wrong(503, 20503, message));
      const failure = await made.run(failureOf(dialer.follow(placed, made.request(), CONTEXT)));
      expect(failure.message).toMatch(/The call to|hung up/);
      expect(failure.message).not.toMatch(/34/);
    }
  });

  it('leaves it open whether the call was placed where the connection is reset', async () => {
    const { made, fake, dialer } = await bench();
    fake.fates.push({ answer: 'lost' });
    expect(await made.refused(dialer)).toMatchObject(DOUBT);
    expect(fake.rung).toHaveLength(1);
  });

  it('is harmless where nothing was sent', async () => {
    const { made, dialer } = await bench({ baseUrl: await deadUrl() });
    expect(await made.refused(dialer)).toMatchObject({ kind: 'transient', code: 'ECONNREFUSED' });
  });
});

describe('a call that was placed', () => {
  const ends: readonly (readonly [Partial<Course>, object])[] = [
    [{ end: 'completed' }, { outcome: 'answered', detail: /^20 s; CA0+1$/ }],
    [{ end: 'completed', answeredBy: 'human' }, { outcome: 'answered' }],
    [{ end: 'completed', answeredBy: 'unknown' }, { outcome: 'answered' }],
    [{ end: 'completed', answeredBy: 'machine_end_beep' }, { outcome: 'voicemail' }],
    [{ end: 'completed', answeredBy: 'machine' }, { outcome: 'voicemail' }],
    [
      { end: 'completed', answeredBy: 'fax' },
      { outcome: 'failed', detail: /a fax machine/ },
    ],
    [{ end: 'busy' }, { outcome: 'busy', detail: /^0 s; CA/ }],
    [{ end: 'no-answer' }, { outcome: 'no_answer' }],
    [{ end: 'failed' }, { outcome: 'failed', detail: /most often there is no such number/ }],
    [{ end: 'canceled' }, { outcome: 'failed', detail: /cancelled before an answer/ }],
  ];

  it.each(ends)('ends: %j', async (course, ended) => {
    const { made, fake, dialer } = await bench();
    fake.course = { ...ANSWERS, ...course };
    const placed = await made.place(dialer);
    const { detail, ...rest } = ended as { outcome: string; detail?: RegExp };
    const found = await made.run(dialer.follow(placed, made.request(), CONTEXT));
    expect(found).toMatchObject(rest);
    expect(found.detail).toMatch(detail ?? /CA0+1$/);
  });

  it('is asked after every 2 s at first, and every 15 s in the end', async () => {
    const { made, fake, dialer } = await bench();
    fake.course = { ...ANSWERS, talkMs: 80_000 };
    const placed = await made.place(dialer);
    await made.run(dialer.follow(placed, made.request(), CONTEXT));
    const times = fake.asked.slice(1).map(({ atMs }) => atMs);
    const gaps = times.map((atMs, index) => atMs - (times[index - 1] ?? 0));
    expect(gaps).toEqual([2_000, 3_000, 4_500, 6_750, 10_125, 15_000, 15_000, 15_000, 15_000]);
  });

  it.each([
    [wrong(404, 20404, 'not found'), { kind: 'transient' }],
    [wrong(503, 20503, 'Service Unavailable'), { kind: 'transient', status: 503 }],
    [wrong(401, 20003, 'Authenticate'), ACCOUNT],
    [{ body: 'no JSON' }, { kind: 'transient', code: 'unusable_answer' }],
    ['held' as const, { kind: 'transient', code: 'timeout' }],
  ])('says how a question about it failed: %j', async (answer, meaning) => {
    const { made, fake, clock, dialer } = await bench();
    const placed = await made.place(dialer);
    fake.polls.push(answer);
    const work = failureOf(dialer.follow(placed, made.request(), CONTEXT));
    expect(await made.run(work)).toMatchObject(meaning);
    expect(clock.monotonicMs()).toBe(answer === 'held' ? 17_000 : 2_000);
  });

  it.each([
    ['that is spoken on', 10_000, true, ['completed'], 'completed'],
    ['that still rings', 1_000, true, ['completed'], 'canceled'],
    [
      'that still rings, and must be cancelled',
      1_000,
      false,
      ['completed', 'canceled'],
      'canceled',
    ],
    ['that is over', 60_000, false, ['completed', 'canceled'], 'completed'],
  ])('is hung up: one %s', async (_what, ageMs, completesRinging, sent, status) => {
    const { made, fake, clock, dialer } = await bench();
    fake.completesRinging = completesRinging;
    const placed = await made.place(dialer);
    await clock.advance(ageMs);
    await made.run(dialer.hangUp(placed, CONTEXT));
    expect(fake.asked.slice(1).map(({ form }) => form.get('Status'))).toEqual(sent);
    await clock.advance(60_000);
    const ended = await made.run(dialer.follow(placed, made.request(), CONTEXT));
    expect(ended.outcome).toBe(status === 'completed' ? 'answered' : 'failed');
  });
});

describe('a call whose answer was lost', () => {
  const lost = async (over: { isDone?: boolean; lateMs?: number; skewMs?: number } = {}) => {
    const all = await bench();
    // Half a second: a date cut to the second looks older than the attempt.
    await all.clock.advance(600);
    const { skewMs = 0, ...fate } = over;
    all.fake.skewMs = skewMs;
    all.fake.fates.push({ ...fate, answer: 'lost' });
    const request = all.made.request();
    await all.made.refused(all.dialer, request);
    return { ...all, request };
  };

  it.each([0, 3_600_000, -3_600_000])(
    'is found at once, by a clock %i ms ahead',
    async (skewMs) => {
      const { made, fake, dialer, request } = await lost({ skewMs });
      expect(await made.find(dialer, request)).toEqual({
        state: 'placed',
        placed: { service: 'twilio', reference: fake.calls[0]?.sid },
      });
      expect(made.listedAtMs).toEqual([600]);
      const { path } = fake.asked.at(-1) ?? { path: '' };
      expect(path).toBe('/Calls.json?To=%2B14155550134&From=%2B14155550100&PageSize=100');
    },
  );

  it.each([true, false])('does not look older than its attempt; a Date header: %s', async (has) => {
    const { made, fake, clock, dialer } = await bench();
    await clock.advance(900); // the call's date will be cut to 0
    fake.fates.push({ answer: 'lost' });
    const request = made.request();
    await made.refused(dialer, request);
    await clock.advance(2_100);
    if (!has) fake.lists.push({ body: { calls: fake.calls.map(shownAs) }, headers: { date: '' } });
    expect(await made.find(dialer, request)).toMatchObject({ state: 'placed' });
    expect(made.listedAtMs).toEqual([3_000]);
  });

  it('is found by the next process, which has only the journal to go by', async () => {
    const { made, fake, clock, request } = await lost({ skewMs: 7_000 });
    await clock.advance(3_600_000);
    expect(await made.find(await made.open(), request)).toMatchObject({
      placed: { reference: fake.calls[0]?.sid },
    });
  });

  it.each([
    [20_000, [600, 30_600]],
    [33_000, [600, 30_600, 35_600]],
  ])('is found when Twilio is %i ms late', async (lateMs, listed) => {
    const { made, fake, dialer, request } = await lost({ lateMs });
    expect(await made.find(dialer, request)).toMatchObject({
      placed: { reference: fake.calls[0]?.sid },
    });
    expect(made.listedAtMs).toEqual(listed);
  });

  it('is proven absent by two reads 5 s apart, half a minute after it began', async () => {
    const { made, dialer, request } = await lost({ isDone: false });
    expect(await made.find(dialer, request)).toEqual({ state: 'absent' });
    expect(made.listedAtMs).toEqual([600, 30_600, 35_600]);
  });

  it('of an earlier process is proven absent only once this one has waited as long', async () => {
    const { made, clock, request } = await lost({ isDone: false });
    await clock.advance(3_600_000);
    const later = made.request({ begunMs: request.begunMs });
    const startMs = clock.monotonicMs();
    expect(await made.find(await made.open(), later)).toEqual({ state: 'absent' });
    const read = made.listedAtMs.map((atMs) => atMs - startMs);
    expect(read).toEqual([0, 30_000, 120_000, 125_000]);
  });

  it('of an earlier process is looked for, and not waited for, when the run drains', async () => {
    const { made, fake, clock, request } = await lost({ isDone: false });
    await clock.advance(3_600_000);
    const later = made.request({ begunMs: request.begunMs });
    const drain = new AbortController();
    const stopped = new Error('asked to stop');
    const startMs = clock.monotonicMs();
    clock.after(10_000, () => drain.abort(stopped));
    const dialer = await made.open();
    const draining = { ...CONTEXT, drain: drain.signal };
    const seen = await made.run(dialer.find(later, draining).catch((error: unknown) => error));
    expect(seen).toBe(stopped);
    expect(clock.monotonicMs() - startMs).toBe(10_000);
    expect(clock.pendingTimers).toBe(0);
    // The number is free again, and what Twilio has by now is found.
    const { sid } = fake.add(TO, clock.wallMs() - 3_600_000);
    expect(await made.run(dialer.find(later, draining))).toMatchObject({
      placed: { reference: sid },
    });
  });

  it('is not absent where the clock was put back by less than has gone by', async () => {
    const { made, fake, clock, request } = await lost();
    await clock.advance(3_600_000);
    clock.jumpWall(-1_800_000);
    fake.skewMs = 1_800_000;
    expect(await made.find(await made.open(), request)).toEqual({
      state: 'unknown',
      detail: SEVERAL,
    });
  });

  it('is found though the number it is placed from was changed between two processes', async () => {
    const { made, clock, request } = await lost();
    await clock.advance(10_000);
    const dialer = await made.open({ from: '+14155550111' });
    expect(await made.find(dialer, request)).toMatchObject({ state: 'placed' });
  });

  it('is not proven absent by a clock that was put forward meanwhile', async () => {
    const { made, fake, clock, dialer, request } = await lost({ lateMs: 20_000 });
    clock.jumpWall(3_600_000);
    fake.skewMs = -3_600_000;
    expect(await made.find(dialer, request)).toMatchObject({ state: 'placed' });
  });

  it('cannot be told of where the clock was put back between two processes', async () => {
    const { made, fake, clock, request } = await lost();
    clock.jumpWall(-3_600_000);
    fake.skewMs = 3_600_000;
    expect(await made.find(await made.open(), request)).toMatchObject({
      state: 'unknown',
      detail: expect.stringMatching(
        /^the clock of this machine was set back .*call log .*: campaign settle$/,
      ),
    });
  });

  it.each([
    ['slept', (_fake: FakeTwilio, clock: VirtualClock) => clock.jumpWall(600_000)],
    ['stood still, its wall clock too', (fake: FakeTwilio) => void (fake.skewMs += 600_000)],
  ])('is not absent where this machine has %s since', async (_what, sleep) => {
    const { made, fake, clock, dialer, request } = await lost();
    sleep(fake, clock);
    expect(await made.find(dialer, request)).toEqual({ state: 'unknown', detail: SEVERAL });
  });

  it('of an earlier process is not absent where the wall clock has lost days since', async () => {
    const { made, fake, request } = await lost();
    // A machine without a clock of its own goes on from where it was switched off.
    fake.skewMs += 3 * 24 * 3_600_000;
    expect(await made.find(await made.open(), request)).toEqual({
      state: 'unknown',
      detail: SEVERAL,
    });
  });

  it('is found in a list that takes its time', async () => {
    const { made, fake, dialer, request } = await lost();
    fake.lists.push({ slowMs: 14_000 });
    expect(await made.find(dialer, request)).toMatchObject({ state: 'placed' });
  });

  it.each([
    [wrong(503, 20503, 'Unavailable'), { kind: 'transient' }],
    [{ body: { calls: [{ status: 'queued' }] } }, { code: 'unusable_answer' }],
    [{ body: {} }, { code: 'unusable_answer' }],
    ['held' as const, { kind: 'transient', code: 'timeout' }],
  ])('is not proven absent by a list that is none: %j', async (answer, meaning) => {
    const { made, fake, dialer, request } = await lost({ isDone: false });
    fake.lists.push(undefined, answer);
    const work = failureOf(dialer.find(request, CONTEXT));
    expect(await made.run(work)).toMatchObject(meaning);
    // Asked again, both reads are made again.
    expect(await made.find(dialer, request)).toEqual({ state: 'absent' });
  });

  it('is not one that is older, or of another call, or to another number', async () => {
    const { made, fake, dialer, clock, request } = await lost({ isDone: false });
    fake.add(TO, clock.wallMs() - 7_000);
    fake.add('+14155550135', clock.wallMs());
    made.others.add(fake.add(TO, clock.wallMs()).sid);
    expect(await made.find(dialer, request)).toEqual({ state: 'absent' });
  });

  it.each([
    ['two of them', (fake: FakeTwilio, nowMs: number) => void fake.add(TO, nowMs)],
    [
      'more than a page',
      (fake: FakeTwilio, nowMs: number) => {
        for (let count = 0; count < 21; count += 1) fake.add(TO, nowMs + count);
      },
    ],
  ])('cannot be told from others: %s', async (_what, add) => {
    const { made, fake, clock, dialer, request } = await lost();
    add(fake, clock.wallMs());
    expect(await made.find(dialer, request)).toEqual({ state: 'unknown', detail: SEVERAL });
  });

  it.each([
    ['a date far too late', (nowMs: number) => new Date(nowMs + 600_000).toUTCString()],
    ['no date', () => null],
  ])('is neither found nor absent with %s', async (_what, date) => {
    const { made, fake, clock, dialer, request } = await lost({ isDone: false });
    const call = { sid: `CA${'1'.repeat(32)}`, date_created: date(clock.wallMs()) };
    fake.lists.push({ body: { calls: [call] } });
    expect(await made.find(dialer, request)).toEqual({ state: 'unknown', detail: SEVERAL });
  });

  it('keeps its number for itself until it is known', async () => {
    const { made, fake, clock, dialer, request } = await lost({ lateMs: 33_000 });
    const other = made.request({ call: 'call-2' });
    const code = 'number_in_use';
    const busy = { kind: 'transient', scope: 'request', code, isInTheWay: true };
    expect(await made.refused(dialer, other)).toMatchObject(busy);
    const finding = dialer.find(request, CONTEXT);
    const inBetween = clock.sleep(20_000).then(() => failureOf(dialer.place(other, CONTEXT)));
    expect(await made.run(inBetween)).toMatchObject(busy);
    expect(await made.run(finding)).toMatchObject({ state: 'placed' });
    const placed = await made.place(dialer, other);
    expect(placed.reference).toBe(fake.calls[1]?.sid);
    expect(fake.rung).toEqual([TO, TO]);
  });

  it('has its number no longer once nobody asks about it any more', async () => {
    const { made, fake, clock, dialer, request } = await lost();
    fake.lists.push(wrong(503, 20503, 'Unavailable'));
    await made.run(failureOf(dialer.find(request, CONTEXT)));
    const other = made.request({ call: 'call-2' });
    await clock.advance(599_000);
    expect(await made.refused(dialer, other)).toMatchObject({ code: 'number_in_use' });
    await clock.advance(1_000);
    await made.place(dialer, other);
    expect(fake.rung).toEqual([TO, TO]);
  });

  it('is not taken for one that this process placed or found for another call', async () => {
    const { made, fake, dialer, request } = await lost();
    await made.find(dialer, request); // and the journal does not have it yet
    const second = made.request({ call: 'call-2' });
    await made.place(dialer, second);
    fake.fates.push({ isDone: false, answer: 'lost' });
    const third = made.request({ call: 'call-3' });
    await made.refused(dialer, third);
    expect(await made.find(dialer, third)).toEqual({ state: 'absent' });
  });

  it.each([
    ['at the same time', 0],
    ['by a clock that may have been set since', -23 * 3_600_000],
  ])('is not told from that of another contact, begun %s', async (_what, agoMs) => {
    const { made, clock, dialer, request } = await lost();
    made.doubts = [clock.wallMs() + agoMs];
    const found = await made.find(dialer, request);
    expect(found).toMatchObject({
      state: 'unknown',
      detail: expect.stringMatching(
        /an earlier one of this or another contact.*: see CA0+1 at .*: campaign settle$/,
      ),
    });
    // Until then, what became of the other might have come out.
    expect(made.listedAtMs).toEqual([600, 30_600, 35_600]);
  });

  it('is found once the other is known', async () => {
    const { made, fake, clock, dialer, request } = await lost();
    const theirs = fake.add(TO, clock.wallMs());
    made.doubts = [clock.wallMs()];
    const finding = dialer.find(request, CONTEXT);
    const known = clock.sleep(10_000).then(() => {
      made.doubts = [];
      made.others.add(theirs.sid);
    });
    await made.run(known);
    const { sid: reference } = fake.calls[0] ?? {};
    expect(await made.run(finding)).toMatchObject({ state: 'placed', placed: { reference } });
  });

  it('is proven absent by a list without any call, whoever else is in doubt', async () => {
    const { made, clock, dialer, request } = await lost({ isDone: false });
    made.doubts = [clock.wallMs()];
    expect(await made.find(dialer, request)).toEqual({ state: 'absent' });
  });

  it('is not contested by a doubt of days ago, or to another number', async () => {
    const { made, clock, dialer, request } = await lost();
    made.doubts = [clock.wallMs() - 25 * 3_600_000, clock.wallMs() + 25 * 3_600_000];
    expect(await made.find(dialer, request)).toMatchObject({ state: 'placed' });
  });

  it('waits for another call that is in doubt under its number', async () => {
    const { made, fake, clock, dialer, request } = await lost();
    const resumed = made.request({ call: 'call-0', begunMs: clock.wallMs() - 40_000 });
    const finding = dialer.find(resumed, CONTEXT);
    expect(await made.find(dialer, request)).toMatchObject({ state: 'placed' });
    expect(await made.run(finding)).toEqual({ state: 'absent' });
    expect(fake.rung).toHaveLength(1);
  });
});

function shownAs({ sid, createdMs }: { readonly sid: string; readonly createdMs: number }) {
  return { sid, date_created: new Date(createdMs).toUTCString() };
}

describe('the probe', () => {
  it.each([
    ['an account that is active', { body: { status: 'active' } }, undefined],
    ['test credentials', wrong(403, 20008, 'not accessible with Test Account'), undefined],
    ['keys of few rights', wrong(403, 70051, 'no read of an account suspended'), undefined],
    ['one that was blocked', wrong(403, 20403, 'Forbidden'), /suspended or closed/],
    ['a page, such as of a network that wants a login', { body: '<html>' }, /check .*base_url/],
    ['whatever says yes to all', { body: {} }, /not with an account/],
    ['a suspended one', { body: { status: 'suspended' } }, /the account is suspended/],
    ['one that is closed', wrong(403, 20005, 'Account not active'), /Account not active/],
    ['a wrong token', wrong(401, 20003, 'Authenticate'), /check providers\.twilio\.account_sid/],
    ['an outage', wrong(503, 20503, 'Unavailable'), /503/],
  ])('of %s', async (_what, answer, words) => {
    const { made, fake, dialer } = await bench();
    fake.probes.push(answer);
    const probe = dialer.probe(CONTEXT.signal);
    if (words === undefined) {
      await made.run(probe);
    } else {
      expect((await made.run(failureOf(probe))).message).toMatch(words);
    }
    const asked = fake.asked.map(({ method, path }) => method + path);
    expect(asked).toEqual(['GET.json', ...(words === undefined ? ['GET/Balance.json'] : [])]);
    expect(SID).toMatch(/^AC0+$/);
  });

  it.each([
    [{ body: { balance: '12.345', currency: 'USD' } }, { detail: '12.35 USD left', isLow: false }],
    [{ body: { balance: '-0.5', currency: 'EUR' } }, { detail: '-0.5 EUR left', isLow: true }],
    [{ body: { balance: '12' } }, { detail: '12 left', isLow: false }],
    [{ body: {} }, {}],
    [wrong(403, 20403, 'not for this key'), {}],
  ])('tells what is left: %j', async (balance, told) => {
    const { made, fake, dialer } = await bench();
    fake.balance = balance;
    expect(await made.run(dialer.probe(CONTEXT.signal))).toEqual(told);
  });
});
