import { describe, expect, it, onTestFinished } from 'vitest';
import { type EmailSettings, emailChannel } from '../../src/channels/email.ts';
import { mailServer } from '../support/mail-server.ts';
import { selfSigned } from '../support/self-signed.ts';
import { failureOf, NEVER, RAISED, RECOVERED } from './support.ts';

function channel(settings: Partial<EmailSettings>) {
  const made = emailChannel({
    severities: ['critical'],
    host: '127.0.0.1',
    port: 25,
    security: 'none',
    user: undefined,
    pass: undefined,
    from: 'Campaign <campaign@example.com>',
    to: ['anna@example.com', 'ben@example.com'],
    ...settings,
  });
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

describe('an alert by e-mail', () => {
  it('goes to everybody, says what it is in its subject, the rest in plain text', async () => {
    const { port, mails } = await mailServer();
    await channel({ port }).send(RAISED, NEVER);
    const [mail] = mails;
    expect(mail).toMatchObject({
      from: 'campaign@example.com',
      to: ['anna@example.com', 'ben@example.com'],
    });
    const text = mail?.text.replace(/=\r\n/g, '').replace(/\r\n /g, ' ');
    expect(text).toContain('Subject: CRITICAL: elevenlabs, which speaks the texts, does not work');
    expect(text).toContain('Auto-Submitted: auto-generated');
    expect(text).toContain('What the program does: Contacts who need it wait');
    expect(text).toContain('Since: 2026-03-02 03:00 UTC');
    expect(text).toContain('text/plain');
  });

  it('is one and the same when it is sent again, and says when it is late', async () => {
    const { port, mails } = await mailServer();
    const email = channel({ port });
    await email.send(RAISED, NEVER);
    await email.send(RAISED, NEVER);
    await email.send(RECOVERED, NEVER);
    const ids = mails.map(({ text }) => /^Message-ID: (.*)$/m.exec(text)?.[1]);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(mails[2]?.text).toContain('Subject: All clear:');
    expect(mails[2]?.text).toContain('LATE by 20 min');
  });

  it('is sent over TLS by STARTTLS, with a login', async () => {
    const { key, cert } = selfSigned();
    const { port, mails } = await mailServer({
      disabledCommands: [],
      key,
      cert,
      onAuth({ username, password }, _session, done) {
        if (password === 'a-good-password') done(null, { user: username });
        else done(new Error('Invalid login'));
      },
    });
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    onTestFinished(() => {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    });
    const login = { port, security: 'starttls', user: 'campaign' } as const;
    await channel({ ...login, pass: 'a-good-password' }).send(RAISED, NEVER);
    expect(mails).toMatchObject([{ isSecure: true, user: 'campaign' }]);
    const failure = await failureOf(
      channel({ ...login, pass: 'a-bad-password' }).send(RAISED, NEVER),
    );
    expect(failure).toMatchObject({ kind: 'permanent', scope: 'service', status: 535 });
    expect(failure.message).toContain('check alerts.email.user and alerts.email.pass');
    expect(failure.message).not.toContain('a-bad-password');
  });

  it('is not sent in clear where TLS was asked for', async () => {
    const { port, mails } = await mailServer();
    const failure = await failureOf(channel({ port, security: 'starttls' }).send(RAISED, NEVER));
    expect(failure).toMatchObject({ kind: 'permanent', scope: 'service', status: 500 });
    expect(failure.message).toContain('is alerts.email.port right?');
    expect(mails).toEqual([]);
  });

  it('says in words that no TLS is spoken where it begins with TLS', async () => {
    const { port, mails } = await mailServer();
    const failure = await failureOf(channel({ port, security: 'tls' }).send(RAISED, NEVER));
    expect(failure).toMatchObject({ kind: 'permanent', scope: 'service' });
    expect(failure.message).toBe(
      `the mail server 127.0.0.1:${port}: no TLS is spoken there; is alerts.email.port right? ` +
        'alerts.email.security: tls is for port 465, starttls for 587 or 25, none for a relay on ' +
        'this machine',
    );
    expect(mails).toEqual([]);
  });

  it('of a certificate that nobody knows says so', async () => {
    const { key, cert } = selfSigned();
    const { port, mails } = await mailServer({ disabledCommands: [], key, cert });
    const failure = await failureOf(channel({ port, security: 'starttls' }).send(RAISED, NEVER));
    expect(failure).toMatchObject({ kind: 'permanent', scope: 'service' });
    expect(failure.message).toMatch(/certificate/);
    expect(mails).toEqual([]);
  });

  it.each([
    { at: 'onMailFrom', reply: 450, kind: 'transient', scope: 'service' },
    { at: 'onRcptTo', reply: 550, kind: 'permanent', scope: 'service' },
    { at: 'onMailFrom', reply: 553, kind: 'permanent', scope: 'service' },
  ] as const)('refused $at with $reply is $kind', async ({ at, reply, kind, scope }) => {
    const { port } = await mailServer({
      [at]: (_address: unknown, _session: unknown, done: (error: Error) => void) => {
        done(Object.assign(new Error('Not today'), { responseCode: reply }));
      },
    });
    const failure = await failureOf(channel({ port }).send(RAISED, NEVER));
    expect(failure).toMatchObject({ kind, scope, status: reply, code: `smtp_${reply}` });
    expect(failure.message).toContain('Not today');
  });

  it('that reaches some of them says whom it did not reach', async () => {
    const { port, mails } = await mailServer({
      onRcptTo: ({ address }, _session, done) => {
        const isGone = address === 'ben@example.com';
        done(isGone ? Object.assign(new Error('No such box'), { responseCode: 550 }) : null);
      },
    });
    expect(await channel({ port }).send(RAISED, NEVER)).toBe(
      `it reached anna@example.com; the mail server 127.0.0.1:${port} refuses ben@example.com ` +
        '(550 No such box): check alerts.email.to',
    );
    expect(mails.map(({ to }) => to)).toEqual([['anna@example.com']]);
  });

  it('of a message that is refused for what is in it says that of this one only', async () => {
    const { port } = await mailServer({
      onData(stream, _session, done) {
        stream.resume();
        stream.on('end', () => done(Object.assign(new Error('Spam'), { responseCode: 554 })));
      },
    });
    const failure = await failureOf(channel({ port }).send(RAISED, NEVER));
    expect(failure).toMatchObject({ kind: 'permanent', scope: 'request', status: 554 });
  });

  it('to a server that is not there may be tried again, and says where', async () => {
    const { port } = await mailServer();
    const failure = await failureOf(channel({ port: port === 1 ? 2 : 1 }).send(RAISED, NEVER));
    expect(failure).toMatchObject({ kind: 'transient', code: 'ESOCKET' });
    expect(failure.message).toContain('127.0.0.1:1');
    expect(failure.message).toContain('check alerts.email.host and alerts.email.port');
  });

  it('is given up as soon as its signal aborts', async () => {
    const { port } = await mailServer({ onConnect: () => undefined });
    const ended = new AbortController();
    const sent = channel({ port }).send(RAISED, ended.signal);
    ended.abort(new Error('the run ended'));
    await expect(sent).rejects.toThrow('the run ended');
  });
});
