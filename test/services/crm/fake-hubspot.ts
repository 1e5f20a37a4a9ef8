/**
 * A HubSpot portal on this machine: contacts, calls and associations that stay, and do what they
 * are asked before they answer. Its search knows what is new only later, as the real one.
 */
import { onTestFinished } from 'vitest';
import type { Contact } from '../../../src/domain/contact.ts';
import type { CallRecord, Crm } from '../../../src/engine/ports.ts';
import { type HubspotSettings, hubspot } from '../../../src/services/crm/hubspot.ts';
import { openHttp } from '../../../src/services/http.ts';
import { type Loopback, loopback, type Received, type Reply } from '../../support/loopback.ts';
import { contactOf } from '../support.ts';

export const TOKEN = 'pat-na1-test-wonderland-1';
export const CALL_ID = 'campaign_call_id';

type Properties = Readonly<Record<string, string>>;

export interface LoggedCall {
  readonly id: string;
  properties: Properties;
  readonly contacts: Set<string>;
}

interface Filter {
  readonly propertyName: string;
  readonly operator: string;
  readonly value?: string;
  readonly values?: readonly string[];
}

/** What goes wrong with the next request whose method and path begin like this. */
export interface Trouble {
  readonly at: string;
  /** `cut`: the connection closes within the answer. */
  readonly reply: Reply | 'cut';
  /** It is done all the same. */
  readonly done: boolean;
}

export interface FakeHubspot extends Loopback {
  readonly contacts: Map<string, Properties>;
  readonly calls: LoggedCall[];
  readonly troubles: Trouble[];
  /** Calls that its search does not know yet. */
  readonly unsearchable: Set<string>;
  /** Unique properties that the portal's calls have. */
  readonly unique: Set<string>;
  /** Those whose values may repeat. */
  readonly common: Set<string>;
  /** Of today's requests. */
  usage: Reply;
  onDone: (what: string) => void;
  /** Method and path, without the query. */
  asked(): readonly string[];
}

export const NOT_FOUND: Reply = {
  status: 404,
  body: { status: 'error', message: 'resource not found', correlationId: 'c-1' },
};

