import { expect, onTestFinished, test } from 'vitest';
import type { CampaignEvent } from '../../../../src/domain/event.ts';
import { DEFAULT_RECONNECT } from '../../../../src/domain/reconnect.ts';
import type { DialRequest } from '../../../../src/engine/ports.ts';
import { type AsteriskAmi, asteriskAmi } from '../../../../src/services/dialer/asterisk-ami.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { contactOf, failureOf, requestContext } from '../../support.ts';
import { FakeAmi } from './fake-ami.ts';

const CALL = 'f0c5a5de-0000-4000-8000-000000000001';
const context = requestContext();
/** Whoever picked up hung up in the same moment. */
const AT_ONCE = { usage: { seconds: 0 } };

function request(over: Partial<DialRequest> = {}): DialRequest {
  return {
    call: CALL,
    contact: contactOf(),
    text: 'Hello',
    language: 'en',
    audio: { hash: 'ab', path: '/srv/calls/data/audio/ab/cd.wav', durationMs: 2_000 },
    begunMs: 0,
    attempts: {
      begin: () => Promise.resolve(1),
      end: () => Promise.resolve(),
      left: () => undefined,
      isOthers: () => false,
      othersInDoubt: () => [],
    },
    ...over,
  };
}

/** A dialer and the Asterisk that it talks to. */
class Bench {
  readonly clock = new VirtualClock();
  readonly events: CampaignEvent[] = [];
  readonly asterisk: FakeAmi;
  readonly dialer: AsteriskAmi;

  constructor(asterisk: FakeAmi, over: Partial<Parameters<typeof asteriskAmi>[0]> = {}) {
    this.asterisk = asterisk;
    const settings = {
      host: '127.0.0.1',
      port: asterisk.port,
      username: 'campaign',
      password: 'test-secret-2-wonderland',
      events: 'system,call,user',
      endpoint: 'PJSIP/{number}@trunk',
      context: 'campaign',
      extension: 's',
      callerId: 'Acme Clinic <+14155550100>',
      ringMs: 30_000,
      callMs: 600_000,
      machineDetection: true,
      variables: { BRANCH: 'north' },
      sounds: '/sounds',
      audioFolder: '/srv/calls/data/audio',
      reconnect: DEFAULT_RECONNECT,
      keepAlive: { intervalMs: 15_000, timeoutMs: 5_000 },
      ...over,
    };
    this.dialer = asteriskAmi(settings, this.clock, (event) => this.events.push(event));
    onTestFinished(() => this.dialer[Symbol.asyncDispose]());
  }

  /** Until it is so: real bytes are on their way, and time stands still. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.clock.settle();
  }

  /** What was told before has been taken: its answer comes behind it. */
  async taken(): Promise<void> {
    await this.dialer.probe(context.signal);
    await this.clock.settle();
  }

  get state(): string {
    return this.dialer.connection.state.name;
  }

  /** The calls that were asked about. */
  looks(): number {
    return this.asterisk.actions.filter((action) => action.get('action') === 'Status').length;
  }

  async placed(over: Partial<DialRequest> = {}) {
    return await this.dialer.place(request(over), context);
  }

  /** Followed as far as the first look: whatever comes now is heard. */
  async followed(over: Partial<DialRequest> = {}) {
    const placed = await this.placed(over);
    const ended = this.dialer.follow(placed, request(over), context);
    ended.catch(() => undefined);
    await this.until(() => this.looks() === 1);
    await this.clock.settle();
    return { placed, ended };
  }
}

async function bench(over: Partial<Parameters<typeof asteriskAmi>[0]> = {}): Promise<Bench> {
  const made = new Bench(await new FakeAmi().listen(), over);
  await made.until(() => made.state === 'connected');
  return made;
}

test('rings with the id of the call, and says what is to be played', async () => {
  const { asterisk, dialer } = await bench();
  expect(await dialer.place(request(), context)).toEqual({
    service: 'asterisk-ami',
    reference: CALL,
  });
  const [action] = asterisk.actions;
  expect(Object.fromEntries(action ?? [])).toMatchObject({
    action: 'Originate',
    channel: 'PJSIP/+14155550134@trunk',
    channelid: CALL,
    context: 'campaign',
    exten: 's',
    async: 'true',
    timeout: '30000',
    callerid: 'Acme Clinic <+14155550100>',
  });
});

