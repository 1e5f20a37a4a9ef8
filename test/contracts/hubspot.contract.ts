import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aimedHubspot, recordOf } from '../services/crm/fake-hubspot.ts';
import { contactOf, failureOf, requestContext } from '../services/support.ts';
import { clear, failNext, journal, urlOf } from './bed.ts';

const contact = contactOf({ email: 'zoë+1@example.com' });
const context = requestContext();
/** Published, and not in the description that the bed is made of. */
const DISPOSITIONS = 'GET /calling/v1/dispositions';
const PROPERTY = 'GET /crm/v3/properties/calls/campaign_call_id';
const UPSERT = 'POST /crm/v3/objects/calls/batch/upsert';

const aimed = (over: Parameters<typeof aimedHubspot>[1] = {}) =>
  aimedHubspot(urlOf('hubspot'), { accessToken: 'pat-na1-test-1', owner: '77', ...over });

/** Requests that broke the contract. */
async function bad() {
  const entries = (await journal('hubspot')).bad as { method: string; url: string }[];
  return entries.filter(
    ({ method, url }) => ![DISPOSITIONS, PROPERTY].includes(`${method} ${url}`),
  );
}

describe('hubspot', () => {
  beforeEach(() => clear('hubspot'));
  afterEach(async () => {
    expect(await bad()).toEqual([]);
  });

  it('takes every request with the unique property', async () => {
    const crm = aimed({ lookup: ['firstname', 'plan'] });
    // The mock has no properties, and says so in words that are not HubSpot's.
    await failureOf(crm.probe(context.signal));
    expect(await crm.lookup?.(contact, context)).toMatchObject({ plan: expect.any(String) });
    expect(await crm.record(recordOf({ detail: 'x' }, contact), context)).toEqual({});
    const { requests } = await journal('hubspot');
    expect(requests.map((request) => request.split('?')[0])).toEqual([
      'GET /account-info/v3/details',
      PROPERTY,
      'GET /crm/v3/objects/contacts/zo%C3%AB%2B1%40example.com',
      DISPOSITIONS,
      UPSERT,
      expect.stringMatching(/^PUT \/crm\/v4\/objects\/calls\/\d+\/associations\/default\/contacts/),
    ]);
  });

  it('takes the searches, and a call that is created', async () => {
    const crm = aimed({ callIdProperty: undefined, findBy: ['id', 'phone'], idProperty: 'no' });
    await crm.record(recordOf({ outcome: 'failed' }, contact), context);
    await crm.record(recordOf({ outcome: 'failed', again: true }, contact), context);
    const { requests } = await journal('hubspot');
    expect(requests).toContain('POST /crm/v3/objects/contacts/search');
    expect(requests).toContain('POST /crm/v3/objects/calls/search');
    expect(requests).toContain('POST /crm/v3/objects/calls');
  });

  it('takes a contact by HubSpot’s own id', async () => {
    const crm = aimed({ findBy: ['id'] });
    await crm.record(recordOf({ outcome: 'failed' }, contactOf({ id: '42' })), context);
    const { requests } = await journal('hubspot');
    const paths = requests.map((request) => request.split('?')[0]);
    expect(paths).toContain('GET /crm/v3/objects/contacts/42');
  });

  it.each([
    [400, { kind: 'permanent', scope: 'request' }],
    [401, { kind: 'permanent', scope: 'service' }],
    [403, { kind: 'permanent', scope: 'service' }],
    [409, { kind: 'transient', scope: 'request' }],
    [429, { kind: 'transient', scope: 'service', retryAfterMs: 10_000 }],
    [500, { kind: 'transient', scope: 'service' }],
  ])('%i in its own words', async (code, meaning) => {
    await failNext('hubspot', { code, match: UPSERT });
    const failure = await failureOf(aimed().record(recordOf({}, contact), context));
    expect(failure).toMatchObject({ ...meaning, status: code });
    expect(failure.message.length).toBeGreaterThan(`hubspot answered ${code}`.length);
  });
});
