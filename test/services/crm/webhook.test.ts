import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Crm } from '../../../src/engine/ports.ts';
import { signatureOf, webhookCrm } from '../../../src/services/crm/webhook.ts';
import { openHttp } from '../../../src/services/http.ts';
import { type Loopback, loopback, type Reply } from '../../support/loopback.ts';
import { contactOf, failureOf, requestContext } from '../support.ts';
import { recordOf } from './fake-hubspot.ts';

const SECRET = 'test-secret-1-wonderland';
const dana = contactOf({ email: 'dana@example.com', variables: { plan: 'gold' } });
const context = requestContext();
const REQUEST = { kind: 'permanent', scope: 'request' } as const;
const ACCOUNT = { kind: 'permanent', scope: 'service' } as const;
const PASSING = { kind: 'transient', scope: 'service' } as const;

/** A receiver that keeps what it takes, by its key. */
async function receiver(reply: Reply = {}) {
  const taken = new Map<string, string>();
  const server = await loopback((request) => {
    if (request.method === 'GET') return reply.status === undefined ? { status: 405 } : reply;
    taken.set(String(request.headers['idempotency-key']), request.body);
    return reply;
  });
  return { ...server, taken };
}

function aimed({ url }: Pick<Loopback, 'url'>, secret: string | undefined = SECRET): Crm {
  const http = openHttp({ userAgent: 'campaign/test', clock: { wallMs: () => 0 } });
  onTestFinished(() => http[Symbol.asyncDispose]());
  const clock = { wallMs: () => 1_772_442_070_900 };
  return webhookCrm({ url: `${url}/hooks/wonderland-0123456789?k=1`, secret }, http, clock);
}

