import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { CampaignEvent } from '../../../../src/domain/event.ts';
import type { DialRequest, Ended, Placed } from '../../../../src/engine/ports.ts';
import {
  type AriSettings,
  asteriskAri,
  ownApp,
} from '../../../../src/services/dialer/asterisk-ari.ts';
import { openHttp } from '../../../../src/services/http.ts';
import { hurried } from '../../../support/hurried-clock.ts';
import { contactOf, failureOf, requestContext } from '../../support.ts';
import { type Callee, FakeAri } from './fake-ari.ts';

const TO = '+14155550134';
const CONTEXT = requestContext();
const PATIENT = { timeout: 4_000 };
const OTHER_CALL = '6f1c5d0e-1111-4000-8000-000000000009';
const AUDIO = { hash: 'a'.repeat(64), path: '/audio/aa/sound.wav', durationMs: 2_000 };

class Bench {
  readonly fake = new FakeAri();
  readonly clock = hurried(0, 8);
  readonly events: CampaignEvent[] = [];
  readonly pressed: string[] = [];

  open(over: Partial<AriSettings> = {}) {
    const http = openHttp({ userAgent: 'test', clock: this.clock });
    const settings: AriSettings = {
      url: this.fake.url,
      username: 'campaign',
      password: 'wonderland',
      app: 'campaign-spring',
      endpoint: 'PJSIP/{number}@trunk',
      callerId: undefined,
      ringMs: 20_000,
      variables: {},
      machineContext: undefined,
      voicemail: 'leave',
      audio: { type: 'folder', path: '/sounds' },
      audioFolder: '/audio',
      reconnect: { initialDelayMs: 1_000, delayMsMax: 2_000, stableMs: 60_000 },
      keepAlive: { intervalMs: 15_000, timeoutMs: 5_000 },
      ...over,
    };
    const dialer = asteriskAri(settings, http, this.clock, (event) => this.events.push(event));
    onTestFinished(async () => {
      await dialer[Symbol.asyncDispose]();
      await http[Symbol.asyncDispose]();
    });
    return dialer;
  }

  request(over: Partial<DialRequest> = {}): DialRequest {
    const never = (): never => {
      throw new Error('a dialer writes down no attempts');
    };
    const nothing = { begin: never, end: never, left: never, isOthers: never };
    const attempts = { ...nothing, othersInDoubt: never };
    const call = '6f1c5d0e-1111-4000-8000-000000000001';
    const contact = contactOf({ phone: TO });
    const begunMs = this.clock.wallMs();
    const text = 'Hello';
    return { call, contact, text, language: 'en', audio: AUDIO, begunMs, attempts, ...over };
  }
}

async function bench(callee: Callee = 'person', over: Partial<AriSettings> = {}) {
  const made = new Bench();
  await made.fake.listen();
  made.fake.callees.set(TO, callee);
  const dialer = made.open(over);
  const request = made.request();
  const call = async (wanted = request): Promise<Ended> => {
    const placed = await dialer.place(wanted, CONTEXT);
    return await dialer.follow(placed, wanted, CONTEXT);
  };
  return { made, fake: made.fake, dialer, request, call };
}

/** Time is hurried here, and the first use would be the time that a connection may take. */
beforeAll(async () => {
  await import('ws');
  const server = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using http = openHttp({ userAgent: 'test', clock: hurried() });
  await http.send({ method: 'GET', url, headers: {}, signal: CONTEXT.signal, idempotent: true });
  server.close();
});

const placedOf = ({ call }: DialRequest): Placed => ({ service: 'asterisk-ari', reference: call });

test.each([
  ['person', 'answered', undefined],
  ['hangs_up', 'answered', 'hung up before the message was over'],
  [
    'deaf_line',
    'failed',
    expect.stringContaining('Asterisk could not play sound:/sounds/aa/sound'),
  ],
  [{ cause: 17, tech: 486 }, 'busy', undefined],
  [{ cause: 0, tech: 0, dial: 'BUSY' }, 'busy', undefined],
  [{ cause: 0, tech: 0, dial: 'CONGESTION' }, 'failed', expect.stringContaining('congested')],
  [{ cause: 1, tech: 404 }, 'invalid_number', expect.stringContaining('no such number')],
  [{ cause: 19, tech: 480 }, 'failed', expect.stringContaining('never rang')],
] as const)('a call to %o ends as %s', async (callee, outcome, detail) => {
  const { fake, call } = await bench(callee);
  const ended = await call();
  expect([ended.outcome, ended.detail]).toEqual([outcome, detail]);
  expect(fake.channels.size).toBe(0);
  expect(fake.rung.get(TO)).toBe(1);
});

