import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ContactPacker, contactsOf } from '../../src/sim/contact-rows.ts';

const TEXT = fc.string({ unit: 'grapheme' });
const OPTIONAL = fc.option(TEXT, { nil: undefined });
const CONTACT = fc.record({
  id: TEXT,
  name: OPTIONAL,
  phone: TEXT,
  language: OPTIONAL,
  timezone: OPTIONAL,
  email: OPTIONAL,
  variables: fc.dictionary(
    TEXT.filter((name) => name !== '__proto__'),
    TEXT,
    { noNullPrototype: true },
  ),
  line: fc.nat(),
});

it('packs contacts without loss, in any batches', () => {
  fc.assert(
    fc.property(fc.array(fc.array(CONTACT)), (batches) => {
      const packer = new ContactPacker();
      for (const batch of batches) packer.add(batch);
      const list = contactsOf(packer.packed());
      const unpacked = Array.from({ length: list.length }, (_, index) => list.at(index));
      expect(unpacked).toEqual(batches.flat());
      expect(list.at(list.length)).toBeUndefined();
    }),
  );
});

it('makes up people who differ, on fictitious numbers', () => {
  const list = contactsOf({ type: 'made_up', length: 500 });
  const people = Array.from({ length: list.length }, (_, index) => list.at(index));
  expect(new Set(people.map((one) => one?.id)).size).toBe(500);
  expect(new Set(people.map((one) => one?.phone)).size).toBe(500);
  for (const one of people) expect(one?.phone).toMatch(/^\+1\d{3}55501\d\d$/);
  expect(list.at(500)).toBeUndefined();
});