export async function fakeHubspot(): Promise<FakeHubspot> {
  const portal = new Portal();
  const server = await loopback((request) => portal.answer(request));
  const asked = (): readonly string[] =>
    server.requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`);
  return Object.assign(portal, server, { asked });
}

class Portal {
  readonly contacts = new Map<string, Properties>();
  readonly calls: LoggedCall[] = [];
  readonly troubles: Trouble[] = [];
  readonly unsearchable = new Set<string>();
  readonly unique = new Set([CALL_ID]);
  readonly common = new Set<string>();
  usage: Reply = { body: { results: [{ currentUsage: 100, usageLimit: 250_000 }] } };
  /** Told of each request when what it asks is done, and nothing is answered yet. */
  onDone: (what: string) => void = () => undefined;

  answer(request: Received): Reply {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      const message = `Authentication credentials not found: ${request.headers.authorization}`;
      const category = 'INVALID_AUTHENTICATION';
      return { status: 401, body: { status: 'error', message, correlationId: 'c', category } };
    }
    const what = `${request.method} ${request.path}`;
    const index = this.troubles.findIndex(({ at }) => what.startsWith(at));
    const [trouble] = index < 0 ? [] : this.troubles.splice(index, 1);
    const reply = trouble === undefined || trouble.done ? this.#serve(request) : { status: 500 };
    this.onDone(what);
    if (trouble === undefined) return reply;
    return trouble.reply === 'cut'
      ? { headers: { 'content-length': '999', connection: 'close' }, body: '{' }
      : trouble.reply;
  }

  #serve(request: Received): Reply {
    const { method } = request;
    const url = new URL(request.path, 'http://portal');
    const path = url.pathname.replace(/^\/gateway/, '');
    const body = request.body === '' ? {} : JSON.parse(request.body);
    if (path === '/account-info/v3/details') return { body: { portalId: 1 } };
    if (path === '/account-info/v3/api-usage/daily/private-apps') return this.usage;
    const property = /^\/crm\/v3\/properties\/calls\/([^/]+)$/.exec(path)?.[1];
    if (property !== undefined) return this.#property(property);
    if (path === '/calling/v1/dispositions') return { body: DISPOSITIONS };
    if (path === '/crm/v3/objects/contacts/search') return this.#searchContacts(body);
    if (path === '/crm/v3/objects/calls/search') return this.#searchCalls(body);
    if (path === '/crm/v3/objects/calls/batch/upsert') return this.#upsert(body);
    if (path === '/crm/v3/objects/calls' && method === 'POST') return this.#create(body);
    const contact = /^\/crm\/v3\/objects\/contacts\/([^/]+)$/.exec(path)?.[1];
    if (contact !== undefined) return this.#contact(decodeURIComponent(contact), url);
    const pair = /^\/crm\/v4\/objects\/calls\/(\d+)\/associations\/default\/contacts\/(\d+)$/;
    const [, call, whom] = pair.exec(path) ?? [];
    return method === 'PUT' && call !== undefined && whom !== undefined
      ? this.#associate(call, whom)
      : { status: 404, body: '<html>Not here</html>' };
  }

  #property(name: string): Reply {
    const isThere = this.unique.has(name) || this.common.has(name);
    return isThere ? { body: { name, hasUniqueValue: this.unique.has(name) } } : NOT_FOUND;
  }

  #contact(id: string, url: URL): Reply {
    const by = url.searchParams.get('idProperty');
    const found = [...this.contacts].find(([own, properties]) =>
      by === null ? own === id : properties[by] === id,
    );
    return found === undefined ? NOT_FOUND : { body: { id: found[0], properties: found[1] } };
  }

  #searchContacts({ filterGroups }: { filterGroups: { filters: Filter[] }[] }): Reply {
    const results = [...this.contacts]
      .filter(([, properties]) =>
        filterGroups.some(({ filters }) => filters.every((one) => fits(properties, one))),
      )
      .map(([id, properties]) => ({ id, properties }));
    return { body: { total: results.length, results } };
  }

  #searchCalls({ filterGroups }: { filterGroups: { filters: Filter[] }[] }): Reply {
    const results = this.calls.filter(
      ({ id, properties }) =>
        !this.unsearchable.has(id) &&
        filterGroups.some(({ filters }) => filters.every((one) => fits(properties, one))),
    );
    return { body: { total: results.length, results: results.map(shown) } };
  }

  #create(body: { properties: Properties; associations: { to: { id: string } }[] }): Reply {
    if (body.associations.some(({ to }) => !this.contacts.has(to.id))) return NOT_FOUND;
    const call = this.#add(body.properties);
    for (const { to } of body.associations) call.contacts.add(to.id);
    return { status: 201, body: shown(call) };
  }

  #upsert({ inputs }: { inputs: { idProperty: string; id: string; properties: Properties }[] }) {
    const [input] = inputs;
    if (input === undefined) throw new Error('an empty batch');
    const { idProperty, id, properties } = input;
    if (!this.unique.has(idProperty)) {
      const message = `Property "${idProperty}" does not exist`;
      const category = 'VALIDATION_ERROR';
      return { status: 400, body: { status: 'error', message, correlationId: 'c', category } };
    }
    const known = this.calls.find((call) => call.properties[idProperty] === id);
    const call = known ?? this.#add({ ...properties, [idProperty]: id });
    call.properties = { ...call.properties, ...properties };
    const result = { ...shown(call), new: known === undefined };
    return { body: { status: 'COMPLETE', results: [result] } };
  }

  #associate(id: string, contact: string): Reply {
    const call = this.calls.find((one) => one.id === id);
    if (call === undefined || !this.contacts.has(contact)) return NOT_FOUND;
    call.contacts.add(contact);
    return { body: { status: 'COMPLETE', results: [] } };
  }

  #add(properties: Properties): LoggedCall {
    const call = { id: String(9_001 + this.calls.length), properties, contacts: new Set<string>() };
    this.calls.push(call);
    return call;
  }
}

const DISPOSITIONS = [
  { id: '9d9162e7-6cf3-4944-bf63-4dff82258764', label: 'Busy' },
  { id: 'f240bbac-87c9-4f6e-bf70-924b57d47db7', label: 'Connected' },
];

function shown({ id, properties }: LoggedCall): object {
  return { id, properties, archived: false };
}

function fits(properties: Properties, { propertyName, operator, value, values }: Filter): boolean {
  const own = properties[propertyName];
  if (operator === 'EQ') return own !== undefined && own === value;
  if (operator === 'IN') return own !== undefined && values?.includes(own) === true;
  throw new Error(`the portal does not know ${operator}`);
}

/** The real service, aimed at a fake; `clock` is virtual. */
export function aimedHubspot(
  baseUrl: string,
  over: Partial<HubspotSettings> = {},
  clock = { monotonicMs: () => 0 },
): Crm {
  const http = openHttp({ userAgent: 'campaign/test', clock: { wallMs: () => 0 } });
  onTestFinished(() => http[Symbol.asyncDispose]());
  const settings = {
    accessToken: TOKEN,
    baseUrl,
    callIdProperty: CALL_ID,
    lookup: [],
    findBy: ['email', 'phone'],
    idProperty: undefined,
    owner: undefined,
    ...over,
  } as const;
  return hubspot(settings, http, clock);
}

export function recordOf(over: Partial<CallRecord> = {}, contact: Contact = contactOf()) {
  return {
    campaign: 'spring',
    call: '0f9a4c1e-0000-4000-8000-000000000001',
    contact,
    outcome: 'answered',
    detail: undefined,
    text: 'Hello Dana.',
    startedMs: 1_772_442_000_000,
    dialledMs: 1_772_442_030_000,
    endedMs: 1_772_442_065_000,
    talkMs: 12_000,
    services: { llm: 'template', tts: 'flite', dialer: 'twilio' },
    again: false,
    ...over,
  } as const satisfies CallRecord;
}