test('nobody is rung before the events can be heard', async () => {
  const { fake, call } = await bench();
  await call();
  expect(fake.asked.indexOf('GET /asterisk/info')).toBeLessThan(
    fake.asked.indexOf('POST /channels'),
  );
});

test('nobody answers: only where it rang', async () => {
  const { fake, dialer, request } = await bench('rings');
  const placed = await dialer.place(request, CONTEXT);
  fake.end(request.call, 19, 480);
  expect(await dialer.follow(placed, request, CONTEXT)).toMatchObject({ outcome: 'no_answer' });
});

test('Asterisk itself is told when to end the call, whatever becomes of us', async () => {
  const { fake, dialer, request } = await bench('endless');
  const placed = await dialer.place(request, CONTEXT);
  await expect.poll(() => fake.playbacks.size).toBe(1);
  const bound = fake.channels.get(request.call)?.variables.get('TIMEOUT(absolute)');
  expect(bound).toBe('17');
  await dialer.hangUp(placed, CONTEXT);
});

test('the limit on who is being rung is short: our first step sets it anew', async () => {
  const { fake, dialer, request } = await bench('rings');
  await dialer.place(request, CONTEXT);
  const bound = fake.channels.get(request.call)?.variables.get('TIMEOUT(absolute)');
  expect(bound).toBe('35');
});

test('nobody counts as having been told the text before it is begun', async () => {
  const { fake, dialer, request } = await bench('endless');
  const placed = await dialer.place(request, CONTEXT);
  const variables = () => fake.channels.get(request.call)?.variables;
  await expect.poll(() => variables()?.get('CAMPAIGN_SAID')).toBe('1');
  expect(fake.variablesAtPlay.has('CAMPAIGN_SAID')).toBe(false);
  await dialer.hangUp(placed, CONTEXT);
});

test('after a crash of ours whoever heard the text may still press a key', async () => {
  const { made, fake, dialer, request } = await bench();
  const pressed = async (key: string) => void made.pressed.push(key);
  const answers = { keys: '9', waitMs: 60_000, pressed };
  fake.leave(request.call, { CAMPAIGN_SAID: '1' });
  const wanted = { ...request, answers };
  await dialer.find(wanted, CONTEXT);
  const ended = dialer.follow(placedOf(request), wanted, CONTEXT);
  const presses = () => {
    fake.press(request.call, '9');
    return made.pressed.length;
  };
  await expect.poll(presses).toBe(1);
  expect(await ended).toMatchObject({ outcome: 'answered', digit: '9' });
  expect(made.pressed).toEqual(['9']);
});

test('after a crash of ours a key may have been pressed unheard: that is said', async () => {
  const { fake, dialer, request } = await bench();
  const answers = { keys: '9', waitMs: 1_000, pressed: () => Promise.resolve() };
  fake.leave(request.call, { CAMPAIGN_SAID: '1' });
  const wanted = { ...request, answers };
  await dialer.find(wanted, CONTEXT);
  const ended = await dialer.follow(placedOf(request), wanted, CONTEXT);
  expect(ended.detail).toMatch(/^a key .* may have been missed$/);
});

test('a playback whose end is never told is ended, and the line is free', async () => {
  const { fake, call } = await bench('endless');
  // Nobody knows how much of it they heard, and it was not they who hung up.
  const detail = 'it is not known whether the message was heard to its end';
  expect(await call()).toMatchObject({ outcome: 'answered', detail });
  expect(fake.channels.size + fake.playbacks.size).toBe(0);
});