test('a Local channel gets a name for its other half, and no costly conversion', async () => {
  const { asterisk, dialer } = await bench({ endpoint: 'Local/{number}@from-internal/n' });
  await dialer.place(request(), context);
  expect(Object.fromEntries(asterisk.actions[0] ?? [])).toMatchObject({
    otherchannelid: `far-${CALL}`,
    codecs: 'ulaw,alaw',
  });
});

test('a person who picks up was reached', async () => {
  const { asterisk, followed } = await withFollowed();
  asterisk.stands(CALL, '5');
  asterisk.stands(CALL, '6');
  asterisk.hangUp(CALL, 16);
  expect(await followed.ended).toEqual({ outcome: 'answered', ...AT_ONCE });
});

test('the seconds from the answer to the end are what is paid for', async () => {
  const { made, asterisk, followed } = await withFollowed();
  asterisk.stands(CALL, '5');
  await made.taken();
  await made.clock.advance(4_000);
  asterisk.stands(CALL, '6');
  await made.taken();
  await made.clock.advance(7_200);
  asterisk.hangUp(CALL, 16);
  expect(await followed.ended).toEqual({ outcome: 'answered', usage: { seconds: 8 } });
});

test('the first key that counts is the answer; all are told at once', async () => {
  const made = await bench();
  const told: string[] = [];
  const pressed = (key: string) => {
    told.push(key);
    return Promise.resolve();
  };
  const answers = { keys: '19', waitMs: 5_000, pressed };
  const followed = await made.followed({ answers });
  const { asterisk } = made;
  asterisk.stands(CALL, '6');
  asterisk.tell('UserEvent', CALL, { UserEvent: 'Campaign', Playing: 'yes' });
  for (const Digit of ['5', '1', '9', '1']) {
    asterisk.tell('DTMFEnd', CALL, { Digit, Direction: 'Received' });
  }
  await made.until(() => told.length > 1);
  expect(asterisk.channels.has(CALL)).toBe(true);
  asterisk.tell('UserEvent', CALL, { UserEvent: 'Campaign', Played: 'SUCCESS' });
  expect(await followed.ended).toEqual({ outcome: 'answered', digit: '1', ...AT_ONCE });
  expect(told).toEqual(['1', '9']);
});

test.each([
  ['the text has begun', { Playing: 'yes' }, undefined],
  ['it was over, where nobody says when it begins', { Played: 'SUCCESS' }, '9'],
  ['the dialplan told the key itself', { Digit: '1' }, '1'],
])('a key that is pressed early is no answer; then %s', async (_what, told, digit) => {
  const { asterisk, ended } = await asked();
  asterisk.tell('DTMFEnd', CALL, { Digit: '9', Direction: 'Received' });
  asterisk.tell('UserEvent', CALL, { UserEvent: 'Campaign', ...told });
  if (!('Played' in told)) asterisk.hangUp(CALL, 16);
  expect((await ended).digit).toBe(digit);
});

test('a key is no answer before the question, however the call ends', async () => {
  const { asterisk, ended } = await asked();
  // Of another call, by the same dialplan.
  asterisk.tell('UserEvent', 'other', { UserEvent: 'Campaign', Playing: 'yes' });
  asterisk.tell('DTMFEnd', CALL, { Digit: '9', Direction: 'Received' });
  asterisk.hangUp(CALL, 16);
  const detail = 'hung up before the message began';
  expect(await ended).toEqual({ outcome: 'answered', detail, ...AT_ONCE });
});

test.each([
  ['hangs up while it is said', [{ Playing: 'yes' }], 'hung up before the message was over'],
  ['hears it all', [{ Playing: 'yes' }, { Played: 'SUCCESS' }], undefined],
  ['is told nothing of by the dialplan', [], undefined],
])('whoever %s: what is known of the text is said', async (_who, told, detail) => {
  const { asterisk, followed } = await withFollowed();
  asterisk.stands(CALL, '6');
  for (const one of told) asterisk.tell('UserEvent', CALL, { UserEvent: 'Campaign', ...one });
  asterisk.hangUp(CALL, 16);
  expect((await followed.ended).detail).toBe(detail);
});

