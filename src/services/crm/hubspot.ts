/**
 * HubSpot as a CRM: finds the contact, gives the script what is known of them, and logs the call.
 */
import type { Contact } from '../../domain/contact.ts';
import { ServiceFailure } from '../../domain/failure.ts';
import { at, listAt, numberAt, textAt } from '../../domain/json-fields.ts';
import type {
  CallRecord,
  Clock,
  Crm,
  Http,
  ProbeAnswer,
  Receipt,
  RequestContext,
} from '../../engine/ports.ts';
import { type Asked, HubspotApi, idAt, isDataRefused, isMissing, saidNo } from './hubspot-api.ts';
import { CALL_WORDS, callProperties } from './hubspot-calls.ts';
import { type FindBy, type Found, HubspotContacts, spelt } from './hubspot-contacts.ts';

export interface HubspotSettings {
  readonly accessToken: string;
  /** Absolute; a path is kept. */
  readonly baseUrl: string;
  /**
   * A property of calls whose values are unique. With it a call is logged once, whatever happens;
   * without it, at least once.
   */
  readonly callIdProperty: string | undefined;
  /** Contact properties for the script, under `crm`. */
  readonly lookup: readonly string[];
  readonly findBy: readonly FindBy[];
  readonly idProperty: string | undefined;
  /** HubSpot's id of the user to whom the calls belong. */
  readonly owner: string | undefined;
}

const CALLS = '/crm/v3/objects/calls';
/** From a call to a contact: HubSpot's own type of association. */
const CALL_TO_CONTACT = 194;
const NOTES = {
  nobody: 'no such contact in HubSpot: logged without association',
  several: 'several contacts in HubSpot fit: logged without association',
  refused:
    'HubSpot does not look for what stands in the row (e-mail or id): logged without association',
  gone: 'the contact is not in HubSpot any more: logged without association',
} as const;
/**
 * What was just written is not found at once: "a few moments", says HubSpot. An empty answer is
 * believed only so long after the last request that may have written it.
 */
const SEARCH_LAG_MS = 30_000;
/** Tries to get the dispositions before calls are logged without any. */
const DISPOSITION_TRIES_MAX = 3;

export function hubspot(
  settings: HubspotSettings,
  http: Http,
  clock: Pick<Clock, 'monotonicMs'>,
): Crm {
  const crm = new Hubspot(settings, http, clock);
  const { lookup } = settings;
  return {
    name: crm.name,
    role: crm.role,
    probe: (signal) => crm.probe(signal),
    record: (record, context) => crm.record(record, context),
    ...(lookup.length > 0 && {
      properties: lookup,
      lookup: (contact: Contact, context: RequestContext) => crm.lookup(contact, context),
    }),
  };
}

class Hubspot {
  readonly name = 'hubspot';
  readonly role = 'crm';
  readonly #settings: HubspotSettings;
  readonly #api: HubspotApi;
  readonly #contacts: HubspotContacts;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** Whatever an earlier process has sent was sent before. */
  readonly #openedMs: number;
  /** By call, when its record may have been made last by a request of this process. */
  readonly #sentMs = new Map<string, number>();
  /** By label in lower case; undefined until the portal has told. */
  #dispositions: ReadonlyMap<string, string> | undefined;
  #dispositionTries = 0;
  /** The portal was seen to have the property, with unique values. */
  #isUnique = false;

  constructor(settings: HubspotSettings, http: Http, clock: Pick<Clock, 'monotonicMs'>) {
    const { accessToken, baseUrl, callIdProperty, idProperty, owner } = settings;
    const configured = {
      ...(callIdProperty !== undefined && {
        [callIdProperty]: 'providers.hubspot.call_id_property',
      }),
      ...(idProperty !== undefined && { [idProperty]: 'providers.hubspot.id_property' }),
      ...(owner !== undefined && { hubspot_owner_id: 'providers.hubspot.owner' }),
    };
    this.#settings = settings;
    this.#api = new HubspotApi({ accessToken, baseUrl, configured }, http);
    this.#contacts = new HubspotContacts(this.#api, { ...settings, properties: settings.lookup });
    this.#clock = clock;
    this.#openedMs = clock.monotonicMs();
  }