test('who is lost with Asterisk while a key is waited for may have pressed one', async () => {
  const { fake, dialer, request } = await bench();
  const answers = { keys: '9', waitMs: 600_000, pressed: () => Promise.resolve() };
  const wanted = { ...request, answers };
  const placed = await dialer.place(wanted, CONTEXT);
  const ended = dialer.follow(placed, wanted, CONTEXT);
  await expect
    .poll(() => fake.channels.get(request.call)?.variables.has('CAMPAIGN_SAID'))
    .toBe(true);
  await expect.poll(() => fake.playbacks.size).toBe(0);
  fake.drop();
  fake.channels.clear();
  const detail = expect.stringMatching(/connection was lost before its end; a key .* missed/);
  expect(await ended).toMatchObject({ outcome: 'answered', detail });
});

test('a key that comes when the call was given up is told all the same', async () => {
  const { made, fake, dialer, request } = await bench();
  const pressed = async (key: string) => void made.pressed.push(key);
  const wanted = { ...request, answers: { keys: '9', waitMs: 10_000, pressed } };
  const placed = await dialer.place(wanted, CONTEXT);
  await expect
    .poll(() => fake.channels.get(request.call)?.variables.has('CAMPAIGN_SAID'))
    .toBe(true);
  const ended = dialer.follow(placed, wanted, CONTEXT);
  const looked = `GET /channels/${request.call}`;
  await expect.poll(() => fake.asked.some((line) => line === looked)).toBe(true);
  fake.sickness = 500;
  await ended;
  expect(dialer.kept).toBe(0);
  fake.press(request.call, '9');
  await expect.poll(() => made.pressed).toEqual(['9']);
});

test('a dialplan that says busy does not hold the next call back', async () => {
  const { made, dialer, request } = await bench({ cause: 0, tech: 0, dial: 'BUSY' });
  await dialer.place(request, CONTEXT);
  const startMs = made.clock.monotonicMs();
  await dialer.place({ ...request, call: OTHER_CALL }, CONTEXT);
  expect(made.clock.monotonicMs() - startMs).toBeLessThan(2_500);
});

test('a key ends the text, though Asterisk does not answer before that is over', async () => {
  const { made, fake, dialer, request } = await bench('endless');
  const answers = { keys: '1', waitMs: 1_000, pressed: () => Promise.resolve() };
  const wanted = { ...request, answers };
  const placed = await dialer.place(wanted, CONTEXT);
  const ended = dialer.follow(placed, wanted, CONTEXT);
  await expect
    .poll(() => fake.channels.get(request.call)?.variables.has('CAMPAIGN_SAID'))
    .toBe(true);
  const startMs = made.clock.monotonicMs();
  fake.press(request.call, '1');
  expect(await ended).toMatchObject({ outcome: 'answered', digit: '1' });
  expect(made.clock.monotonicMs() - startMs).toBeLessThan(2_500);
});

test('what an Asterisk that stood still tells its former connection is heard', async () => {
  const keepAlive = { intervalMs: 1_000, timeoutMs: 1_000 };
  const { made, fake, dialer, request } = await bench('person', { keepAlive });
  const pressed = async (key: string) => void made.pressed.push(key);
  const wanted = { ...request, answers: { keys: '9', waitMs: 600_000, pressed } };
  const placed = await dialer.place(wanted, CONTEXT);
  const ended = dialer.follow(placed, wanted, CONTEXT);
  await expect
    .poll(() => fake.channels.get(request.call)?.variables.has('CAMPAIGN_SAID'))
    .toBe(true);
  const isConnected = () => dialer.connection.figures().isConnected;
  fake.isFrozen = true;
  await expect.poll(isConnected, PATIENT).toBe(false);
  fake.press(request.call, '9');
  await expect.poll(() => made.pressed).toEqual(['9']);
  fake.isFrozen = false;
  await expect.poll(isConnected, PATIENT).toBe(true);
  await expect.poll(() => fake.listeners).toBe(1);
  fake.end(request.call, 16);
  expect(await ended).toMatchObject({ outcome: 'answered', digit: '9' });
});

