/**
 * Finds a contact of the list in HubSpot. Whoever is not found for certain is not found: what is
 * known of one person must not be told to another.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { Contact } from '../../domain/contact.ts';
import { ServiceFailure } from '../../domain/failure.ts';
import { fieldsOf, listAt, textAt } from '../../domain/json-fields.ts';
import { type Asked, type HubspotApi, idAt, isDataRefused, isMissing } from './hubspot-api.ts';

export type FindBy = 'id' | 'email' | 'phone';

export interface FindSettings {
  /** Tried in this order, until one finds somebody. */
  readonly findBy: readonly FindBy[];
  /** The contact property that holds the list's id; undefined: that is HubSpot's record id. */
  readonly idProperty: string | undefined;
  /** Properties that are wanted of whoever is found. */
  readonly properties: readonly string[];
}

export type Found =
  | {
      readonly state: 'found';
      readonly id: string;
      readonly properties: Readonly<Record<string, string>>;
    }
  /**
   * Nobody fits; several do, and nobody can tell which of them is meant; HubSpot does not take what
   * the row has to look for; or who was found is not there any more.
   */
  | { readonly state: 'nobody' | 'several' | 'refused' | 'gone' };

interface Filter {
  readonly propertyName: string;
  readonly operator: 'EQ' | 'IN';
  readonly value?: string;
  readonly values?: readonly string[];
}

const CONTACTS = '/crm/v3/objects/contacts';
/** Enough to see that it is not one. */
const RESULTS_MAX = 20;
/** Contacts that were found and are remembered: more than are in hand or put off at a time. */
const KNOWN_MAX = 10_000;

export class HubspotContacts {
  readonly #api: HubspotApi;
  readonly #settings: FindSettings;
  /** By the contact's id in the list; the oldest first. */
  readonly #known = new Map<string, Found>();

  constructor(api: HubspotApi, settings: FindSettings) {
    this.#api = api;
    this.#settings = settings;
  }

  /** Whoever was found is remembered until `forget`. */
  async find(contact: Contact, asked: Asked): Promise<Found> {
    const known = this.#known.get(contact.id);
    if (known !== undefined) return known;
    let found: Found = { state: 'nobody' };
    for (const by of this.#settings.findBy) {
      const next = await this.#findBy(by, contact, asked);
      if (next.state === 'found') {
        this.#remember(contact, next);
        return next;
      }
      // That several fit says more than that one way of looking was refused.
      if (next.state === 'several' || found.state === 'nobody') found = next;
    }
    return found;
  }

  /** Whether HubSpot still has who was found. */
  async isThere(id: string, asked: Asked): Promise<boolean> {
    return (await this.#api.getIfThere(`${CONTACTS}/${id}?properties=phone`, asked)) !== undefined;
  }

  forget({ id }: Contact): void {
    this.#known.delete(id);
  }

  #remember({ id }: Contact, found: Found): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(id, found);
  }

