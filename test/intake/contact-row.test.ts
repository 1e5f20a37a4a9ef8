import { describe, expect, it } from 'vitest';
import { ContactReader } from '../../src/intake/contact-row.ts';
import { readHeader } from '../../src/intake/header.ts';
import { phoneReader } from '../../src/intake/phone.ts';

const NUMBER = '+1 415 555 0134';

/** Reads one row under a header, both as comma separated words. */
function read(header: string, row: string): unknown {
  const columns = readHeader({ text: header, line: 1 }, 'contacts.csv');
  return new ContactReader(columns, phoneReader('US')).read(row.split(','), 7);
}

describe('ContactReader', () => {
  it('makes a contact of a row, without blanks around its cells', () => {
    const header = 'id,Name,Phone,Language,Time Zone,Email,Appointment Day,clinic';
    const row = ` 12 , Ann ,${NUMBER} , en-GB , Europe/London , ann@example.com , Monday ,`;
    expect(read(header, row)).toEqual({
      id: '12',
      name: 'Ann',
      phone: '+14155550134',
      phoneWritten: NUMBER,
      language: 'en-GB',
      timezone: 'Europe/London',
      email: 'ann@example.com',
      variables: { appointment_day: 'Monday', clinic: '' },
      line: 7,
    });
  });

  it('keeps how the number is written, without marks that nobody sees', () => {
    expect(read('phone', '\u202a+14155550134\u202c')).not.toHaveProperty('phoneWritten');
    expect(read('phone', '\u202a415.555.0134')).toMatchObject({ phoneWritten: '415.555.0134' });
  });

  it('takes the number for a missing id, and an empty cell for nothing said', () => {
    expect(read('name,phone,language,timezone,email', `,(415) 555-0134,,,`)).toEqual({
      id: '+14155550134',
      name: undefined,
      phone: '+14155550134',
      phoneWritten: '(415) 555-0134',
      language: undefined,
      timezone: undefined,
      email: undefined,
      variables: {},
      line: 7,
    });
  });

  it.each([
    ['phone,day', NUMBER, 'too_few_cells', '1 cell, the header has 2'],
    ['phone,day', `${NUMBER},Mon,x`, 'too_many_cells', '3 cells, the header has 2'],
    ['phone,day', `${NUMBER},Mon,`, 'too_many_cells', '3 cells, the header has 2'],
    ['name,phone', 'Ann, ', 'no_number', 'no number'],
    ['id,phone', ` ,${NUMBER}`, 'no_id', 'no id, and the list has a column for it'],
    [
      'id,phone',
      `${'x'.repeat(201)},${NUMBER}`,
      'bad_id',
      'an id of 201 characters: allowed: 200 at most',
    ],
    [
      'id,phone',
      `a\nb,${NUMBER}`,
      'bad_id',
      'the id holds a control character, such as a line break',
    ],
    [
      'phone,language',
      `${NUMBER},English`,
      'bad_language',
      'language "English": allowed: a tag such as en or en-GB',
    ],
    [
      'phone,tz',
      `${NUMBER},Mars/Base`,
      'bad_timezone',
      'time zone "Mars/Base": allowed: a name such as Europe/London',
    ],
    [
      'phone,tz',
      `${NUMBER},+05:00`,
      'bad_timezone',
      'time zone "+05:00": allowed: a name such as Europe/London',
    ],
  ])('under %s refuses %j', (header, row, code, reason) => {
    expect(read(header, row)).toEqual({ code, reason });
  });

  it('shows of a cell in a reason neither a number nor what moves a cursor', () => {
    expect(read('phone,tz', `${NUMBER},\u001b[2J+14155550134`)).toMatchObject({
      reason: 'time zone " [*J+***********": allowed: a name such as Europe/London',
    });
    const long = { reason: expect.stringContaining(`"${'x'.repeat(40)}…"`) as string };
    expect(read('phone,tz', `${NUMBER},${'x'.repeat(50)}`)).toMatchObject(long);
  });

  it.each([
    ['EN', 'en'],
    ['en_gb', 'en-GB'],
    ['zh-hant-tw', 'zh-Hant-TW'],
  ])('writes the language %s as %s', (cell, language) => {
    expect(read('phone,language', `${NUMBER},${cell}`)).toMatchObject({ language });
  });

  it.each([['e'], ['en-'], ['en--GB'], ['en GB'], ['12'], ['en-GB-GB']])(
    'knows no language %j',
    (cell) => {
      expect(read('phone,language', `${NUMBER},${cell}`)).toMatchObject({ code: 'bad_language' });
    },
  );

  it('keeps an id as it is, up to 200 characters', () => {
    const id = `0=Ä ${'x'.repeat(196)}`;
    expect(read('id,phone', `${id},${NUMBER}`)).toMatchObject({ id });
  });

  it('judges a repeated cell the same each time', () => {
    const header = readHeader({ text: 'phone,language,tz', line: 1 }, 'contacts.csv');
    const reader = new ContactReader(header, phoneReader('US'));
    for (const line of [2, 3]) {
      expect(reader.read([NUMBER, 'xxxxx', ''], line)).toMatchObject({ code: 'bad_language' });
      expect(reader.read([NUMBER, 'en', 'Nowhere'], line)).toMatchObject({ code: 'bad_timezone' });
      expect(reader.read([NUMBER, 'en', 'Asia/Tokyo'], line)).toMatchObject({ line });
    }
  });
});