test('a dialplan that never says when the text begins loses no key by a hang-up', async () => {
  const { asterisk, ended } = await asked();
  asterisk.tell('DTMFEnd', CALL, { Digit: '9', Direction: 'Received' });
  asterisk.hangUp(CALL, 16);
  expect(await ended).toEqual({ outcome: 'answered', digit: '9', ...AT_ONCE });
});

test('where the begin of the text may have been missed, every key counts', async () => {
  const { made, asterisk, ended } = await asked();
  asterisk.tell('DTMFEnd', CALL, { Digit: '9', Direction: 'Received' });
  await made.clock.settle();
  asterisk.drop();
  await made.until(() => made.looks() === 2);
  await made.clock.settle();
  asterisk.hangUp(CALL, 16);
  expect(await ended).toMatchObject({ outcome: 'answered', digit: '9' });
});

/** Somebody picked up who is to be asked something. */
async function asked() {
  const made = await bench();
  const answers = { keys: '19', waitMs: 5_000, pressed: () => Promise.resolve() };
  const { ended } = await made.followed({ answers });
  made.asterisk.stands(CALL, '6');
  return { made, asterisk: made.asterisk, ended };
}

test('where nobody of ours listened for a while, a key may be missing: that is said', async () => {
  const { made, asterisk, ended } = await asked();
  await made.taken();
  asterisk.drop();
  await made.until(() => made.looks() === 2);
  await made.taken();
  asterisk.hangUp(CALL, 16);
  expect((await ended).detail).toMatch(/a key .* may have been missed/);
});

test('nobody misses a key of a phone that was still ringing', async () => {
  const made = await bench();
  const answers = { keys: '19', waitMs: 5_000, pressed: () => Promise.resolve() };
  const { ended } = await made.followed({ answers });
  const { asterisk } = made;
  asterisk.stands(CALL, '5');
  await made.taken();
  asterisk.drop();
  await made.until(() => made.looks() === 2);
  await made.taken();
  asterisk.stands(CALL, '6');
  asterisk.hangUp(CALL, 16);
  expect((await ended).detail).toBeUndefined();
});

test('a call of an earlier process may lack a key that was pressed before', async () => {
  const made = await bench();
  const { dialer, asterisk } = made;
  asterisk.channels.set(CALL, '6');
  const answers = { keys: '9', waitMs: 5_000, pressed: () => Promise.resolve() };
  const wanted = request({ answers });
  const found = await dialer.find(wanted, context);
  if (found.state !== 'placed') throw new Error(found.state);
  const ended = dialer.follow(found.placed, wanted, context);
  await made.until(() => made.looks() === 2);
  asterisk.hangUp(CALL, 16);
  expect((await ended).detail).toMatch(/a key .* may have been missed/);
});

test('a script that asks for nothing has no answer', async () => {
  const { asterisk, followed } = await withFollowed();
  asterisk.stands(CALL, '6');
  asterisk.tell('DTMFEnd', CALL, { Digit: '9', Direction: 'Received' });
  asterisk.hangUp(CALL, 16);
  expect(await followed.ended).toEqual({ outcome: 'answered', ...AT_ONCE });
});

test('a machine is voicemail', async () => {
  const { asterisk, followed } = await withFollowed();
  asterisk.stands(CALL, '6');
  asterisk.tell('UserEvent', CALL, { UserEvent: 'Campaign', Machine: 'MACHINE' });
  asterisk.hangUp(CALL, 16);
  expect(await followed.ended).toEqual({ outcome: 'voicemail', ...AT_ONCE });
});

test.each([
  ['MAXWORDS-3-2', 'voicemail'],
  ['INITIALSILENCE-2500-2500', 'answered'],
])('a dialplan that tells nothing is heard by its variables: %s', async (cause, outcome) => {
  const { asterisk, followed } = await withFollowed();
  asterisk.stands(CALL, '6');
  asterisk.tell('VarSet', CALL, { Variable: 'AMDSTATUS', Value: 'MACHINE' });
  asterisk.tell('VarSet', CALL, { Variable: 'AMDCAUSE', Value: cause });
  asterisk.hangUp(CALL, 16);
  expect(await followed.ended).toEqual({ outcome, ...AT_ONCE });
});

