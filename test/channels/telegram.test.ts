import { describe, expect, it, onTestFinished } from 'vitest';
import { telegramChannel } from '../../src/channels/telegram.ts';
import { openHttp } from '../../src/services/http.ts';
import { loopback, type Reply } from '../support/loopback.ts';
import { failureOf, NEVER, RAISED, RECOVERED } from './support.ts';

const TOKEN = '123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw';
const TAKEN: Reply = { body: { ok: true, result: { message_id: 1 } } };

async function bot(answer: () => Reply = () => TAKEN) {
  const server = await loopback(answer);
  const http = openHttp({ userAgent: 'campaign/test', clock: { wallMs: () => 0 } });
  onTestFinished(() => http[Symbol.asyncDispose]());
  const severities = ['critical'] as const;
  const settings = {
    severities,
    botToken: TOKEN,
    chatId: '-100200300',
    baseUrl: `${server.url}/proxy`,
  };
  return { server, channel: telegramChannel(settings, http) };
}

function refusal(code: number, description: string, more: object = {}): Reply {
  return { status: code, body: { ok: false, error_code: code, description, ...more } };
}

describe('an alert by Telegram', () => {
  it('goes to the chat as plain text, whatever is in it', async () => {
    const { server, channel } = await bot();
    await channel.send(RAISED, NEVER);
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: `/proxy/bot${TOKEN}/sendMessage` });
    const body = JSON.parse(request?.body ?? '');
    expect(body).toMatchObject({ chat_id: '-100200300', disable_notification: false });
    expect(body.parse_mode).toBeUndefined();
    expect(body.text).toMatch(/^CRITICAL: elevenlabs, which speaks/);
    expect(body.text).toContain('elevenlabs answered 503. <b>&');
  });

  it('that is good news wakes nobody', async () => {
    const { server, channel } = await bot();
    await channel.send(RECOVERED, NEVER);
    const body = JSON.parse(server.requests[0]?.body ?? '');
    expect(body.disable_notification).toBe(true);
    expect(body.text).toMatch(/^All clear: .*\n\nLATE by 20 min/);
  });

  it('is cut where Telegram would refuse it', async () => {
    const { server, channel } = await bot();
    await channel.send({ ...RAISED, what: 'long '.repeat(2_000) }, NEVER);
    expect(JSON.parse(server.requests[0]?.body ?? '').text).toHaveLength(4_096);
  });

  it.each([
    {
      reply: refusal(401, 'Unauthorized'),
      means: { kind: 'permanent', scope: 'service', status: 401 },
      says: 'check alerts.telegram.bot_token',
    },
    {
      reply: refusal(404, 'Not Found'),
      means: { kind: 'permanent', scope: 'service' },
      says: 'check alerts.telegram.bot_token',
    },
    {
      reply: refusal(403, 'Forbidden: bot was blocked by the user'),
      means: { kind: 'permanent', scope: 'service' },
      says: 'start a chat with it',
    },
    {
      reply: refusal(400, 'Bad Request: chat not found'),
      means: { kind: 'permanent', scope: 'service' },
      says: 'check alerts.telegram.chat_id',
    },
    {
      reply: refusal(400, 'Bad Request: message text is empty'),
      means: { kind: 'permanent', scope: 'request' },
      says: 'message text is empty',
    },
    {
      reply: refusal(429, 'Too Many Requests: retry after 7', { parameters: { retry_after: 7 } }),
      means: { kind: 'transient', retryAfterMs: 7_000 },
      says: 'Too Many Requests',
    },
    { reply: { status: 502, body: '<html>' }, means: { kind: 'transient' }, says: '502' },
    { reply: { body: '<html>a portal</html>' }, means: { kind: 'transient' }, says: '200' },
  ])('refused: $says', async ({ reply, means, says }) => {
    const { channel } = await bot(() => reply);
    const failure = await failureOf(channel.send(RAISED, NEVER));
    expect(failure).toMatchObject(means);
    expect(failure.message).toContain(says);
    expect(failure.message).not.toContain(TOKEN.slice(10, 20));
  });
});
