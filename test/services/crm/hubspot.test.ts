import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Contact } from '../../../src/domain/contact.ts';
import { ServiceFailure } from '../../../src/domain/failure.ts';
import type { Reply } from '../../support/loopback.ts';
import { deadUrl } from '../../support/loopback.ts';
import { contactOf, failureOf, requestContext } from '../support.ts';
import { aimedHubspot, CALL_ID, fakeHubspot, NOT_FOUND, recordOf, TOKEN } from './fake-hubspot.ts';

const dana = contactOf({ email: 'Dana@Example.com' });
const context = requestContext();
const REQUEST = { kind: 'permanent', scope: 'request' } as const;
const ACCOUNT = { kind: 'permanent', scope: 'service' } as const;
const PASSING = { kind: 'transient', scope: 'service' } as const;
const LATER = { kind: 'transient', scope: 'request' } as const;
const UPSERT = 'POST /crm/v3/objects/calls/batch/upsert';
const CREATE = 'POST /crm/v3/objects/calls';
const PUT = 'PUT /crm/v4';

async function withDana(over: Parameters<typeof aimedHubspot>[1] = {}) {
  const portal = await fakeHubspot();
  portal.contacts.set('501', { email: 'dana@example.com', firstname: 'Dana', plan: 'gold' });
  return { portal, crm: aimedHubspot(portal.url, over) };
}

