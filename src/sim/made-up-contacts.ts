import type { Contact } from '../domain/contact.ts';

const NAMES = [
  'Zinnia',
  'Bartleby',
  'Marigold',
  'Thistle',
  'Quill',
  'Juniper',
  'Orlo',
  'Clementine',
  'Fennel',
  'Tansy',
  'Bramble',
  'Wren',
];

/** A list for a first look: large enough for an outage to meet, small enough to read. */
export const MADE_UP_CONTACTS = NAMES.length;

const AREA_FIRST = 201;
const AREAS = 799;
/** +1 NXX 555 0100 to 0199 are kept free for stories. */
const NUMBERS_PER_AREA = 100;

/** Of a list with no columns of its own: one object for all of them. */
const NO_COLUMNS = Object.freeze({});

/** One of the people who do not exist, on numbers that nobody has; counted from 0. */
export function madeUpContact(index: number): Contact {
  const round = Math.floor(index / NAMES.length);
  const first = NAMES[index % NAMES.length] ?? '';
  const name = round === 0 ? first : `${first} ${round + 1}`;
  const area = AREA_FIRST + (Math.floor(index / NUMBERS_PER_AREA) % AREAS);
  return {
    id: name.toLowerCase().replace(' ', '-'),
    name,
    phone: `+1${area}5550${100 + (index % NUMBERS_PER_AREA)}`,
    language: undefined,
    timezone: undefined,
    email: undefined,
    variables: NO_COLUMNS,
    line: index + 2,
  };
}