test('a key is heard while the text is said, and told at once', async () => {
  const { made, fake, request, call } = await bench();
  fake.digit = '9';
  const pressed = async (key: string) => void made.pressed.push(key);
  const ended = await call({ ...request, answers: { keys: '19', waitMs: 5_000, pressed } });
  expect(ended).toMatchObject({ outcome: 'answered', digit: '9' });
  expect(made.pressed).toEqual(['9']);
});

test.each([
  ['machine', 'voicemail', 'leave', undefined, true],
  [
    'machine',
    'voicemail',
    'hang_up',
    'no message was left, as configured (voicemail: hang_up)',
    false,
  ],
  ['person', 'answered', 'hang_up', undefined, true],
] as const)(
  'with machines listened for, %s is %s; %s',
  async (callee, outcome, voicemail, detail, played) => {
    const { fake, call } = await bench(callee, { machineContext: 'campaign-amd', voicemail });
    expect(await call()).toMatchObject({ outcome, detail });
    expect(fake.asked.some((line) => line.includes('/play/'))).toBe(played);
  },
);

test('a repeat of the same call is not rung', async () => {
  const { fake, dialer, request } = await bench('rings');
  await dialer.place(request, CONTEXT);
  await dialer.place(request, CONTEXT);
  expect(fake.rung.get(TO)).toBe(1);
});

test.each([408, 502, 504])(
  'a gateway that answers %i in its place proves nothing',
  async (status) => {
    const { fake, dialer, request } = await bench('rings');
    fake.losesAnswer = status;
    expect(await failureOf(dialer.place(request, CONTEXT))).toMatchObject({
      kind: 'unknown',
      status,
    });
    expect(await dialer.find(request, CONTEXT)).toMatchObject({ state: 'placed' });
    expect(fake.rung.get(TO)).toBe(1);
  },
);

test('after a lost answer the call is found, or nobody can tell', async () => {
  const { fake, dialer, request } = await bench('rings');
  fake.losesAnswer = true;
  expect(await failureOf(dialer.place(request, CONTEXT))).toMatchObject({ kind: 'unknown' });
  expect(await dialer.find(request, CONTEXT)).toMatchObject({ state: 'placed' });
  fake.end(request.call, 17, 486);
  expect(await dialer.follow(placedOf(request), request, CONTEXT)).toMatchObject({
    outcome: 'busy',
  });
  const other = { ...request, call: '6f1c5d0e-1111-4000-8000-000000000002' };
  expect(await dialer.find(other, CONTEXT)).toMatchObject({ state: 'unknown' });
});

test.each([
  ['was told nothing yet', {}, 1],
  ['has heard the text', { CAMPAIGN_SAID: '1' }, 0],
] as const)(
  'who is up after a crash of ours and %s is served to the end',
  async (_, said, plays) => {
    const { fake, dialer, request } = await bench();
    fake.leave(request.call, said);
    expect(await dialer.find(request, CONTEXT)).toMatchObject({ state: 'placed' });
    const ended = await dialer.follow(placedOf(request), request, CONTEXT);
    expect(ended).toMatchObject({ outcome: 'answered' });
    expect(fake.asked.filter((line) => line.includes('/play/'))).toHaveLength(plays);
    expect(fake.channels.size).toBe(0);
  },
);

const MACHINE = { AMDSTATUS: 'MACHINE', AMDCAUSE: 'MAXWORDS-3-2' };
const MUTE_PERSON = { AMDSTATUS: 'MACHINE', AMDCAUSE: 'INITIALSILENCE-2500-2500' };

test.each([
  ['a machine that has the text', 'leave', { ...MACHINE, CAMPAIGN_SAID: '1' }, 'voicemail', 0],
  ['a machine that is to be left one', 'leave', MACHINE, 'voicemail', 1],
  ['a machine that is to be hung up on', 'hang_up', MACHINE, 'voicemail', 0],
  ['somebody who said nothing', 'hang_up', MUTE_PERSON, 'answered', 1],
  ['whoever nobody has listened to yet', 'leave', {}, 'answered', 1],
] as const)('after a crash of ours %s (%s)', async (_, voicemail, variables, outcome, plays) => {
  const over = { machineContext: 'campaign-amd', voicemail };
  const { fake, dialer, request } = await bench('person', over);
  fake.leave(request.call, variables);
  expect(await dialer.find(request, CONTEXT)).toMatchObject({ state: 'placed' });
  const ended = await dialer.follow(placedOf(request), request, CONTEXT);
  expect(ended).toMatchObject({ outcome });
  expect(fake.asked.filter((line) => line.includes('/play/'))).toHaveLength(plays);
});