  async probe(signal: AbortSignal): Promise<ProbeAnswer> {
    const asked = { signal, hidden: [], own: '' };
    await this.#api.get('/account-info/v3/details', asked);
    const doubt = await this.#askProperty(asked);
    try {
      const left = leftOf(await this.#api.get(USAGE, asked));
      const told = [left.detail, doubt].filter((one) => one !== undefined);
      return { ...left, detail: told.length === 0 ? undefined : told.join('; ') };
    } catch (error) {
      // Also where a token may not read it: that says nothing of whether calls would be logged.
      if (!(error instanceof ServiceFailure) || signal.aborted) throw error;
      return { detail: doubt };
    }
  }

  /**
   * Whether `call_id_property` keeps calls from being logged twice. Once it was seen to, it is not
   * asked about again. Answers what is in doubt.
   */
  async #askProperty(asked: Asked): Promise<string | undefined> {
    const { callIdProperty } = this.#settings;
    if (callIdProperty === undefined || this.#isUnique) return undefined;
    let definition: unknown;
    try {
      const path = `/crm/v3/properties/calls/${encodeURIComponent(callIdProperty)}`;
      definition = await this.#api.getIfThere(path, asked);
    } catch (error) {
      // A token that may write calls need not be one that may read properties.
      if (!(error instanceof ServiceFailure) || error.status !== 403) throw error;
      const what = `whether ${callIdProperty} is there`;
      return `the token may not look ${what}: exactly once depends on it`;
    }
    if (at(definition, 'hasUniqueValue') !== true) {
      throw unfitProperty(callIdProperty, definition === undefined);
    }
    this.#isUnique = true;
    return undefined;
  }

  /** A text for every chosen property; empty ones where HubSpot knows nobody. */
  async lookup(
    contact: Contact,
    context: RequestContext,
  ): Promise<Readonly<Record<string, string>>> {
    const found = await this.#contacts.find(contact, askedFor(contact, context));
    const known = found.state === 'found' ? found.properties : {};
    return Object.fromEntries(this.#settings.lookup.map((name) => [name, known[name] ?? '']));
  }

  async record(record: CallRecord, context: RequestContext): Promise<Receipt> {
    const { contact } = record;
    const asked = askedFor(contact, context, record);
    const found = await this.#contacts.find(contact, asked);
    const disposition = await this.#disposition(record, asked);
    const properties = callProperties(record, { disposition, owner: this.#settings.owner });
    const whom = await this.#loggedFor(record, properties, found, asked);
    this.#contacts.forget(contact);
    this.#sentMs.delete(record.call);
    return whom.state === 'found' ? {} : { note: NOTES[whom.state] };
  }

  /**
   * Logs the call with its contact. One who is gone from HubSpot since is looked for once more, and
   * then done without: the answer is who the call stands with.
   */
  async #loggedFor(
    record: CallRecord,
    properties: Readonly<Record<string, string>>,
    found: Found,
    asked: Asked,
  ): Promise<Found> {
    const { contact } = record;
    let whom = found;
    for (let tries = 1; ; tries += 1) {
      let call: Logged | undefined;
      try {
        call = await this.#logged(record, properties, whom, asked);
        await this.#associate(call, whom, asked);
        return whom;
      } catch (error) {
        if (whom.state !== 'found' || !(isMissing(error) || isDataRefused(error))) throw error;
        // Two objects are named in these requests; which of them is missing is not said.
        if (await this.#contacts.isThere(whom.id, asked)) {
          throw call !== undefined && isMissing(error) ? callMissing(error) : error;
        }
        this.#contacts.forget(contact);
        const next = tries > 1 ? GONE : await this.#contacts.find(contact, asked);
        whom = next.state === 'nobody' ? GONE : next;
      }
    }
  }

  async #logged(
    record: CallRecord,
    properties: Readonly<Record<string, string>>,
    found: Found,
    asked: Asked,
  ): Promise<Logged> {
    const { callIdProperty } = this.#settings;
    if (callIdProperty === undefined) {
      const there = record.again ? await this.#loggedBefore(record.call, asked) : undefined;
      return there ?? (await this.#created(record.call, properties, found, asked));
    }
    const input = { idProperty: callIdProperty, id: record.call, properties };
    const result = await this.#api.postOne(`${CALLS}/batch/upsert`, input, asked);
    return { id: loggedId(result), isAssociated: false };
  }

  /** Search before create: without a unique property HubSpot takes the same call twice. */
  async #loggedBefore(call: string, asked: Asked): Promise<Logged | undefined> {
    const filter = { propertyName: 'hs_call_external_id', operator: 'EQ', value: call };
    const body = { filterGroups: [{ filters: [filter] }], properties: [], limit: 1 };
    const answer = await this.#api.search(CALLS, body, asked, UNSEARCHED_CALLS);
    const id = idAt(listAt(answer, 'results')[0]);
    if (id !== undefined) return { id, isAssociated: false };
    const sentMs = this.#sentMs.get(call) ?? this.#openedMs;
    const leftMs = sentMs + SEARCH_LAG_MS - this.#clock.monotonicMs();
    if (leftMs > 0) throw tooEarly(leftMs);
    return undefined;
  }

  async #created(
    call: string,
    properties: Readonly<Record<string, string>>,
    found: Found,
    asked: Asked,
  ): Promise<Logged> {
    const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: CALL_TO_CONTACT }];
    const associations = found.state === 'found' ? [{ to: { id: found.id }, types }] : [];
    this.#sentMs.set(call, this.#clock.monotonicMs());
    try {
      const result = await this.#api.post(CALLS, { properties, associations }, asked);
      return { id: loggedId(result), isAssociated: true };
    } catch (error) {
      if (saidNo(error)) this.#sentMs.set(call, Number.NEGATIVE_INFINITY);
      throw error;
    }
  }

  /** Twice is as once. */
  async #associate({ id, isAssociated }: Logged, whom: Found, asked: Asked): Promise<void> {
    if (whom.state !== 'found' || isAssociated) return;
    await this.#api.put(
      `/crm/v4/objects/calls/${id}/associations/default/contacts/${whom.id}`,
      asked,
    );
  }

  /** Nice to have: a record does without. */
  async #disposition({ outcome }: CallRecord, asked: Asked): Promise<string | undefined> {
    const label = CALL_WORDS[outcome].disposition?.toLowerCase();
    if (label === undefined) return undefined;
    if (this.#dispositions === undefined && this.#dispositionTries < DISPOSITION_TRIES_MAX) {
      this.#dispositionTries += 1;
      try {
        this.#dispositions = dispositionsIn(await this.#api.get(DISPOSITIONS, asked));
      } catch (error) {
        if (!(error instanceof ServiceFailure)) throw error;
      }
    }
    return this.#dispositions?.get(label);
  }
}