test('audio that Asterisk cannot play is no answered call', async () => {
  const { asterisk, followed } = await withFollowed();
  asterisk.stands(CALL, '6');
  asterisk.tell('UserEvent', CALL, { UserEvent: 'Campaign', Played: 'FAILED' });
  asterisk.hangUp(CALL, 16);
  expect((await followed.ended).outcome).toBe('failed');
});

test('events of other calls change nothing', async () => {
  const { asterisk, followed } = await withFollowed();
  asterisk.hangUp('somebody-else', 17);
  asterisk.stands(CALL, '5');
  asterisk.hangUp(CALL, 19, 480);
  expect(await followed.ended).toEqual({ outcome: 'no_answer' });
});

test('cause 0 is not known: the call is uncertain', async () => {
  const { asterisk, followed } = await withFollowed();
  asterisk.stands(CALL, '5');
  asterisk.hangUp(CALL, 0);
  expect(await failureOf(followed.ended)).toMatchObject({ scope: 'request', code: 'end_unknown' });
});

test.each([
  ['BUSY', 'busy'],
  ['CONGESTION', 'failed'],
])('cause 0 after a dialling that ended with %s is %s', async (DialStatus, outcome) => {
  const { asterisk, followed } = await withFollowed();
  asterisk.tell('DialEnd', '', { DestUniqueid: CALL, DialStatus });
  asterisk.hangUp(CALL, 0);
  expect(await followed.ended).toMatchObject({ outcome });
});

test('a trunk that does not exist uses up nobody: Asterisk made no channel', async () => {
  const made = await bench();
  made.asterisk.originate = 'has no such trunk';
  const failure = failureOf(made.placed());
  // Asterisk has said it: a channel that was made all the same has one second more to show.
  await made.until(() => made.clock.nextTimerMs === 1_000);
  await made.clock.advance(1_000);
  expect(await failure).toMatchObject({ kind: 'permanent', scope: 'service', code: 'no_channel' });
});

test('rights that are missing are said plainly', async () => {
  const made = await bench();
  made.asterisk.originate = 'refuses';
  const failure = await failureOf(made.placed());
  expect(failure).toMatchObject({ kind: 'permanent', scope: 'service', code: 'permission_denied' });
  expect(failure.message).toContain('write = call,originate');
});

test('an answer that is lost is unknown, and the call is found and followed', async () => {
  const made = await bench();
  made.asterisk.originate = 'makes and loses the answer';
  expect(await failureOf(made.placed())).toMatchObject({ kind: 'unknown' });
  const found = await made.dialer.find(request(), context);
  expect(found).toEqual({
    state: 'placed',
    placed: { service: 'asterisk-ami', reference: CALL },
  });
});

test.each([
  ['MACHINE', 'MAXWORDS-3-2', 'voicemail'],
  ['MACHINE', 'INITIALSILENCE-2500-2500', 'answered'],
  ['HUMAN', 'HUMAN-800-800', 'answered'],
  ['', '', 'answered'],
])('after a crash of ours, who was heard as %s (%s) is %s', async (status, cause, outcome) => {
  const made = await bench();
  const { dialer, asterisk } = made;
  for (const [name, value] of [
    ['AMDSTATUS', status],
    ['AMDCAUSE', cause],
  ] as const) {
    asterisk.known.set(name, value);
  }
  asterisk.channels.set(CALL, '6');
  const found = await dialer.find(request(), context);
  if (found.state !== 'placed') throw new Error(found.state);
  const ended = dialer.follow(found.placed, request(), context);
  await made.until(() => made.looks() === 2);
  asterisk.hangUp(CALL, 16);
  expect(await ended).toMatchObject({ outcome });
});

test('nothing is sent where there is no connection', async () => {
  const made = await bench();
  await made.asterisk.kill();
  await made.until(() => made.state === 'disconnected');
  await made.clock.settle();
  const failure = await failureOf(made.placed());
  expect(failure).toMatchObject({ kind: 'transient', code: 'not_connected' });
  expect(made.asterisk.actions).toEqual([]);
});