test('nobody is hung up on for want of a dialplan that listens for machines', async () => {
  const { made, fake, call, request } = await bench('machine', { machineContext: 'not-there' });
  fake.lacksDialplan = true;
  expect(await call()).toMatchObject({ outcome: 'answered' });
  expect(await call({ ...request, call: OTHER_CALL })).toMatchObject({ outcome: 'answered' });
  expect(fake.asked.filter((line) => line.includes('/play/'))).toHaveLength(2);
  expect(fake.asked.filter((line) => line.includes('/continue'))).toHaveLength(0);
  const told = made.events.filter(({ type }) => type === 'notice');
  expect(told).toEqual([expect.objectContaining({ code: 'no_machine_dialplan' })]);
});

test('a call that was cut is not kept', async () => {
  const { fake, dialer, request } = await bench('rings');
  const placed = await dialer.place(request, CONTEXT);
  const cutting = new AbortController();
  const ended = dialer.follow(placed, request, requestContext(cutting.signal));
  cutting.abort(new Error('cut'));
  await expect(ended).rejects.toThrow('cut');
  await dialer.hangUp(placed, CONTEXT);
  await expect.poll(() => dialer.kept).toBe(0);
  expect(fake.channels.size).toBe(0);
});

test('a call that is gone after the connection was lost is not known to anybody', async () => {
  const { fake, dialer, request } = await bench('endless');
  const placed = await dialer.place(request, CONTEXT);
  await expect.poll(() => fake.playbacks.size).toBe(1);
  const failure = failureOf(dialer.follow(placed, request, CONTEXT));
  fake.drop();
  fake.channels.clear();
  expect(await failure).toMatchObject({ kind: 'permanent', scope: 'request', code: 'call_lost' });
});

test.each([
  ['a wrong password', { password: 'wrong' }, 'auth_failed', 'permanent'],
  [
    'an endpoint that Asterisk does not know',
    { endpoint: 'X/{number}' },
    'no_endpoint',
    'transient',
  ],
] as const)('%s rings nobody', async (_what, over, code, kind) => {
  const { fake, dialer, request } = await bench('person', over);
  const failure = await failureOf(dialer.place(request, CONTEXT));
  expect(failure).toMatchObject({ code, kind, scope: 'service' });
  expect(failure.message).not.toContain('wonderland');
  expect(fake.rung.size).toBe(0);
});

test('a user who may only read is said to be one', async () => {
  const { fake, dialer, request } = await bench();
  fake.isReadOnly = true;
  const failure = await failureOf(dialer.place(request, CONTEXT));
  expect(failure).toMatchObject({ code: 'permission_denied', kind: 'permanent', scope: 'service' });
  const probed = await failureOf(dialer.probe(CONTEXT.signal));
  expect(probed).toMatchObject({ code: 'permission_denied', kind: 'permanent' });
  fake.isReadOnly = false;
  expect(await dialer.probe(CONTEXT.signal)).toMatchObject({ detail: expect.any(String) });
});

test('a trunk that refuses our password is the trunk, not the number', async () => {
  const { dialer, request } = await bench({ cause: 21, tech: 401 });
  const failure = await failureOf(dialer.place(request, CONTEXT));
  expect(failure).toMatchObject({ code: 'trunk_refused', kind: 'permanent', scope: 'service' });
});

test('congestion is the number; when the next one meets it too, the trunk', async () => {
  const { fake, dialer, request, call } = await bench({ cause: 34, tech: 503 });
  expect(await call()).toMatchObject({ outcome: 'failed' });
  fake.callees.set('+14155550135', { cause: 34, tech: 503 });
  const contact = contactOf({ phone: '+14155550135' });
  const next = { ...request, contact, call: '6f1c5d0e-1111-4000-8000-000000000003' };
  const failure = await failureOf(dialer.place(next, CONTEXT));
  expect(failure).toMatchObject({ code: 'trunk_congested', kind: 'transient', scope: 'service' });
});

