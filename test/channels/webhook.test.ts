import { describe, expect, it, onTestFinished } from 'vitest';
import { alertDocument, webhookChannel } from '../../src/channels/webhook.ts';
import { openHttp } from '../../src/services/http.ts';
import { loopback, type Reply } from '../support/loopback.ts';
import { failureOf, NEVER, RAISED, RECOVERED } from './support.ts';

const NOW_MS = Date.UTC(2026, 2, 2, 3, 1);

async function receiver(answer: () => Reply = () => ({ body: 'ok' })) {
  const server = await loopback(answer);
  const clock = { wallMs: () => NOW_MS };
  const http = openHttp({ userAgent: 'campaign/test', clock });
  onTestFinished(() => http[Symbol.asyncDispose]());
  const url = `${server.url}/services/T0123456789/hook`;
  const sign = (timestamp: string, body: string): string => `sha256=${timestamp}:${body.length}`;
  return {
    server,
    channel: webhookChannel(
      { severities: ['critical'], url, secret: 'a-secret' },
      http,
      clock,
      sign,
    ),
  };
}

describe('an alert by webhook', () => {
  it('is a document with a fixed shape, signed, with a text for chats', async () => {
    const { server, channel } = await receiver();
    await channel.send(RAISED, NEVER);
    const [request] = server.requests;
    const body = JSON.parse(request?.body ?? '');
    expect(body).toEqual({
      type: 'campaign.alert',
      id: 'service%3Aelevenlabs-raised-1772420400000',
      key: 'service:elevenlabs',
      kind: 'raised',
      severity: 'critical',
      was: null,
      joins: null,
      campaign: 'spring',
      service: 'elevenlabs',
      role: 'tts',
      since: '2026-03-02T03:00:00.000Z',
      duration_ms: null,
      late_ms: null,
      affected: 3,
      contacts: 2,
      contacts_more: false,
      title: RAISED.title,
      what: RAISED.what,
      doing: RAISED.doing,
      to_do: RAISED.toDo,
      text: expect.stringMatching(/^CRITICAL: elevenlabs, which speaks/),
    });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': body.id,
      'x-campaign-timestamp': String(NOW_MS / 1_000),
      'x-campaign-signature': `sha256=${NOW_MS / 1_000}:${request?.body.length}`,
    });
  });

  it('is told once, also where a long page stands behind the 200', async () => {
    const { server, channel } = await receiver(() => ({ body: '<p>Thanks</p>'.repeat(100_000) }));
    await channel.send(RAISED, NEVER);
    expect(server.requests).toHaveLength(1);
  });

  it('that ends one says for how long it was, and how late it is told', () => {
    expect(alertDocument(RECOVERED)).toMatchObject({
      kind: 'recovered',
      severity: 'info',
      duration_ms: 10_800_000,
      late_ms: 1_200_000,
    });
  });

  it('names nobody, and gives a lower bound as one', () => {
    const names = { contactNames: ['spring c1'], contacts: 1_000, contactsMore: true } as const;
    expect(alertDocument({ ...RAISED, ...names })).toMatchObject({
      contacts: 1_000,
      contacts_more: true,
    });
    expect(JSON.stringify(alertDocument({ ...RAISED, ...names }))).not.toContain('spring c1');
    const { contacts: _, ...unknown } = RAISED;
    // Nobody was met less than once.
    expect(alertDocument({ ...RAISED, affected: 0, contacts: 1 })).toMatchObject({
      affected: 1,
      contacts: 1,
    });
    expect(alertDocument({ ...RAISED, affected: 3, contacts: 1 })).toMatchObject({ affected: 3 });
    expect(alertDocument(unknown)).toMatchObject({ contacts: null, contacts_more: null });
  });

  it.each([
    { status: 404, kind: 'permanent', scope: 'service', says: 'check alerts.webhook.url' },
    { status: 410, kind: 'permanent', scope: 'service', says: 'check alerts.webhook.url' },
    { status: 403, kind: 'permanent', scope: 'service', says: 'alerts.webhook.secret' },
    { status: 302, kind: 'permanent', scope: 'service', says: 'redirects are not followed' },
    { status: 400, kind: 'permanent', scope: 'request', says: 'invalid_payload' },
    { status: 503, kind: 'transient', scope: 'service', says: '503' },
  ] as const)('answered $status is $kind', async ({ status, kind, scope, says }) => {
    const { server, channel } = await receiver(() => ({
      status,
      headers: { 'content-type': 'text/plain', location: '/elsewhere' },
      body: 'invalid_payload at /services/T0123456789/hook with a-secret',
    }));
    const failure = await failureOf(channel.send(RAISED, NEVER));
    expect(failure).toMatchObject({ kind, scope, status });
    expect(failure.message).toContain(says);
    expect(failure.message).not.toMatch(/T0123456789|a-secret/);
    expect(server.requests).toHaveLength(1);
  });
});