test('once the run drains, an Asterisk that is away is not waited for', async () => {
  const made = await bench();
  await made.asterisk.kill();
  await made.until(() => made.state === 'disconnected');
  const drained = { ...context, drain: AbortSignal.abort() };
  const failed = { kind: 'transient', code: 'not_connected' };
  expect(await failureOf(made.dialer.find(request(), drained))).toMatchObject(failed);
  expect(await failureOf(made.dialer.place(request(), drained))).toMatchObject(failed);
});

test('a call that stands when the connection is back is followed to its end', async () => {
  const { made, asterisk, followed } = await withFollowed();
  asterisk.stands(CALL, '6');
  asterisk.drop();
  await made.until(() => made.looks() === 2);
  await made.clock.settle();
  asterisk.hangUp(CALL, 16);
  const detail = 'it is not known whether the message was heard to its end';
  expect(await followed.ended).toEqual({ outcome: 'answered', detail, ...AT_ONCE });
});

test.each([
  ['answered', {}, 'it is not known whether the message was heard to its end; '],
  ['answered', { Played: 'SUCCESS' }, ''],
  ['voicemail', { Machine: 'MACHINE', Playing: 'yes' }, 'perhaps no message was left; '],
])('after a kill -9 of Asterisk the last word counts: %s %o', async (outcome, told, text) => {
  const { made, asterisk, followed } = await withFollowed();
  asterisk.stands(CALL, '6');
  asterisk.tell('UserEvent', CALL, { UserEvent: 'Campaign', ...told });
  await made.clock.settle();
  await asterisk.kill();
  await made.until(() => made.state === 'disconnected');
  await asterisk.listen();
  await made.clock.advance(20_000);
  await made.until(() => made.looks() === 2);
  await made.clock.settle();
  await made.clock.advance(2_000);
  expect(await followed.ended).toEqual({
    outcome,
    detail: `${text}the connection was lost before its end`,
    usage: { seconds: expect.any(Number) },
  });
});

test('without a last word nobody can tell', async () => {
  const { made, asterisk, followed } = await withFollowed();
  await asterisk.kill();
  await made.until(() => made.state === 'disconnected');
  await asterisk.listen();
  await made.clock.advance(20_000);
  await made.until(() => made.looks() === 2);
  await made.clock.settle();
  await made.clock.advance(2_000);
  expect(await failureOf(followed.ended)).toMatchObject({ code: 'end_unknown' });
});

test('of a call of an earlier process that is gone nobody can tell', async () => {
  const made = await bench();
  const found = made.dialer.find(request(), context);
  expect(await made.clock.until(found)).toMatchObject({ state: 'unknown' });
});

test('hangs up by the id, and is content with a call that is gone', async () => {
  const made = await bench();
  const placed = await made.placed();
  await made.dialer.hangUp(placed, context);
  expect(made.asterisk.channels.size).toBe(0);
  await made.dialer.hangUp(placed, context);
});

test('a wrong password is said as such, and heals when it is mended over there', async () => {
  const asterisk = await new FakeAmi().listen();
  asterisk.secret = 'another';
  const made = new Bench(asterisk);
  await made.until(() => made.state === 'disconnected');
  const failure = await failureOf(made.dialer.probe(context.signal));
  expect(failure).toMatchObject({ kind: 'permanent', scope: 'service', code: 'auth_failed' });
  expect(failure.message).not.toContain('test-secret');
  asterisk.secret = 'test-secret-2-wonderland';
  await made.clock.advance(15_000);
  await made.until(() => made.state === 'connected');
  await made.dialer.probe(context.signal);
});

test('whoever took us and has not booted is not there yet', async () => {
  const asterisk = await new FakeAmi().listen();
  asterisk.isBooted = false;
  const made = new Bench(asterisk);
  await made.until(() => asterisk.logins === 1);
  await made.clock.settle();
  // Within the time of a health check, which is to say why.
  await made.clock.advance(4_500);
  await made.until(() => made.state === 'disconnected');
  expect(made.events.at(-1)).toMatchObject({ state: 'disconnected', code: 'not_booted' });
});