describe('the webhook', () => {
  it('tells of a call in words that stay, with the number in full', async () => {
    const server = await receiver();
    const record = recordOf({ again: true, detail: 'talked' }, dana);
    expect(await aimed(server).record(record, context)).toEqual({});
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      type: 'call.finished',
      campaign: 'spring',
      call: record.call,
      again: true,
      outcome: 'answered',
      detail: 'talked',
      answer: null,
      text: 'Hello Dana.',
      started_at: '2026-03-02T09:00:00.000Z',
      dialled_at: '2026-03-02T09:00:30.000Z',
      ended_at: '2026-03-02T09:01:05.000Z',
      contact: {
        id: 'c1',
        name: 'Dana Sample',
        phone: '+14155550134',
        language: null,
        timezone: null,
        email: 'dana@example.com',
        variables: { plan: 'gold' },
      },
      services: { llm: 'template', tts: 'flite', dialer: 'twilio' },
    });
  });

  it('is signed so that a receiver can check it as the guide says', async () => {
    const server = await receiver();
    const record = recordOf({ text: 'Zoë “Z” 😀' }, dana);
    await aimed(server).record(record, context);
    const { headers, body, path, method } = server.requests[0] ?? {};
    expect([method, path]).toEqual(['POST', '/hooks/wonderland-0123456789?k=1']);
    expect(headers?.['content-type']).toBe('application/json');
    expect(headers?.['idempotency-key']).toBe(record.call);
    expect(headers?.['x-campaign-timestamp']).toBe('1772442070');
    const hash = createHmac('sha256', SECRET).update(`1772442070.${body}`).digest('hex');
    expect(headers?.['x-campaign-signature']).toBe(`sha256=${hash}`);
  });

  it('has the signature that openssl computes', () => {
    // printf '%s' '1772442070.{}' | openssl dgst -sha256 -hmac test-secret-1-wonderland
    expect(signatureOf(SECRET, '1772442070', '{}')).toBe(`sha256=${OPENSSL}`);
  });

  it('without a secret nothing is signed', async () => {
    const server = await receiver();
    const http = openHttp({ userAgent: 'campaign/test', clock: { wallMs: () => 0 } });
    onTestFinished(() => http[Symbol.asyncDispose]());
    const crm = webhookCrm({ url: server.url, secret: undefined }, http, { wallMs: () => 0 });
    await crm.record(recordOf(), context);
    expect(server.requests[0]?.headers['x-campaign-signature']).toBeUndefined();
  });

  it('sent twice has one key, so that a receiver can take it once', async () => {
    const server = await receiver();
    await aimed(server).record(recordOf(), context);
    await aimed(server).record(recordOf({ again: true }), context);
    expect(server.requests).toHaveLength(2);
    expect(server.taken.size).toBe(1);
  });

  it('has taken a record also where a long page stands behind its 200', async () => {
    const server = await receiver({ body: '<p>Thanks</p>'.repeat(100_000) });
    expect(await aimed(server).record(recordOf(), context)).toEqual({});
    expect(await aimed(server).probe(context.signal)).toMatchObject({ credentials: 'unknown' });
  });

  it('leaves the columns out where they are too much', async () => {
    const server = await receiver();
    const long = contactOf({ variables: { story: 'x'.repeat(64_000), more: 'y' } });
    await aimed(server).record(recordOf({}, long), context);
    const body = JSON.parse(server.requests[0]?.body ?? '');
    expect(body.contact.variables).toBeNull();
    expect(body.contact.phone).toBe('+14155550134');
  });

  it.each([200, 201, 202, 204])('%i is taken', async (status) => {
    const server = await receiver({ status });
    expect(await aimed(server).record(recordOf(), context)).toEqual({});
  });

  it.each<readonly [number, object]>([
    [301, ACCOUNT],
    [400, REQUEST],
    [401, ACCOUNT],
    [403, ACCOUNT],
    [404, ACCOUNT],
    [405, ACCOUNT],
    [408, PASSING],
    [409, REQUEST],
    [410, ACCOUNT],
    [413, REQUEST],
    [422, REQUEST],
    [425, PASSING],
    [429, { ...PASSING, retryAfterMs: 7_000 }],
    [500, PASSING],
    [503, PASSING],
  ])('%i', async (status, meaning) => {
    const headers = { 'retry-after': '7', location: 'http://127.0.0.1:1/elsewhere' };
    const server = await receiver({ status, headers, body: { message: 'not today' } });
    const failure = await failureOf(aimed(server).record(recordOf(), context));
    expect(failure).toMatchObject({ ...meaning, status });
    expect(failure.message).toContain(`webhook answered ${status}: not today`);
    // A redirect is not followed.
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [410, 'change providers.webhook.url'],
    [401, 'check providers.webhook.secret'],
    [302, 'check providers.webhook.url'],
    [404, 'check providers.webhook.url'],
  ])('%i says what to do', async (status, words) => {
    const server = await receiver({ status, headers: { location: '/x' }, body: '' });
    const failure = await failureOf(aimed(server).record(recordOf(), context));
    expect(failure.message).toContain(words);
  });

  it('tells neither address nor secret nor number of what comes back', async () => {
    const people = '4155550134, (415) 555.0134, id14155550134x, 555-0134, dana@example.com';
    const echo = `${SECRET} /hooks/wonderland-0123456789?k=1 ${people}`;
    const body = { error: { message: echo } };
    const server = await receiver({ status: 422, body });
    const failure = await failureOf(aimed(server).record(recordOf({}, dana), context));
    expect(inspect(failure)).not.toMatch(/wonderland|555|dana@/);
    expect(failure.message).toMatch(/^webhook answered 422: /);
  });

  it.each([
    ['the path', 'Route POST:/hooks/catch/77/abcdef not found'],
    ['path and query', 'no /hooks/catch/77/abcdef?token=9x-abcd here'],
    ['a token', 'the token 9x-abcd is wrong'],
  ])('tells %s of its address to nobody, however short its parts are', async (_what, message) => {
    const server = await receiver({ status: 404, body: { message } });
    const http = openHttp({ userAgent: 'campaign/test', clock: { wallMs: () => 0 } });
    onTestFinished(() => http[Symbol.asyncDispose]());
    const url = `${server.url}/hooks/catch/77/abcdef?token=9x-abcd`;
    const crm = webhookCrm({ url, secret: undefined }, http, { wallMs: () => 0 });
    const failure = await failureOf(crm.record(recordOf({}, dana), context));
    expect(inspect(failure)).not.toMatch(/catch|abcd/);
    expect(failure.message).toMatch(/\*\*\*.*; check providers\.webhook\.url$/);
  });

  it.each([
    [200, 'unknown', 'answered 200 to an unsigned GET; whether it takes records shows only when'],
    [405, 'unknown', 'answered 405 to an unsigned GET; whether it takes records shows only when'],
    [
      401,
      'doubtful',
      'answered 401 to an unsigned GET: a signed POST may be let in; if not, check',
    ],
    [403, 'doubtful', 'check providers.webhook.secret and providers.webhook.url'],
    [404, 'doubtful', 'nothing is there at that path, unless only for POST; check providers.web'],
    [302, 'doubtful', 'redirects are not followed; check providers.webhook.url'],
  ] as const)('%i to a GET says as much as it shows', async (status, credentials, words) => {
    const server = await receiver({ status, headers: { location: '/x' } });
    const told = await aimed(server).probe(context.signal);
    expect(told).toMatchObject({ credentials, detail: expect.stringContaining(words) });
  });

  it('is well where the server answers whatever, and not where it is gone', async () => {
    await aimed(await receiver()).probe(context.signal);
    await aimed(await receiver({ status: 401 })).probe(context.signal);
    const broken = aimed(await receiver({ status: 502 }));
    expect(await failureOf(broken.probe(context.signal))).toMatchObject(PASSING);
    const gone = aimed(await receiver({ status: 410 }));
    expect(await failureOf(gone.probe(context.signal))).toMatchObject(ACCOUNT);
  });
});

const OPENSSL = 'a5cd10bb7240d2b67c3152731e27fb39e84dd6990e46221448e4c2df459f3873';