describe('a call logged in HubSpot', () => {
  it('says what is known of it, all as texts, and stands with its contact', async () => {
    const { portal, crm } = await withDana({ owner: '77' });
    const record = recordOf({ detail: 'a <b> & c\nd' }, dana);
    expect(await crm.record(record, context)).toEqual({});
    expect(portal.calls).toHaveLength(1);
    const [call] = portal.calls;
    expect([...(call?.contacts ?? [])]).toEqual(['501']);
    expect(call?.properties).toEqual({
      [CALL_ID]: record.call,
      hs_timestamp: '1772442030000',
      hs_call_title: 'spring: answered',
      hs_call_body:
        'Hello Dana.<br><br>a &lt;b&gt; &amp; c<br>d<br><br>' + `Contact c1, call ${record.call}.`,
      hs_call_direction: 'OUTBOUND',
      hs_call_status: 'COMPLETED',
      hs_call_to_number: '+14155550134',
      hs_call_external_id: record.call,
      hs_call_duration: '12000',
      hs_call_disposition: 'f240bbac-87c9-4f6e-bf70-924b57d47db7',
      hubspot_owner_id: '77',
    });
  });

  it.each([
    ['busy', 'BUSY', '9d9162e7-6cf3-4944-bf63-4dff82258764'],
    ['no_answer', 'NO_ANSWER', undefined],
    ['failed', 'FAILED', undefined],
    ['previewed', 'CANCELED', undefined],
  ] as const)('%s has no length, status %s', async (outcome, status, disposition) => {
    const { portal, crm } = await withDana();
    await crm.record(recordOf({ outcome, text: undefined, dialledMs: undefined }, dana), context);
    const properties = portal.calls[0]?.properties ?? {};
    expect(properties['hs_call_status']).toBe(status);
    expect(properties['hs_call_title']).not.toContain('nobody was called');
    expect(properties['hs_call_duration']).toBeUndefined();
    expect(properties['hs_call_disposition']).toBe(disposition);
    expect(properties['hs_timestamp']).toBe('1772442000000');
  });

  it('whose end was found out by a later run has no length', async () => {
    const { portal, crm } = await withDana();
    const found = { endedMs: 1_772_442_065_000 + 50 * 60_000, talkMs: undefined };
    await crm.record(recordOf(found, dana), context);
    expect(portal.calls[0]?.properties['hs_call_duration']).toBeUndefined();
  });

  it('a text that is too long for HubSpot is cut, and says whose it is', async () => {
    const { portal, crm } = await withDana();
    await crm.record(recordOf({ text: '&'.repeat(20_000) }, dana), context);
    const body = portal.calls[0]?.properties['hs_call_body'] ?? '';
    expect(body.length).toBeLessThan(65_536);
    expect(body).toContain('Contact c1, call ');
  });

  it('asks for the dispositions once, and does without where it must', async () => {
    const { portal, crm } = await withDana();
    portal.troubles.push({ at: 'GET /calling', reply: { status: 403, body: {} }, done: false });
    await crm.record(recordOf({ call: 'one' }, dana), context);
    await crm.record(recordOf({ call: 'two' }, dana), context);
    await crm.record(recordOf({ call: 'three' }, dana), context);
    const given = portal.calls.map(({ properties }) => properties['hs_call_disposition']);
    expect(given).toEqual([undefined, given[1], given[1]]);
    expect(given[1]).toBeDefined();
    expect(portal.asked().filter((one) => one.startsWith('GET /calling'))).toHaveLength(2);
  });

  it('keeps the path of a gateway', async () => {
    const { portal } = await withDana();
    const crm = aimedHubspot(`${portal.url}/gateway`);
    await crm.record(recordOf({}, dana), context);
    await crm.probe(context.signal);
    expect(portal.asked().every((one) => /^\w+ \/gateway\//.test(one))).toBe(true);
    expect(portal.calls).toHaveLength(1);
  });
});

describe('logged once, with the unique property', () => {
  it.each([
    ['the answer is lost', UPSERT, 'cut'],
    ['the answer is an error', UPSERT, { status: 502, body: '' }],
    ['HubSpot took too long', UPSERT, { status: 408, body: {} }],
    ['a proxy gave up', UPSERT, { status: 499, body: '' }],
    ['the association fails', PUT, { status: 503, body: {} }],
    ['the answer to the association is lost', PUT, 'cut'],
  ] as const)('%s', async (_what, at, reply) => {
    const { portal, crm } = await withDana();
    portal.troubles.push({ at, reply, done: at === UPSERT || reply === 'cut' });
    expect(await failureOf(crm.record(recordOf({}, dana), context))).toMatchObject(PASSING);
    expect(portal.calls).toHaveLength(1);
    // Another process, which knows nothing of the first.
    await aimedHubspot(portal.url).record(recordOf({ again: true }, dana), context);
    expect(portal.calls).toHaveLength(1);
    expect([...(portal.calls[0]?.contacts ?? [])]).toEqual(['501']);
  });

  it('a property that the portal has not is the operator’s to mend', async () => {
    const { portal, crm } = await withDana();
    portal.unique.clear();
    const failure = await failureOf(crm.record(recordOf({}, dana), context));
    expect(failure).toMatchObject({ ...ACCOUNT, status: 400 });
    expect(failure.message).toContain('check providers.hubspot.call_id_property');
  });

  it.each([
    ['VALIDATION_ERROR', 'hs_timestamp is not a date', REQUEST],
    ['VALIDATION_ERROR', `Property ${CALL_ID} is not unique`, ACCOUNT],
    ['RATE_LIMITS', 'You have reached your secondly limit.', PASSING],
    ['INTERNAL_ERROR', 'internal error', PASSING],
  ])('a batch that failed in part, 207 with %s: %s', async (category, message, meaning) => {
    const { portal, crm } = await withDana();
    const errors = [{ status: 'error', category, message, context: {} }];
    const body = { status: 'COMPLETE', results: [], numErrors: 1, errors };
    portal.troubles.push({ at: UPSERT, reply: { status: 207, body }, done: false });
    const failure = await failureOf(crm.record(recordOf({}, dana), context));
    expect(failure).toMatchObject({ ...meaning, status: 207 });
    expect(failure.message).toContain(`hubspot answered 207: ${message.replace(/\.$/, '')}`);
  });

  it('207 with the call in it is a success', async () => {
    const { portal, crm } = await withDana();
    const body = { status: 'COMPLETE', results: [{ id: '9001' }], errors: [] };
    portal.troubles.push({ at: UPSERT, reply: { status: 207, body }, done: true });
    expect(await crm.record(recordOf({}, dana), context)).toEqual({});
    expect([...(portal.calls[0]?.contacts ?? [])]).toEqual(['501']);
  });
});

describe('without the unique property', () => {
  const plain = { callIdProperty: undefined };

  it('is created with its contact in one request, and nothing is searched', async () => {
    const { portal, crm } = await withDana(plain);
    await crm.record(recordOf({}, dana), context);
    expect([...(portal.calls[0]?.contacts ?? [])]).toEqual(['501']);
    expect(portal.asked().filter((one) => /calls/.test(one))).toEqual([CREATE]);
  });

  it('is searched before it is created again, also by another process', async () => {
    const { portal, crm } = await withDana(plain);
    portal.troubles.push({ at: CREATE, reply: 'cut', done: true });
    await failureOf(crm.record(recordOf({}, dana), context));
    const next = aimedHubspot(portal.url, plain);
    expect(await next.record(recordOf({ again: true }, dana), context)).toEqual({});
    expect(portal.calls).toHaveLength(1);
    expect([...(portal.calls[0]?.contacts ?? [])]).toEqual(['501']);
  });

  it('waits until the search can know, then believes that there is none', async () => {
    let nowMs = 0;
    const portal = await fakeHubspot();
    const crm = aimedHubspot(portal.url, plain, { monotonicMs: () => nowMs });
    nowMs = 100_000;
    portal.troubles.push({ at: CREATE, reply: 'cut', done: true });
    await failureOf(crm.record(recordOf({}), context));
    portal.unsearchable.add('9001');
    nowMs += 5_000;
    const early = await failureOf(crm.record(recordOf({ again: true }), context));
    expect(early).toMatchObject({ ...LATER, code: 'search_lags', retryAfterMs: 25_000 });
    expect(portal.calls).toHaveLength(1);
    portal.unsearchable.clear();
    nowMs += 25_000;
    await crm.record(recordOf({ again: true }), context);
    expect(portal.calls).toHaveLength(1);
  });

  it('of what an earlier process may have sent, waits from its own beginning on', async () => {
    let nowMs = 0;
    const portal = await fakeHubspot();
    const crm = aimedHubspot(portal.url, plain, { monotonicMs: () => nowMs });
    const early = await failureOf(crm.record(recordOf({ again: true }), context));
    expect(early).toMatchObject({ code: 'search_lags', retryAfterMs: 30_000 });
    nowMs = 30_000;
    await crm.record(recordOf({ again: true }), context);
    expect(portal.calls).toHaveLength(1);
  });

  it('is not waited for where HubSpot said no', async () => {
    let nowMs = 60_000;
    const { portal } = await withDana();
    const crm = aimedHubspot(portal.url, plain, { monotonicMs: () => nowMs });
    nowMs += 60_000;
    portal.troubles.push({ at: CREATE, reply: { status: 429, body: {} }, done: false });
    await failureOf(crm.record(recordOf({}, dana), context));
    await crm.record(recordOf({ again: true }, dana), context);
    expect(portal.calls).toHaveLength(1);
  });

  it.each([408, 499])('%i is no no: it may be made, and is searched for', async (status) => {
    let nowMs = 60_000;
    const { portal } = await withDana();
    const crm = aimedHubspot(portal.url, plain, { monotonicMs: () => nowMs });
    nowMs += 60_000;
    portal.troubles.push({ at: CREATE, reply: { status, body: {} }, done: true });
    expect(await failureOf(crm.record(recordOf({}, dana), context))).toMatchObject(PASSING);
    portal.unsearchable.add('9001');
    const again = recordOf({ again: true }, dana);
    expect(await failureOf(crm.record(again, context))).toMatchObject({ code: 'search_lags' });
    portal.unsearchable.clear();
    await crm.record(again, context);
    expect(portal.calls).toHaveLength(1);
    expect([...(portal.calls[0]?.contacts ?? [])]).toEqual(['501']);
  });

  it('twice at the most, where the search stays blind', async () => {
    let nowMs = 0;
    const portal = await fakeHubspot();
    const crm = aimedHubspot(portal.url, plain, { monotonicMs: () => nowMs });
    portal.troubles.push({ at: CREATE, reply: 'cut', done: true });
    await failureOf(crm.record(recordOf({}), context));
    portal.unsearchable.add('9001');
    nowMs = 31_000;
    await crm.record(recordOf({ again: true }), context);
    expect(portal.calls).toHaveLength(2);
  });
});

describe('finding the contact', () => {
  /** To whom a call with this contact is logged. */
  async function foundBy(
    contacts: Readonly<Record<string, Readonly<Record<string, string>>>>,
    contact: Contact,
    over: Parameters<typeof aimedHubspot>[1] = {},
  ) {
    const portal = await fakeHubspot();
    for (const [id, properties] of Object.entries(contacts)) portal.contacts.set(id, properties);
    const receipt = await aimedHubspot(portal.url, over).record(recordOf({}, contact), context);
    expect(portal.calls).toHaveLength(1);
    return [[...(portal.calls[0]?.contacts ?? [])], receipt.note] as const;
  }
  const NOBODY = [[], 'no such contact in HubSpot: logged without association'];
  const SEVERAL = [[], 'several contacts in HubSpot fit: logged without association'];

  it.each([
    ['E.164', { phone: '+14155550134' }],
    ['the national way', { phone: '(415) 555-0134' }],
    ['digits', { mobilephone: '4155550134' }],
    [
      'whatever HubSpot made searchable',
      { phone: '415.555.0134', hs_searchable_calculated_phone_number: '4155550134' },
    ],
  ])('by a number written as %s', async (_how, properties) => {
    expect(await foundBy({ 7: properties }, contactOf())).toEqual([['7'], undefined]);
  });

  it('by a number written as in the list, however that is', async () => {
    const phone = '+44 (0)20 7946 0018 / Sales';
    const contact = contactOf({ phone: '+442079460018', phoneWritten: phone });
    expect(await foundBy({ 7: { phone } }, contact)).toEqual([['7'], undefined]);
    const { phoneWritten: _, ...unwritten } = contact;
    expect(await foundBy({ 7: { phone } }, unwritten)).toEqual(NOBODY);
  });

  it('another country’s number with the same digits is somebody else', async () => {
    const other = {
      phone: '+44 4155550134',
      hs_searchable_calculated_phone_number: '4155550134',
    };
    expect(await foundBy({ 7: other }, contactOf())).toEqual(NOBODY);
  });

  it('by email before the number', async () => {
    const contacts = { 7: { phone: '+14155550134' }, 8: { email: 'dana@example.com' } };
    expect(await foundBy(contacts, dana)).toEqual([['8'], undefined]);
    expect(await foundBy(contacts, dana, { findBy: ['phone'] })).toEqual([['7'], undefined]);
    expect(await foundBy({ 7: contacts[7] }, dana)).toEqual([['7'], undefined]);
  });

  it('a number that several have is nobody’s for certain', async () => {
    const phone = '+14155550134';
    expect(await foundBy({ 7: { phone }, 8: { phone } }, contactOf())).toEqual(SEVERAL);
  });

  it('nobody found: logged all the same, and said', async () => {
    expect(await foundBy({}, dana)).toEqual(NOBODY);
  });

  it('by the record id, where the settings say that the ids are HubSpot’s', async () => {
    const contacts = { 42: { firstname: 'Dana' } };
    const by = { findBy: ['id'] } as const;
    expect(await foundBy(contacts, contactOf({ id: '42' }), by)).toEqual([['42'], undefined]);
    expect(await foundBy(contacts, contactOf({ id: '../42' }), by)).toEqual(NOBODY);
    expect(await foundBy(contacts, contactOf({ id: '43' }), by)).toEqual(NOBODY);
    const byNumber = contactOf({ id: '+14155550134' });
    expect(await foundBy({ 14155550134: {} }, byNumber, by)).toEqual(NOBODY);
  });

  it('by a property with the list’s id', async () => {
    const contacts = { 7: { customer_no: 'c1' }, 8: { customer_no: 'c2' } };
    const by = { findBy: ['id'], idProperty: 'customer_no' } as const;
    expect(await foundBy(contacts, contactOf({ id: 'c2' }), by)).toEqual([['8'], undefined]);
  });

  it.each(['n/a', 'dana@example', 'dana example.com', 'a@b.org, c@d.org', '"Dana" <dana@e.org>'])(
    'a cell with no email in it is not asked for: %s',
    async (email) => {
      const portal = await fakeHubspot();
      portal.contacts.set('7', { phone: '+14155550134' });
      const record = recordOf({}, contactOf({ email }));
      expect(await aimedHubspot(portal.url).record(record, context)).toEqual({});
      expect([...(portal.calls[0]?.contacts ?? [])]).toEqual(['7']);
      expect(portal.requests.filter(({ path }) => path.includes('idProperty=email'))).toEqual([]);
    },
  );

  const REFUSED = {
    status: 400,
    body: { message: 'not an email', category: 'VALIDATION_ERROR', correlationId: 'c' },
  };
  const UNLOOKED = 'HubSpot does not look for what stands in the row (e-mail or id): ';

  it.each([
    ['email', 'GET /crm/v3/objects/contacts/dana', REFUSED],
    ['email', 'GET /crm/v3/objects/contacts/dana', NOT_FOUND],
    ['id', 'GET /crm/v3/objects/contacts/4', REFUSED],
    ['id', 'GET /crm/v3/objects/contacts/4', NOT_FOUND],
  ] as const)('by the next way where %s is refused at %s', async (by, at, reply) => {
    const { portal } = await withDana();
    portal.contacts.set('7', { phone: '+14155550134' });
    portal.troubles.push({ at, reply, done: false });
    const contact = contactOf({ id: '42', email: 'dana@example.com' });
    const crm = aimedHubspot(portal.url, { findBy: [by, 'phone'], lookup: ['plan'] });
    expect(await crm.lookup?.(contact, context)).toEqual({ plan: '' });
    expect(await crm.record(recordOf({}, contact), context)).toEqual({});
    expect([...(portal.calls[0]?.contacts ?? [])]).toEqual(['7']);
  });

  it('no way that HubSpot takes: logged all the same, and said', async () => {
    const portal = await fakeHubspot();
    const findBy = ['email', 'id'] as const;
    for (const at of ['GET /crm/v3/objects/contacts/dana', 'GET /crm/v3/objects/contacts/4']) {
      portal.troubles.push({ at, reply: REFUSED, done: false });
    }
    const crm = aimedHubspot(portal.url, { findBy });
    const contact = contactOf({ id: '42', email: 'dana@example.com' });
    const { note } = await crm.record(recordOf({}, contact), context);
    expect(note).toBe(`${UNLOOKED}logged without association`);
    expect(portal.calls).toHaveLength(1);
  });

  const UNPHONED = 'take phone out of providers.hubspot.find_by';

  it.each([
    [400, { message: 'There was a problem with the request.', category: 'VALIDATION_ERROR' }],
    [400, { message: 'Property hs_searchable_calculated_phone_number does not exist' }],
    [400, '<html>'],
    [404, { message: 'Unable to infer object type from: contacts', correlationId: 'c' }],
    [422, { message: 'no such operator: IN' }],
  ])('a search by number that is refused has found nobody out: %i %j', async (status, body) => {
    const { portal, crm } = await withDana({ findBy: ['phone'], lookup: ['plan'] });
    const at = 'POST /crm/v3/objects/contacts/search';
    for (const work of ['lookup', 'record'] as const) {
      portal.troubles.push({ at, reply: { status, body }, done: false });
      const asking =
        work === 'lookup' ? crm.lookup?.(dana, context) : crm.record(recordOf({}, dana), context);
      const failure = await failureOf(asking ?? Promise.resolve());
      expect(failure).toMatchObject({ ...ACCOUNT, status });
      expect(failure.message).toContain(UNPHONED);
    }
    expect(portal.calls).toEqual([]);
  });

  it('a search for a call that is refused is no proof that there is none', async () => {
    const { portal, crm } = await withDana({ callIdProperty: undefined });
    const reply = { status: 400, body: { message: 'bad', category: 'VALIDATION_ERROR' } };
    portal.troubles.push({ at: 'POST /crm/v3/objects/calls/search', reply, done: false });
    const failure = await failureOf(crm.record(recordOf({ again: true }, dana), context));
    expect(failure).toMatchObject({ ...ACCOUNT, status: 400 });
    expect(failure.message).toContain('set providers.hubspot.call_id_property');
    expect(portal.calls).toEqual([]);
  });

  it('a short name of the settings is not found within another word', async () => {
    const { portal, crm } = await withDana({ idProperty: 'no' });
    for (const [message, account] of [
      ['Property values were not valid', REQUEST],
      ['Property "no" does not exist', ACCOUNT],
    ] as const) {
      const reply = { status: 400, body: { message, category: 'VALIDATION_ERROR' } };
      portal.troubles.push({ at: UPSERT, reply, done: false });
      const failure = await failureOf(crm.record(recordOf({}, dana), context));
      expect(failure, message).toMatchObject(account);
    }
  });

  it('a name of the settings that stands in the row says nothing of them', async () => {
    const { portal, crm } = await withDana();
    const text = `Ask for ${CALL_ID}`;
    const body = { message: `hs_call_body: "${text}" is odd`, category: 'VALIDATION_ERROR' };
    portal.troubles.push({ at: UPSERT, reply: { status: 400, body }, done: false });
    const failure = await failureOf(crm.record(recordOf({ text }, dana), context));
    expect(failure).toMatchObject({ ...REQUEST, status: 400 });
  });

  it('an id that its property cannot hold is this row’s; a property not there is not', async () => {
    const over = { findBy: ['id'], idProperty: 'customer_no' } as const;
    const { portal, crm } = await withDana(over);
    const said = (message: string) => ({
      at: 'POST /crm/v3/objects/contacts/search',
      reply: { status: 400, body: { message, category: 'VALIDATION_ERROR', correlationId: 'c' } },
      done: false,
    });
    portal.troubles.push(said('customer_no: c1 was not a valid long.'));
    const { note } = await crm.record(recordOf({}, dana), context);
    expect(note).toContain(UNLOOKED);
    portal.troubles.push(said('Property customer_no does not exist'));
    const failure = await failureOf(crm.record(recordOf({ call: 'two' }, dana), context));
    expect(failure).toMatchObject({ ...ACCOUNT, status: 400 });
    expect(failure.message).toContain('check providers.hubspot.id_property');
  });

  it.each([
    ['with the unique property', CALL_ID],
    ['without it', undefined],
  ])('who is deleted between is logged without, %s', async (_how, callIdProperty) => {
    const { portal, crm } = await withDana({ lookup: ['plan'], callIdProperty });
    await crm.lookup?.(dana, context);
    portal.contacts.clear();
    const { note } = await crm.record(recordOf({}, dana), context);
    expect(note).toBe('the contact is not in HubSpot any more: logged without association');
    expect(portal.calls).toHaveLength(1);
    expect(portal.calls[0]?.contacts.size).toBe(0);
  });

  it('a call that HubSpot does not know yet is no contact who is gone', async () => {
    const { portal, crm } = await withDana();
    portal.troubles.push({ at: PUT, reply: NOT_FOUND, done: false });
    const failure = await failureOf(crm.record(recordOf({}, dana), context));
    expect(failure).toMatchObject({ ...LATER, code: 'call_missing', status: 404 });
    expect(failure.message).not.toContain('contact is not');
    expect(await crm.record(recordOf({ again: true }, dana), context)).toEqual({});
    expect(portal.calls).toHaveLength(1);
    expect([...(portal.calls[0]?.contacts ?? [])]).toEqual(['501']);
  });

  it('a contact who is gone between is looked for once more', async () => {
    const { portal, crm } = await withDana({ lookup: ['plan'] });
    await crm.lookup?.(dana, context);
    const own = portal.contacts.get('501') ?? {};
    portal.contacts.delete('501');
    portal.contacts.set('502', own);
    expect(await crm.record(recordOf({}, dana), context)).toEqual({});
    expect([...(portal.calls[0]?.contacts ?? [])]).toEqual(['502']);
    portal.contacts.clear();
    portal.troubles.push({ at: PUT, reply: NOT_FOUND, done: false });
    const { note } = await crm.record(recordOf({ call: 'two' }, dana), context);
    expect(note).toBe(NOBODY[1]);
  });
});

describe('looking up', () => {
  it('is not there where nothing is wanted', async () => {
    const { crm } = await withDana();
    expect(crm.lookup).toBeUndefined();
    expect(crm.properties).toBeUndefined();
  });

  it('gives the chosen properties, empty ones where nothing is known', async () => {
    const { portal, crm } = await withDana({ lookup: ['firstname', 'town'] });
    expect(crm.properties).toEqual(['firstname', 'town']);
    expect(await crm.lookup?.(dana, context)).toEqual({ firstname: 'Dana', town: '' });
    expect(portal.requests[0]?.path).toContain('properties=firstname,town,phone,mobilephone');
    const stranger = contactOf({ id: 'c9', phone: '+14155550199' });
    expect(await crm.lookup?.(stranger, context)).toEqual({ firstname: '', town: '' });
  });

  it('tells nothing where several fit: it could be somebody else’s', async () => {
    const { portal, crm } = await withDana({ lookup: ['plan'], findBy: ['phone'] });
    portal.contacts.set('7', { phone: '+14155550134', plan: 'gold' });
    portal.contacts.set('8', { phone: '+14155550134', plan: 'none' });
    expect(await crm.lookup?.(contactOf(), context)).toEqual({ plan: '' });
  });

  it('whom it found is not searched again for the record', async () => {
    const { portal, crm } = await withDana({ lookup: ['plan'] });
    await crm.lookup?.(dana, context);
    await crm.record(recordOf({}, dana), context);
    expect(portal.asked().filter((one) => one.includes('contacts/dana'))).toHaveLength(1);
  });
});

describe('what HubSpot refuses', () => {
  const limited = (policyName: string) => ({
    status: 429,
    body: {
      status: 'error',
      message: `You have reached your ${policyName.toLowerCase()} limit.`,
      category: 'RATE_LIMITS',
      policyName,
      correlationId: 'c-1',
    },
  });
  const bodyless = { status: 'error', message: 'You have reached your daily limit.' };

  it.each<readonly [string, Reply, object]>([
    ['a second', limited('SECONDLY'), { ...PASSING, code: 'SECONDLY', retryAfterMs: 1_000 }],
    [
      'ten seconds',
      limited('TEN_SECONDLY_ROLLING'),
      { ...PASSING, code: 'TEN_SECONDLY_ROLLING', retryAfterMs: 10_000 },
    ],
    ['the day', limited('DAILY'), { ...ACCOUNT, code: 'DAILY', retryAfterMs: 3_600_000 }],
    ['the day, in words', { status: 429, body: bodyless }, { ...ACCOUNT, code: 'DAILY' }],
    [
      'a time of its own',
      { ...limited('SECONDLY'), headers: { 'retry-after': '7' } },
      { ...PASSING, retryAfterMs: 7_000 },
    ],
    ['nothing said', { status: 429, body: '' }, { ...PASSING, code: 'http_429' }],
  ])('429 for %s', async (_what, reply, meaning) => {
    const { portal, crm } = await withDana();
    portal.troubles.push({ at: UPSERT, reply, done: false });
    expect(await failureOf(crm.record(recordOf({}, dana), context))).toMatchObject(meaning);
  });

  it.each<readonly [number, unknown, object, string]>([
    [400, { message: 'bad', category: 'VALIDATION_ERROR' }, REQUEST, 'bad'],
    [404, '<html>', ACCOUNT, 'check providers.hubspot.base_url'],
    [409, { message: 'conflict', category: 'CONFLICT' }, LATER, 'conflict'],
    [423, { message: 'locked' }, { ...LATER, retryAfterMs: 2_000 }, 'locked'],
    [302, '', ACCOUNT, 'check providers.hubspot.base_url'],
    [500, { message: 'internal error' }, PASSING, 'internal error'],
    [503, '<html>', PASSING, 'hubspot answered 503'],
    [524, '', PASSING, 'hubspot answered 524'],
    [200, '<html>', PASSING, 'not with JSON'],
    [200, { status: 'COMPLETE', results: [] }, PASSING, 'without a result'],
  ])('%i %j', async (status, body, meaning, words) => {
    const { portal, crm } = await withDana();
    portal.troubles.push({ at: UPSERT, reply: { status, body }, done: false });
    const failure = await failureOf(crm.record(recordOf({}, dana), context));
    expect(failure).toMatchObject({ ...meaning, status });
    expect(failure.message).toContain(words);
  });

  it.each([
    [{ currentUsage: 2_000, usageLimit: 250_000 }, '248,000 of 250,000 requests left today', false],
    [{ currentUsage: 240_000, usageLimit: 250_000 }, '10,000 of 250,000 requests left today', true],
    [{ currentUsage: 3, usageLimit: 2 }, '0 of 2 requests left today', true],
  ])('tells what is left of the day: %j', async (today, detail, isLow) => {
    const { portal } = await withDana();
    portal.usage = { body: { results: [today] } };
    const told = await aimedHubspot(portal.url).probe(context.signal);
    expect(told).toEqual({ detail, isLow });
  });

  it.each([{ body: { results: [] } }, { status: 403, body: { message: 'not for this token' } }])(
    'is well where it does not tell what is left: %j',
    async (usage) => {
      const { portal } = await withDana();
      portal.usage = usage;
      expect(await aimedHubspot(portal.url).probe(context.signal)).toEqual({});
    },
  );

  it('is asked once whether calls have the unique property', async () => {
    const { portal } = await withDana();
    const crm = aimedHubspot(portal.url);
    await crm.probe(context.signal);
    await crm.probe(context.signal);
    const property = 'GET /crm/v3/properties/calls/campaign_call_id';
    expect(portal.asked().filter((one) => one === property)).toHaveLength(1);
    await aimedHubspot(portal.url, { callIdProperty: undefined }).probe(context.signal);
    expect(portal.asked().filter((one) => one.includes('/properties/'))).toHaveLength(1);
  });

  it.each([
    ['nobody has made', false, 404, 'calls have no such property (campaign_call_id)'],
    ['may repeat', true, 200, 'calls have the property, and not with unique values'],
  ])('is not well with a property that %s', async (_how, is, status, words) => {
    const { portal } = await withDana();
    portal.unique.clear();
    if (is) portal.common.add('campaign_call_id');
    const failure = await failureOf(aimedHubspot(portal.url).probe(context.signal));
    expect(failure).toMatchObject({ ...ACCOUNT, status });
    expect(failure.message).toContain(words);
    expect(failure.message).toContain('check providers.hubspot.call_id_property: docs/guide');
  });

  it('says what depends on a property that its token may not look at', async () => {
    const { portal } = await withDana();
    const reply = { status: 403, body: { message: 'no scope', category: 'MISSING_SCOPES' } };
    portal.troubles.push({ at: 'GET /crm/v3/properties', reply, done: true });
    const told = await aimedHubspot(portal.url).probe(context.signal);
    expect(told?.detail).toBe(
      '249,900 of 250,000 requests left today; the token may not look whether campaign_call_id ' +
        'is there: exactly once depends on it',
    );
  });

  it('a wrong token is the operator’s to mend, and is not repeated', async () => {
    const { portal } = await withDana();
    const crm = aimedHubspot(portal.url, { accessToken: 'pat-na1-looking-glass-22' });
    for (const work of [crm.record(recordOf({}, dana), context), crm.probe(context.signal)]) {
      const failure = await failureOf(work);
      expect(failure).toMatchObject({ ...ACCOUNT, status: 401 });
      expect(failure.message).toContain('check providers.hubspot.access_token');
      expect(inspect(failure, { depth: 9 })).not.toMatch(/looking|glass|pat-na1/);
    }
  });

  it('missing rights are named', async () => {
    const { portal, crm } = await withDana();
    const errors = [{ context: { requiredGranularScopes: ['crm.objects.contacts.write'] } }];
    const body = { message: 'This app has not enough scopes', category: 'MISSING_SCOPES', errors };
    portal.troubles.push({ at: UPSERT, reply: { status: 403, body }, done: false });
    const failure = await failureOf(crm.record(recordOf({}, dana), context));
    expect(failure).toMatchObject({ ...ACCOUNT, code: 'MISSING_SCOPES' });
    expect(failure.message).toContain('needs more scopes: crm.objects.contacts.write');
  });

  it('what is no name of a right is not shown as one', async () => {
    const { portal, crm } = await withDana();
    const echoes = [`\u001b[2J ${TOKEN}`, TOKEN, '+1 (415) 555-0134', 'x'.repeat(900)];
    const requiredScopes = [...echoes, 'crm.objects.contacts.sensitive.write.v2'];
    const body = {
      message: 'No',
      category: 'MISSING_SCOPES',
      errors: [{ context: { requiredScopes } }],
    };
    portal.troubles.push({ at: UPSERT, reply: { status: 403, body }, done: false });
    const { message } = await failureOf(crm.record(recordOf({}, dana), context));
    expect(message).toMatch(/needs more scopes: crm\.objects\.contacts\.sensitive\.write\.v2$/);
  });

  it('neither number nor email of a person stand in what is told', async () => {
    const { portal, crm } = await withDana();
    const message = 'dana@example.com Dana@Example.com (415) 555-0134 4155550134 +14155550134';
    const reply = { status: 400, body: { message: `${message} ${TOKEN}`, category: 'X' } };
    portal.troubles.push({ at: UPSERT, reply, done: false });
    const failure = await failureOf(crm.record(recordOf({}, dana), context));
    expect(inspect(failure)).not.toMatch(/xample|555|pat-na1/);
  });

  it('nobody there, and nobody who waits any longer', async () => {
    const failure = await failureOf(
      aimedHubspot(await deadUrl()).record(recordOf({}, dana), context),
    );
    expect(failure).toMatchObject({ ...PASSING, code: 'ECONNREFUSED' });
    const { crm } = await withDana();
    const reason = new ServiceFailure('late', { ...PASSING, code: 'timeout' });
    const late = requestContext(AbortSignal.abort(reason));
    expect(await failureOf(crm.record(recordOf({}, dana), late))).toBe(reason);
  });
});