test('a row of the list cannot add a field to what is sent', async () => {
  const made = await bench();
  const contact = contactOf({ id: 'c1\r\nAction: Command' });
  const failure = await failureOf(made.dialer.place(request({ contact }), context));
  expect(failure).toMatchObject({ kind: 'permanent', scope: 'request', code: 'line_break' });
  expect(made.asterisk.actions).toEqual([]);
});

test('a question that was given up keeps nothing of its call', async () => {
  const made = await bench();
  made.asterisk.originate = 'makes and loses the answer';
  expect(await failureOf(made.placed())).toMatchObject({ kind: 'unknown' });
  await made.until(() => made.state === 'connected');
  const givingUp = new AbortController();
  await made.asterisk.kill();
  await made.until(() => made.state === 'disconnected');
  const found = made.dialer.find(request(), requestContext(givingUp.signal));
  expect(made.dialer.kept).toBe(1);
  givingUp.abort(new Error('the run stops'));
  await expect(found).rejects.toThrow('the run stops');
  expect(made.dialer.kept).toBe(0);
});

async function withFollowed() {
  const made = await bench();
  const followed = await made.followed();
  return { made, asterisk: made.asterisk, followed };
}

const another = (number: number): Partial<DialRequest> => ({
  call: `f0c5a5de-0000-4000-8000-0000000001${String(number).padStart(2, '0')}`,
  contact: contactOf({
    id: `c${number}`,
    phone: `+1415555${String(120 + number).padStart(4, '0')}`,
  }),
});

test('a trunk that refuses our password is the trunk, not the number', async () => {
  const made = await bench();
  made.asterisk.originate = { cause: 21, techCause: 401 };
  const failure = await failureOf(made.placed());
  expect(failure).toMatchObject({ kind: 'permanent', scope: 'service', code: 'trunk_refused' });
});

test('congestion is the number; when the next one meets it too, the trunk', async () => {
  const made = await bench();
  made.asterisk.originate = { cause: 34, techCause: 503 };
  const placed = await made.placed(another(1));
  const ended = await made.dialer.follow(placed, request(another(1)), context);
  expect(ended).toMatchObject({ outcome: 'failed' });
  const failure = await failureOf(made.placed(another(2)));
  expect(failure).toMatchObject({ kind: 'transient', scope: 'service', code: 'trunk_congested' });
});

test('five numbers in a row that never rang use up no sixth', async () => {
  const made = await bench();
  made.asterisk.originate = { cause: 19, techCause: 480 };
  for (const number of [1, 2, 3, 4, 5]) {
    const placed = await made.placed(another(number));
    const ended = await made.dialer.follow(placed, request(another(number)), context);
    expect(ended).toMatchObject({ outcome: 'failed' });
  }
  const failure = await failureOf(made.placed(another(6)));
  expect(failure).toMatchObject({ kind: 'permanent', scope: 'service', code: 'never_rings' });
  // Whoever is let through now tries it, and has longer to ring.
  expect(await failureOf(made.placed(another(8)))).toMatchObject({ code: 'never_rings' });
  made.asterisk.originate = 'makes and says no more';
  const tried = failureOf(made.placed(another(9)));
  await made.until(() => made.clock.nextTimerMs === 10_000);
  await made.clock.advance(10_000);
  expect(await tried).toMatchObject({ kind: 'unknown', scope: 'service', code: 'never_rings' });
  expect(await made.dialer.find(request(another(9)), context)).toMatchObject({ state: 'placed' });
  made.asterisk.originate = 'makes';
  await made.placed(another(6));
  await made.placed(another(7));
});

test('a trunk to which every number is wrong uses up nine of them, and no more', async () => {
  const made = await bench();
  made.asterisk.originate = { cause: 1, techCause: 404 };
  const those = Array.from({ length: 12 }, (_, index) => another(10 + index));
  for (const one of those.slice(0, 9)) {
    const placed = await made.placed(one);
    const ended = await made.dialer.follow(placed, request(one), context);
    expect(ended).toMatchObject({ outcome: 'invalid_number' });
  }
  for (const one of those.slice(9)) {
    const failure = await failureOf(made.placed(one));
    expect(failure).toMatchObject({ kind: 'permanent', scope: 'service', code: 'all_invalid' });
  }
  made.asterisk.originate = 'makes';
  const placed = await made.placed(another(1));
  const ended = made.dialer.follow(placed, request(another(1)), context);
  made.asterisk.hangUp(placed.reference, 17);
  await ended;
  made.asterisk.originate = { cause: 1, techCause: 404 };
  await made.placed(another(22));
});