test('five numbers in a row that never rang use up no sixth', async () => {
  const { fake, dialer, request, call } = await bench();
  const next = (number: number): DialRequest => {
    const phone = `+1415555012${number}`;
    fake.callees.set(phone, { cause: 19, tech: 480 });
    const contact = contactOf({ phone });
    return { ...request, contact, call: `6f1c5d0e-1111-4000-8000-00000000010${number}` };
  };
  for (const number of [1, 2, 3, 4, 5]) {
    expect(await call(next(number))).toMatchObject({ outcome: 'failed' });
  }
  const failure = await failureOf(dialer.place(next(6), CONTEXT));
  expect(failure).toMatchObject({ code: 'never_rings', kind: 'permanent', scope: 'service' });
  expect(fake.rung.size).toBe(5);
  const dead = next(8);
  fake.callees.set(dead.contact.phone, 'dead');
  const tried = await failureOf(dialer.place(dead, CONTEXT));
  expect(tried).toMatchObject({ code: 'never_rings', kind: 'unknown', scope: 'service' });
  expect(await dialer.find(dead, CONTEXT)).toMatchObject({ state: 'placed' });
  expect(await call()).toMatchObject({ outcome: 'answered' });
  expect(await call(next(7))).toMatchObject({ outcome: 'failed' });
});

test('a trunk to which every number is wrong uses up nine of them, and no more', async () => {
  const { fake, dialer, request, call } = await bench();
  const those = Array.from({ length: 11 }, (_, index): DialRequest => {
    const phone = `+14155550${120 + index}`;
    fake.callees.set(phone, { cause: 1, tech: 404 });
    return {
      ...request,
      contact: contactOf({ phone }),
      call: `${request.call.slice(0, -3)}${120 + index}`,
    };
  });
  for (const one of those.slice(0, 9)) {
    expect(await call(one)).toMatchObject({ outcome: 'invalid_number' });
  }
  for (const one of those.slice(9)) {
    const failure = await failureOf(dialer.place(one, CONTEXT));
    expect(failure).toMatchObject({ code: 'all_invalid', kind: 'permanent', scope: 'service' });
  }
  expect(await call()).toMatchObject({ outcome: 'answered' });
  expect(await call(those[10])).toMatchObject({ outcome: 'invalid_number' });
});

test('the answer that a call is gone may overtake the word of its end', async () => {
  const { fake, dialer, request } = await bench('rings');
  const placed = await dialer.place(request, CONTEXT);
  fake.endsWhenAsked = { cause: 17, tech: 486 };
  const ended = dialer.follow(placed, request, CONTEXT);
  expect(await ended).toMatchObject({ outcome: 'busy' });
});

test('a call that was not heard says why, and the next is no proof until it is', async () => {
  const { fake, dialer, request, call } = await bench('deaf_line');
  const { fault } = await call();
  expect(fault).toMatchObject({ code: 'no_audio', kind: 'permanent', scope: 'service' });
  fake.callees.set(TO, 'person');
  // One is rung then; until they heard the text, the next one is not.
  const tried = await failureOf(dialer.place(request, CONTEXT));
  expect(tried).toMatchObject({ code: 'no_audio', kind: 'unknown', scope: 'service' });
  await expect.poll(async () => (await dialer.find(request, CONTEXT)).state).toBe('ended');
  expect(await call()).toMatchObject({ outcome: 'answered' });
});

test('once the run drains, an Asterisk that is away is not waited for', async () => {
  const { dialer, request } = await bench('person', { url: 'http://127.0.0.1:1' });
  const context = { ...CONTEXT, drain: AbortSignal.abort() };
  const failed = { kind: 'transient', code: 'not_connected' };
  expect(await failureOf(dialer.place(request, context))).toMatchObject(failed);
  expect(await failureOf(dialer.find(request, context))).toMatchObject(failed);
});