  /** What a cell of the list holds must not end its contact: it finds nobody, no more. */
  async #findBy(by: FindBy, contact: Contact, asked: Asked): Promise<Found> {
    try {
      switch (by) {
        case 'id':
          return await this.#byId(contact, asked);
        case 'email':
          return await this.#byEmail(contact, asked);
        case 'phone':
          return await this.#byPhone(contact, asked);
      }
    } catch (error) {
      if (isDataRefused(error) || isUnfit(error)) return { state: 'refused' };
      if (isMissing(error)) return NOBODY;
      throw error;
    }
  }

  async #byId({ id, phone }: Contact, asked: Asked): Promise<Found> {
    const { idProperty } = this.#settings;
    // A list without an id column has the number there.
    if (id === phone) return NOBODY;
    if (idProperty === undefined) {
      return /^\d{1,20}$/.test(id) ? await this.#read(`${CONTACTS}/${id}`, '', asked) : NOBODY;
    }
    const body = this.#searchFor([{ propertyName: idProperty, operator: 'EQ', value: id }]);
    return theOnly(await this.#api.post(`${CONTACTS}/search`, body, asked));
  }

  async #byEmail({ email }: Contact, asked: Asked): Promise<Found> {
    if (email === undefined || !EMAIL_SHAPE.test(email)) return NOBODY;
    const path = `${CONTACTS}/${encodeURIComponent(email.toLowerCase())}`;
    return await this.#read(path, '&idProperty=email', asked);
  }

  /**
   * HubSpot keeps numbers as somebody typed them, and beside that area code and local number as
   * bare digits, without the country: developers.hubspot.com, "Search the CRM". So what is found
   * by those is looked at once more. A refusal is no answer: nothing but the number is of the row.
   */
  async #byPhone(contact: Contact, asked: Asked): Promise<Found> {
    const { phone, phoneWritten } = contact;
    const { national, spellings } = spelt(contact);
    const isSame = (properties: Readonly<Record<string, string>>): boolean =>
      [properties['phone'], properties['mobilephone']].some(
        (other = '') => other.trim() === phoneWritten || isSameNumber(other, phone, national),
      );
    const values = [...spellings];
    const filters: readonly Filter[] = [
      { propertyName: 'phone', operator: 'IN', values },
      { propertyName: 'mobilephone', operator: 'IN', values },
      { propertyName: 'hs_searchable_calculated_phone_number', operator: 'EQ', value: national },
      { propertyName: 'hs_searchable_calculated_mobile_number', operator: 'EQ', value: national },
    ];
    const body = this.#searchFor(filters);
    const answer = await this.#api.search(CONTACTS, body, asked, UNSEARCHED_PHONES);
    return theOnly(answer, isSame);
  }

  async #read(path: string, query: string, asked: Asked): Promise<Found> {
    const wanted = this.#wanted().map(encodeURIComponent).join(',');
    return foundIn(await this.#api.get(`${path}?properties=${wanted}${query}`, asked));
  }

  /** Any of the filters is enough. */
  #searchFor(filters: readonly Filter[]): object {
    return {
      filterGroups: filters.map((filter) => ({ filters: [filter] })),
      properties: this.#wanted(),
      limit: RESULTS_MAX,
    };
  }

  #wanted(): readonly string[] {
    return [...new Set([...this.#settings.properties, 'phone', 'mobilephone'])];
  }
}

const NOBODY: Found = { state: 'nobody' };

/** Whatever else stands in the cell (`n/a`, two of them, a name) is not asked for. */
const EMAIL_SHAPE = /^[^\s@,;<>"()]{1,64}@[^\s@,;<>"()/]{1,190}\.[^\s@.,;<>"()/]{2,63}$/;

/**
 * The property named by `id_property` is there, and the id in this row is no value for it: HubSpot
 * names the property then as well, but the next row's id may do.
 */
function isUnfit(error: unknown): boolean {
  return error instanceof ServiceFailure && error.status === 400 && UNFIT.test(error.message);
}

const UNFIT =
  /\b(not a valid|invalid) (number|long|int(eger)?|double|decimal|date(time)?|bool(ean)?|value)\b/i;

const UNSEARCHED_PHONES =
  'this portal does not search contacts by telephone number: see whether its contacts have the ' +
  'properties phone and mobilephone, or take phone out of providers.hubspot.find_by';

/** Of those that an answer has, the one who fits. */
function theOnly(
  answer: unknown,
  fits: (properties: Readonly<Record<string, string>>) => boolean = () => true,
): Found {
  const fitting = listAt(answer, 'results').filter((result) => fits(propertiesOf(result)));
  const [first] = fitting;
  if (first === undefined) return NOBODY;
  return fitting.length > 1 ? { state: 'several' } : foundIn(first);
}

function foundIn(result: unknown): Found {
  const id = idAt(result);
  return id === undefined ? NOBODY : { state: 'found', id, properties: propertiesOf(result) };
}

function propertiesOf(result: unknown): Readonly<Record<string, string>> {
  const properties: Record<string, string> = {};
  for (const name of Object.keys(fieldsOf(fieldsOf(result)['properties']))) {
    properties[name] = textAt(result, 'properties', name) ?? '';
  }
  return properties;
}

interface Spelt {
  /** Area code and local number, digits only. */
  readonly national: string;
  readonly spellings: ReadonlySet<string>;
}

/** As the list has it, and in the usual ways. */
export function spelt({ phone, phoneWritten = phone }: Contact): Spelt {
  const number = parsePhoneNumberFromString(phone);
  const national = number?.nationalNumber ?? phone.replace(/\D/g, '');
  const others =
    number === undefined ? [] : [number.formatNational(), number.formatInternational()];
  const digits = phone.replace(/\D/g, '');
  return { national, spellings: new Set([phone, phoneWritten, digits, national, ...others]) };
}

/** Another country has the same national number; so a number that names its country has to fit. */
function isSameNumber(other: string, phone: string, national: string): boolean {
  const digits = other.replace(/\D/g, '');
  const own = phone.replace(/\D/g, '');
  if (other.trim().startsWith('+')) return digits === own;
  return digits === own || digits.replace(/^0+/, '') === national || digits === `00${own}`;
}