const UNSEARCHED_CALLS =
  'this portal does not search calls by hs_call_external_id, so that a call could be logged ' +
  'twice: set providers.hubspot.call_id_property';

const GONE: Found = { state: 'gone' };

const DISPOSITIONS = '/calling/v1/dispositions';

interface Logged {
  /** HubSpot's id of the call. */
  readonly id: string;
  readonly isAssociated: boolean;
}

function loggedId(result: unknown): string {
  const id = idAt(result);
  if (id !== undefined) return id;
  throw new ServiceFailure('hubspot logged the call, and does not say under which id', {
    kind: 'transient',
    scope: 'service',
    code: 'unusable_answer',
  });
}

/** The contact is there: so it is the call that HubSpot does not know, or not yet everywhere. */
function callMissing(cause: unknown): ServiceFailure {
  const message =
    'hubspot does not know the call that it has just logged, so that it does not stand with its ' +
    'contact yet; it is logged again under the same id';
  const code = 'call_missing';
  const details = { kind: 'transient', scope: 'request', code, status: 404, cause } as const;
  return new ServiceFailure(message, details);
}

function unfitProperty(name: string, isMissing: boolean): ServiceFailure {
  const what = isMissing ? 'no such property' : 'the property, and not with unique values';
  const message =
    `hubspot: calls have ${what} (${name}), without which none is logged; check ` +
    'providers.hubspot.call_id_property: docs/guide/vendors.md says how to make it';
  const details = { kind: 'permanent', scope: 'service', code: 'property_not_found' } as const;
  return new ServiceFailure(message, { ...details, status: isMissing ? 404 : 200 });
}

/** HubSpot works; only this record has to wait. */
function tooEarly(retryAfterMs: number): ServiceFailure {
  const message =
    'hubspot may have this call already, and its search does not know yet what is new: ' +
    'providers.hubspot.call_id_property would make it certain';
  const code = 'search_lags';
  return new ServiceFailure(message, { kind: 'transient', scope: 'request', code, retryAfterMs });
}

function dispositionsIn(answer: unknown): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const one of Array.isArray(answer) ? answer : []) {
    const id = textAt(one, 'id');
    const label = textAt(one, 'label');
    if (id !== undefined && label !== undefined) labels.set(label.toLowerCase(), id);
  }
  return labels;
}

function askedFor(
  contact: Contact,
  { signal }: RequestContext,
  { text = '', detail = '' }: Partial<CallRecord> = {},
): Asked {
  const { id, name = '', email, variables } = contact;
  const numbers = [...spelt(contact).spellings];
  const emails = email === undefined ? [] : [email, email.toLowerCase()];
  const cells = [id, name, ...numbers, ...emails, ...Object.values(variables)];
  return { signal, hidden: [...numbers, ...emails], own: [...cells, text, detail].join('\n') };
}

/** How many requests private apps have made today. */
const USAGE = '/account-info/v3/api-usage/daily/private-apps';

function leftOf(usage: unknown): ProbeAnswer {
  const [today] = listAt(usage, 'results');
  const used = numberAt(today, 'currentUsage');
  const limit = numberAt(today, 'usageLimit');
  if (used === undefined || limit === undefined) {
    return {};
  }
  const left = Math.max(0, limit - used);
  const shown = (count: number): string => count.toLocaleString('en-US');
  const detail = `${shown(left)} of ${shown(limit)} requests left today`;
  return { detail, isLow: left < limit / 10 };
}