test('a call that was not heard says why, and the next is no proof until it is', async () => {
  const { asterisk, followed, made } = await withFollowed();
  asterisk.stands(CALL, '6');
  asterisk.tell('UserEvent', CALL, { UserEvent: 'Campaign', Played: 'FAILED' });
  asterisk.hangUp(CALL, 16);
  const { fault } = await followed.ended;
  expect(fault).toMatchObject({ kind: 'permanent', scope: 'service', code: 'no_audio' });
  // One is rung then; until they heard the text, the next one is not.
  const tried = await failureOf(made.placed(another(2)));
  expect(tried).toMatchObject({ kind: 'unknown', scope: 'service', code: 'no_audio' });
  const found = await made.dialer.find(request(another(2)), context);
  const placed = found.state === 'placed' ? found.placed : expect.fail(found.state);
  const ended = made.dialer.follow(placed, request(another(2)), context);
  asterisk.stands(placed.reference, '6');
  asterisk.tell('UserEvent', placed.reference, { UserEvent: 'Campaign', Played: 'SUCCESS' });
  asterisk.hangUp(placed.reference, 16);
  expect(await ended).toMatchObject({ outcome: 'answered' });
  await made.placed(another(3));
});

test('a network that lets itself be heard and never says that it rings has rung', async () => {
  const made = await bench();
  made.asterisk.originate = 'makes and says no more';
  const placed = made.placed();
  await made.until(() => made.asterisk.channels.has(CALL));
  made.asterisk.tell('DialState', '', { DestUniqueid: CALL, DialStatus: 'PROGRESS' });
  const ended = made.dialer.follow(await placed, request(), context);
  made.asterisk.hangUp(CALL, 19, 480);
  expect(await ended).toMatchObject({ outcome: 'no_answer' });
});

test('what stands in a row sets no variable of its own', async () => {
  const id = 'a,CAMPAIGN_AUDIO=/etc/x "b" \\ (c)[d]';
  const { asterisk, dialer } = await bench({ variables: { GREETING: 'Hello, you' } });
  await dialer.place(request({ contact: contactOf({ id }) }), context);
  const sent = asterisk.variables();
  expect(sent).toContain('CAMPAIGN_CONTACT=a\\,CAMPAIGN_AUDIO=/etc/x \\"b\\" \\\\ \\(c\\)\\[d\\]');
  expect(sent).toContain('GREETING=Hello\\, you');
});

test.each(['a call that ends for no reason', 'its own word'])(
  'nobody is rung on an Asterisk that is stopping: %s',
  async (sign) => {
    const { asterisk, followed, made } = await withFollowed();
    if (sign === 'its own word') asterisk.tell('Shutdown', '');
    asterisk.hangUp(CALL, sign === 'its own word' ? 16 : 0);
    await followed.ended.catch(() => undefined);
    const placed = failureOf(made.placed(another(1)));
    await made.clock.settle();
    await asterisk.kill();
    await made.until(() => made.state === 'disconnected');
    await made.clock.advance(3_000);
    expect(await placed).toMatchObject({ kind: 'transient', code: 'not_connected' });
    const rung = asterisk.actions.filter((action) => action.get('action') === 'Originate');
    expect(rung).toHaveLength(1);
  },
);

test('what an Asterisk ends as it stops says nothing of the trunk', async () => {
  const made = await bench();
  made.asterisk.originate = { cause: 19, techCause: 480 };
  for (const number of [1, 2, 3, 4, 5]) {
    const placed = await made.placed(another(number));
    await made.dialer.follow(placed, request(another(number)), context);
  }
  made.asterisk.originate = 'makes';
  made.asterisk.drop();
  await made.until(() => made.asterisk.logins === 2);
  await made.until(() => made.state === 'connected');
  await made.placed(another(6));
});
