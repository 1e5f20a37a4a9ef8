import { describe, expect, it } from 'vitest';
import { checkTemplate } from '../../../src/services/llm/liquid.ts';
import { templateLlm } from '../../../src/services/llm/template.ts';
import { contactOf, failureOf } from '../support.ts';

type Settings = Parameters<typeof templateLlm>[0];

async function written(
  template: Settings['template'],
  contact = contactOf(),
  language = 'en',
  properties: Readonly<Record<string, string>> = {},
): Promise<string> {
  const service = templateLlm({ template, language: 'en' });
  const { text } = await service.write({ contact, language, properties }, undefined as never);
  return text;
}

const clinic = contactOf({
  variables: { clinic: 'Northside', 'Appointment day': 'Tuesday', room: '' },
  timezone: 'America/Chicago',
});

describe('the template service', () => {
  it('fills in the columns of the list', async () => {
    expect(
      await written('Hello {{ name }}, {{ clinic }} on {{ appointment_day }}.\n', clinic),
    ).toBe('Hello Dana Sample, Northside on Tuesday.');
    expect(await written("{{ ['Appointment day'] }}", clinic)).toBe('Tuesday');
  });

  it('knows the known columns, blank ones as an empty text', async () => {
    const all = '{{ id }}|{{ name }}|{{ phone }}|{{ language }}|{{ timezone }}|{{ email }}|';
    expect(await written(all, clinic, 'en-GB')).toBe(
      'c1|Dana Sample|+14155550134|en-GB|America/Chicago||',
    );
    const nameless = contactOf({ name: undefined });
    expect(await written('Hello {{ name | default: "there" }}', nameless)).toBe('Hello there');
  });

  it('treats a blank cell of another column the same way', async () => {
    expect(await written('room {{ room | default: "at the desk" }}', clinic)).toBe(
      'room at the desk',
    );
    expect(
      await written('{% if room != "" %}room {{ room }}{% else %}desk{% endif %}', clinic),
    ).toBe('desk');
  });

  it('keeps a column that only looks like a renamed one apart', async () => {
    const contact = contactOf({ variables: { 'Room No': 'a', room_no: 'b' } });
    expect(await written('{{ room_no }}', contact)).toBe('b');
    expect(await written("{{ ['Room No'] }}", contact)).toBe('a');
  });

  it('takes the first of two columns that come to the same name', async () => {
    const contact = contactOf({ variables: { 'Room No': 'a', 'room-no': 'b', '?': 'c' } });
    expect(await written('{{ room_no }}', contact)).toBe('a');
  });

  it('has what the CRM found under crm, out of the way of columns', async () => {
    const contact = contactOf({ variables: { city: 'Springfield', crm: 'no' } });
    expect(await written('{{ city }} {{ crm.city }}', contact, 'en', { city: 'Shelbyville' })).toBe(
      'Springfield Shelbyville',
    );
  });

  it.each([
    ['Hello {{ nmae }}', 'nmae', 'line 1, column 10'],
    ['Hello\n  {{ nmae | default: "x" }}', 'nmae', 'line 2, column 6'],
    ['{% if nmae %}x{% endif %}', 'nmae', 'line 1, column 7'],
    ['{{ crm.plan }}', 'crm.plan', 'line 1, column 4'],
    ['{{ constructor }}', 'constructor', 'line 1, column 4'],
    ['{{ name.constructor }}', 'name.constructor', 'line 1, column 4'],
  ])('refuses a column that is not there: %s', async (template, name, place) => {
    const failure = await failureOf(written(template, clinic, 'en', { city: 'x' }));
    expect(failure).toMatchObject({
      kind: 'permanent',
      scope: 'request',
      code: 'unknown_variable',
    });
    expect(failure.message).toBe(
      `script.template, ${place}: no column for {{ ${name} }} (there are: clinic, ` +
        'appointment_day, room, id, name, phone, language, timezone, email, crm.city)',
    );
  });

  it('takes what a row says for data, whatever it says', async () => {
    const contact = contactOf({ name: '{{ phone }} {% include "/etc/passwd" %} <b>&amp;' });
    expect(await written('Hello {{ name }}', contact)).toBe(
      'Hello {{ phone }} {% include "/etc/passwd" %} <b>&amp;',
    );
  });

  it('chooses the template by language, then by its base', async () => {
    const template = { en: 'Hello', 'pt-BR': 'Oi', pt: 'Olá' };
    expect(await written(template, clinic, 'en-GB')).toBe('Hello');
    expect(await written(template, clinic, 'pt-br')).toBe('Oi');
    expect(await written(template, clinic, 'pt-PT')).toBe('Olá');
  });

  it('speaks to nobody in the wrong language', async () => {
    const template = { en: 'Hello', es: 'Hola' };
    expect(await failureOf(written(template, clinic, 'de'))).toMatchObject({
      kind: 'permanent',
      scope: 'request',
      code: 'no_template',
      message: 'no script.template for language de (have: en, es)',
    });
    // A single text is in the campaign's language.
    expect((await failureOf(written('Hello', clinic, 'es'))).code).toBe('no_template');
    // A tag is no path into the program.
    expect((await failureOf(written(template, clinic, '__proto__'))).code).toBe('no_template');
  });

  it.each([
    '{% for i in (1..n) %}a{% endfor %}',
    '{% for i in (1..9999) %}{% for j in (1..9999) %}{{ name }}{% endfor %}{% endfor %}',
    '{% assign x = name %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}{{ x }}',
  ])('does not let a row hold up the run: %s', async (template) => {
    const contact = contactOf({ variables: { n: '999999999' } });
    expect(await failureOf(written(template, contact))).toMatchObject({
      kind: 'permanent',
      scope: 'request',
      code: 'template_failed',
      message: expect.stringContaining('memory alloc limit exceeded') as string,
    });
  });

  it('is always well', async () => {
    const service = templateLlm({ template: 'Hello', language: 'en' });
    await expect(service.probe(new AbortController().signal)).resolves.toBeUndefined();
  });

  it('does not begin with a template that does not compile', () => {
    expect(() =>
      templateLlm({ template: { en: 'a', es: 'b\n{{ c | shout }}' }, language: 'en' }),
    ).toThrow('script.template for language es, line 2, column 1: undefined filter: shout');
  });
});

describe('checkTemplate', () => {
  it('passes what compiles, and does not ask for the columns', () => {
    expect(
      checkTemplate('Hello {{ name | upcase }}{% if x %}, {{ x }}{% endif %}.'),
    ).toBeUndefined();
  });

  it.each([
    ['Hello\n{{ name | shout }}', 2, 1, 'undefined filter: shout'],
    ['Hello {{ name', 1, 7, 'output "{{ name" not closed'],
    ['{% if name %}Hello', 1, 1, 'tag {% if name %} not closed'],
    ['\n  {% bogus %}', 2, 3, 'tag "bogus" not found'],
    ['{{ }}', 1, 4, 'invalid value expression: ""'],
  ])('says where %o is wrong', (text, line, column, message) => {
    expect(checkTemplate(text)).toEqual({ line, column, message });
  });

  it.each(['include', 'render', 'layout', 'block'])('has no tag that loads a file: %s', (tag) => {
    expect(checkTemplate(`{% ${tag} "config.yml" %}`)).toMatchObject({
      message: `tag "${tag}" not found`,
    });
  });

  it('refuses a template too long to be one', () => {
    expect(checkTemplate('a'.repeat(100_001))).toBeDefined();
  });
});
