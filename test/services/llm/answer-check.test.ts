import { describe, expect, it } from 'vitest';
import { flawOf } from '../../../src/services/llm/answer-check.ts';

describe('a text that can be spoken', () => {
  it.each([
    'Hello Dana, this is Northside Clinic. See you on Tuesday at 9:30.',
    'Hola Dana: le llamamos de la clínica (planta 2). ¡Hasta el martes!',
    'Good day! Your table for 4 - the one by the window - is kept until 8 p.m.',
    'Hello, this is Acme (UK). The fee is $12.50, that is 5% less.',
    'Hello.\n\nThis is Northside – with a reminder.\nThank you, and goodbye.',
    'Here is a message for Dana. Your parcel #42 is ready.',
    'こんにちは、明日の予約のご案内です。',
    'We look forward to seeing you at 10 a.m. — or later, if you like…',
  ])('%s', (text) => {
    expect(flawOf(text, 200)).toBeUndefined();
  });
});

describe('a text that cannot', () => {
  it.each([
    ['', 'no words in it'],
    [' \n\t ', 'no words in it'],
    ['x'.repeat(201), '201 characters, script.max_characters allows 200'],
    ['**Hello** Dana', 'markup'],
    ['Hello `Dana`', 'markup'],
    ['Hello _Dana_', 'markup'],
    ['Hello __Dana__', 'markup'],
    ['*smiles* Hello', 'markup'],
    ['# Reminder\nHello', 'a heading'],
    ['Hello\n- Tuesday\n- 9:30', 'a list'],
    ['Hello\n• Tuesday', 'a list'],
    ['1. Hello\n2. Goodbye', 'a list'],
    ['Hello\n---\nGoodbye', 'a rule or a table'],
    ['| day | time |', 'a rule or a table'],
    ['Hello [pause] Dana', 'a stage direction or a placeholder in brackets'],
    ['Hello [Name]', 'a stage direction or a placeholder in brackets'],
    ['Hello {{ name }}', 'a stage direction or a placeholder in brackets'],
    ['Hello <name>', 'a tag or a placeholder in angle brackets'],
    ['<speak>Hello</speak>', 'a tag or a placeholder in angle brackets'],
    ['Hello (laughs) Dana', 'a stage direction'],
    ['(Pause) Hello', 'a stage direction'],
    ['(warmly) Hello', 'a stage direction'],
    ['Hola (risas) Dana', 'a stage direction'],
    ['Hello Dana 😊', 'an emoji'],
    ['See https://example.com', 'a link'],
    ['See www.example.com', 'a link'],
    ['See [here](example)', 'a link'],
    ['Agent: Hello Dana', 'the name of a speaker'],
    ["Sure! Here's the script for Dana: Hello", 'words about the text'],
    ['Here is the message:\nHello', 'words about the text'],
  ])('%s', (text, flaw) => {
    expect(flawOf(text, 200)).toBe(flaw);
  });

  it('takes no time to speak of, whatever was written', () => {
    for (const text of ['_ _'.repeat(3_000), '(a'.repeat(4_000), '| '.repeat(4_000)]) {
      flawOf(text, 10_000);
    }
  });
});
