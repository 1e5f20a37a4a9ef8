import { describe, expect, it } from 'vitest';
import { readHeader, variableName } from '../../src/intake/header.ts';
import { ListError } from '../../src/intake/list-error.ts';

const header = (text: string) => readHeader({ text, line: 1 }, 'contacts.csv');

function refusal(text: string): ListError {
  try {
    header(text);
  } catch (error) {
    expect(error).toBeInstanceOf(ListError);
    return error as ListError;
  }
  throw new Error('it was expected to fail');
}

describe('the delimiter', () => {
  it.each([
    ['name,phone,day', ','],
    ['name;phone;day', ';'],
    ['name\tphone\tday', '\t'],
    ['phone', ','],
    ['"name, first; last";phone', ';'],
    ['"a;b;c;d",phone', ','],
    ['day, month, year;phone', ';'],
    ['"a ""quoted"", name"\tphone', '\t'],
  ])('of %j is %j', (text, delimiter) => {
    expect(header(text).delimiter).toBe(delimiter);
  });
});

describe('the phone column', () => {
  it.each([
    ['phone'],
    ['Phone'],
    [' PHONE NUMBER '],
    ['phone_number'],
    ['PhoneNumber'],
    ['Phone-No.'],
    ['Mobile'],
    ['mobile phone'],
    ['number'],
    ['Tel'],
    ['Tel.'],
    ['telephone'],
    ['Cell'],
    ['cell phone'],
  ])('may be called %j', (spelling) => {
    expect(header(`name,${spelling},day`).phone).toBe(1);
  });

  it('is the one called exactly that, where another might be it; that one is a variable', () => {
    const { phone, variables } = header('mobile,phone,tel');
    expect(phone).toBe(1);
    expect(variables).toEqual([
      { index: 0, name: 'mobile' },
      { index: 2, name: 'tel' },
    ]);
  });

  it('is asked for where two might be it', () => {
    const error = refusal('name,Mobile,Tel');
    expect(error.code).toBe('ambiguous_header');
    expect(error.message).toBe(
      'contacts.csv: "Mobile" and "Tel" could each be the column "phone".',
    );
    expect(error.hint).toBe('Name the right one "phone".');
  });

  it('is missed with what was found and what is allowed', () => {
    const error = refusal('name,appointment day');
    expect(error.code).toBe('no_phone_column');
    expect(error.message).toContain(
      'no column for the phone number. Found: "name", "appointment day".',
    );
    expect(error.message).toMatch(/Allowed: phone, phone number, .*mobile/);
    expect(error.hint).toContain('id, name, language, timezone, email');
  });

  it('is missed by the names that the most likely delimiter gives', () => {
    expect(refusal('name;day;time').message).toContain('Found: "name", "day", "time". Allowed');
  });

  it('is missed without showing the first contact, where the list has no header', () => {
    const error = refusal('Ann,+1 415 555 0134');
    expect(error.message).toContain('Found: "Ann", "+* *** *** ****"');
    expect(error.hint).toContain('looks like a contact');
  });
});

describe('the other columns', () => {
  it('are known by several spellings', () => {
    const known = header('Contact ID,Full Name,Lang,Time Zone,E-Mail,phone');
    expect(known).toMatchObject({ id: 0, name: 1, language: 2, timezone: 3, email: 4, phone: 5 });
    expect(known.variables).toEqual([]);
    expect(header('id,name,language,timezone,email,phone')).toMatchObject({
      id: 0,
      name: 1,
      language: 2,
      timezone: 3,
      email: 4,
    });
  });

  it('are variables: a first name is not a name', () => {
    const { name, id, variables, width } = header('First Name,phone,Appointment Day,2nd visit (?)');
    expect({ name, id, width }).toEqual({ name: undefined, id: undefined, width: 4 });
    expect(variables).toEqual([
      { index: 0, name: 'first_name' },
      { index: 2, name: 'appointment_day' },
      { index: 3, name: '2nd_visit' },
    ]);
  });

  it('are left out where they have no name, and count as cells', () => {
    const { variables, width } = header('phone,day,,');
    expect(variables).toEqual([{ index: 1, name: 'day' }]);
    expect(width).toBe(4);
  });

  it.each([
    ['phone,day,Day', 'column 2 ("day") and column 3 ("Day") are both "day"'],
    ['First Name,phone,first_name', 'column 1 ("First Name") and column 3 ("first_name")'],
    ['phone,Phone', 'column 1 ("phone") and column 2 ("Phone")'],
  ])('of one name are refused: %s', (text, message) => {
    const error = refusal(text);
    expect(error.code).toBe('ambiguous_header');
    expect(error.message).toContain(message);
  });
});

describe('a header that is not CSV', () => {
  it('is refused with its line', () => {
    const error = refusal('name,"phone');
    expect(error.code).toBe('no_phone_column');
    expect(error.message).toContain('contacts.csv:1: the header cannot be read');
  });
});

describe('variableName', () => {
  it.each([
    ['Appointment Day', 'appointment_day'],
    ['  Größe (cm) ', 'größe_cm'],
    ['e\u0301tage', '\u00e9tage'],
    ['__proto__', 'proto'],
    ['a--b  c', 'a_b_c'],
    ['名前', '名前'],
    ['#', ''],
  ])('of %j is %j', (column, name) => {
    expect(variableName(column)).toBe(name);
  });
});