test('nobody is rung on an Asterisk that is stopping', async () => {
  const { fake, dialer, request } = await bench('endless');
  const placed = await dialer.place(request, CONTEXT);
  await expect.poll(() => fake.playbacks.size).toBe(1);
  const failure = failureOf(dialer.follow(placed, request, CONTEXT));
  fake.end(request.call, 0);
  expect(await failure).toMatchObject({ code: 'call_lost' });
  const next = dialer.place({ ...request, call: '6f1c5d0e-1111-4000-8000-000000000004' }, CONTEXT);
  fake.password = 'not booted';
  fake.drop();
  expect(await failureOf(next)).toMatchObject({ scope: 'service' });
  expect(fake.rung.get(TO)).toBe(1);
});

test('nobody is rung on an Asterisk that fails the calls in progress', async () => {
  const { fake, dialer, request, call } = await bench('person');
  const placed = await dialer.place({ ...request, call: OTHER_CALL }, CONTEXT);
  await dialer.follow(placed, { ...request, call: OTHER_CALL }, CONTEXT);
  fake.sickness = 503;
  for (let count = 0; count < 5; count += 1) await failureOf(dialer.find(request, CONTEXT));
  const asked = fake.asked.length;
  const failure = await failureOf(dialer.place(request, CONTEXT));
  expect(failure).toMatchObject({ kind: 'transient', scope: 'service', code: 'rest_held_back' });
  expect(failure.message).toContain('out of order');
  expect(fake.asked).toHaveLength(asked);
  fake.sickness = undefined;
  await expect
    .poll(() => call().catch(() => undefined), PATIENT)
    .toMatchObject({ outcome: 'answered' });
  expect(fake.rung.get(TO)).toBe(2);
});

test('who picks up and can be told nothing has not been answered to', async () => {
  const { fake, dialer, request } = await bench('rings');
  const placed = await dialer.place(request, CONTEXT);
  const ended = dialer.follow(placed, request, CONTEXT);
  await expect.poll(() => fake.asked.at(-1)).toContain('/subscription');
  fake.sickness = 503;
  fake.pickUp(request.call);
  const isHungUp = (): boolean => fake.asked.some((line) => line.startsWith('DELETE'));
  await expect.poll(isHungUp, PATIENT).toBe(true);
  fake.sickness = undefined;
  expect(await ended).toMatchObject({
    outcome: 'failed',
    detail: expect.stringContaining('heard nothing'),
  });
  expect(fake.channels.size).toBe(0);
});

test('a call that stands is not said to be none because nobody could ask about it', async () => {
  const { fake, dialer, request } = await bench('rings');
  fake.leave(request.call);
  fake.sicknessAsked = 503;
  expect(await failureOf(dialer.place(request, CONTEXT))).toMatchObject({ kind: 'unknown' });
});

test('calls that could not be looked at after a loss are looked at until they are', async () => {
  const { fake, dialer, request } = await bench('endless');
  const placed = await dialer.place(request, CONTEXT);
  await expect.poll(() => fake.playbacks.size).toBe(1);
  const failure = failureOf(dialer.follow(placed, request, CONTEXT));
  await expect.poll(() => fake.asked.at(-1)).toContain('/subscription');
  fake.sickness = 503;
  fake.drop();
  fake.channels.clear();
  const looks = (): number => fake.asked.filter((line) => line === 'GET /channels').length;
  await expect.poll(looks, PATIENT).toBe(2);
  fake.sickness = undefined;
  expect(await failure).toMatchObject({ code: 'call_lost' });
});

test('who takes over our application is noticed', async () => {
  const { made, fake, call } = await bench();
  await call();
  fake.replace();
  await expect
    .poll(() =>
      made.events.some((event) => 'code' in event && event.code === 'application_replaced'),
    )
    .toBe(true);
});

test.each([
  ['spring', 'campaign-spring'],
  ['Frühling 2', 'campaign-Fr_hling_2-'],
])('each campaign has its own application: %s', (campaign, app) => {
  expect(ownApp('campaign', campaign)).toContain(app);
  expect(ownApp('campaign', campaign)).toMatch(/^[A-Za-z][A-Za-z0-9_-]*$/);
});
