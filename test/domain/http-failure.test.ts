import { describe, expect, it } from 'vitest';
import { jsonOf, refusal, unusable } from '../../src/domain/http-failure.ts';
import type { HttpResponse } from '../../src/engine/ports.ts';

const account = { name: 'vendor', secrets: ['test-key-1-wonderland'] };

function answered(status: number, body = '', over: Partial<HttpResponse> = {}): HttpResponse {
  const bytes = new TextEncoder().encode(body);
  return { status, headers: {}, body: bytes, retryAfterMs: undefined, ...over };
}

describe('the status alone', () => {
  it.each([
    [400, 'permanent', 'request'],
    [401, 'permanent', 'service'],
    [402, 'permanent', 'service'],
    [403, 'permanent', 'service'],
    [404, 'permanent', 'request'],
    [407, 'permanent', 'service'],
    [408, 'transient', 'service'],
    [413, 'permanent', 'request'],
    [422, 'permanent', 'request'],
    [425, 'transient', 'service'],
    [429, 'transient', 'service'],
    [500, 'transient', 'service'],
    [502, 'transient', 'service'],
    [503, 'transient', 'service'],
    [504, 'transient', 'service'],
    [529, 'transient', 'service'],
    [302, 'permanent', 'service'],
  ] as const)('%i is %s for the %s', (status, kind, scope) => {
    const failure = refusal(account, answered(status));
    expect(failure).toMatchObject({ kind, scope, status, code: `http_${status}` });
    expect(failure.message).toContain(`vendor answered ${status}`);
  });
});

describe('what the vendor says', () => {
  it('is kept for the operator, with what to do about it', () => {
    const failure = refusal(account, answered(401), {
      code: 'invalid_api_key',
      message: 'Incorrect API key provided: test-key-1-wonderland.\nNumber +1 415 555 0134.',
      advice: 'check providers.vendor.api_key',
    });
    expect(failure.message).toBe(
      'vendor answered 401: Incorrect API key provided: ***. Number ***; ' +
        'check providers.vendor.api_key',
    );
    expect(failure.code).toBe('invalid_api_key');
  });

  it('refines the meaning of the status', () => {
    const said = { kind: 'permanent', scope: 'service', code: 'insufficient_quota' } as const;
    expect(refusal(account, answered(429), said)).toMatchObject({ ...said, status: 429 });
    expect(refusal(account, answered(200), { status: 502 })).toMatchObject({
      kind: 'transient',
      status: 502,
      code: 'http_502',
    });
  });

  it.each(['test-key-1-wonderland', 'a sentence is no code', '14155550134', ''])(
    'as a code, "%s" is left out',
    (code) => {
      expect(refusal(account, answered(500), { code }).code).toBe('http_500');
    },
  );

  it('how long to wait: its own word, else the header', () => {
    const response = answered(429, '', { retryAfterMs: 3_000 });
    expect(refusal(account, response).retryAfterMs).toBe(3_000);
    expect(refusal(account, response, { retryAfterMs: 17_000 }).retryAfterMs).toBe(17_000);
  });
});

it('a redirect says where it leads, and no more of it', () => {
  const headers = { location: 'https://login.example.com/?token=test-key-2' };
  expect(refusal(account, answered(302, '', { headers })).message).toBe(
    'vendor answered 302; redirects to login.example.com are not followed: ' +
      'check providers.vendor.base_url',
  );
});

it('an answer that cannot be used may be better the next time', () => {
  expect(unusable(account, answered(200, '<html>'), 'not with JSON')).toMatchObject({
    kind: 'transient',
    scope: 'service',
    code: 'unusable_answer',
    message: 'vendor answered 200, but not with JSON',
  });
});

it.each(['', '<html>', '{"a":', '\ufffd'])('"%s" is no JSON', (body) => {
  expect(jsonOf(answered(200, body))).toBeUndefined();
});
