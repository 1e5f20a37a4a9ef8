import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Script } from '../../src/engine/ports.ts';
import { aimed } from '../services/llm/fake-vendors.ts';
import { contactOf, failureOf, requestContext } from '../services/support.ts';
import { clear, failNext, journal, urlOf } from './bed.ts';

const contact = contactOf({ name: 'Zoë "Z" Ünal', variables: { appointment_day: 'Tuesday' } });
const VENDORS = ['openai', 'openrouter', 'anthropic'] as const;
type Vendor = (typeof VENDORS)[number];
const POSTS = { openai: '/v1', openrouter: '/api/v1', anthropic: '/v1' } as const;
const PATHS = {
  openai: ['POST /v1/chat/completions', 'GET /v1/models/small-1'],
  openrouter: ['POST /api/v1/chat/completions', 'GET /api/v1/key'],
  // The mock has no single model to tell of, so it is asked for all.
  anthropic: ['POST /v1/messages', 'GET /v1/models/small-1', 'GET /v1/models'],
} as const;

/** Published, and not in the description that the bed is made of. */
const MODEL_OF_ANTHROPIC = 'GET /v1/models/small-1';

/** The mock does not say what is wrong: it may be one contact or all of them. */
const UNPLACED = { kind: 'transient', scope: 'service', retriesMax: 0 } as const;
const PERMANENT = { kind: 'permanent', scope: 'service' } as const;
const TRANSIENT = { kind: 'transient', scope: 'service' } as const;

const CASES: readonly (readonly [number, object])[] = [
  [400, UNPLACED],
  [401, PERMANENT],
  [402, PERMANENT],
  [404, PERMANENT],
  [408, TRANSIENT],
  [429, { ...TRANSIENT, retryAfterMs: 7_000 }],
  [500, TRANSIENT],
  [503, TRANSIENT],
  [524, TRANSIENT],
  [529, TRANSIENT],
];
/** Statuses that the vendor's description does not have. */
const NOT_IN: Readonly<Record<Vendor, readonly number[]>> = {
  openai: [402, 408, 524, 529],
  openrouter: [],
  anthropic: [408, 503, 524],
};

for (const vendor of VENDORS) {
  describe(vendor, () => {
    const write = (): Promise<Script> =>
      aimed(vendor, urlOf(vendor)).write(
        { contact, language: 'en', properties: {} },
        requestContext(),
      );

    beforeEach(() => clear(vendor));
    afterEach(async () => {
      const { bad } = await journal(vendor);
      const entries = bad as { method: string; url: string }[];
      const isKnown = (request: string): boolean =>
        vendor === 'anthropic' && request === MODEL_OF_ANTHROPIC;
      expect(entries.filter(({ method, url }) => !isKnown(`${method} ${url}`))).toEqual([]);
    });

    it('takes every request that the service makes', async () => {
      // The mock of openai answers with a text and a refusal at once, which is no text for us.
      const written = await write().catch((error: unknown) => error);
      expect(written).toMatchObject(
        vendor === 'openai' ? { code: 'bad_answer' } : { text: expect.any(String) as string },
      );
      await aimed(vendor, urlOf(vendor)).probe(requestContext().signal);
      expect((await journal(vendor)).requests).toEqual(PATHS[vendor]);
    });

    it.each(CASES.filter(([code]) => NOT_IN[vendor].includes(code) === false))(
      '%i in its own words',
      async (code, meaning) => {
        const headers: Record<string, string> = code === 429 ? { 'retry-after': '7' } : {};
        await failNext(vendor, { code, headers, match: `POST ${POSTS[vendor]}` });
        const failure = await failureOf(write());
        expect(failure).toMatchObject({ ...meaning, status: code });
        expect(failure.message.length).toBeGreaterThan(`${vendor} answered ${code}`.length);
      },
    );
  });
}
