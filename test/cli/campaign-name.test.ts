import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { campaignName, isCampaignName } from '../../src/cli/campaign-name.ts';
import { CommandFailure } from '../../src/cli/exit.ts';
import { shellWord } from '../../src/cli/shell-word.ts';

describe('the campaign’s name', () => {
  it.each([
    ['contacts.csv', undefined, 'contacts'],
    ['lists/spring 2026.csv', undefined, 'spring 2026'],
    ['/srv/lists/no-ending', undefined, 'no-ending'],
    ['a.b.csv', undefined, 'a.b'],
    ['zürich.CSV', undefined, 'zürich'],
    ['-.csv', 'spring', 'spring'],
  ])('%s with --name %s: %s', (list, given, name) => {
    expect(campaignName(list, given)).toBe(name);
  });

  it.each(['', '.', '..', '../up', 'a/b', 'a\\b', 'a:b', '.hidden', '-x', 'a\nb', 'a'.repeat(101)])(
    '%j is refused',
    (name) => {
      expect(() => campaignName('spring.csv', name)).toThrow(CommandFailure);
      expect(() => campaignName('spring.csv', name)).toThrow(/^--name: found "/);
    },
  );

  it('asks for --name where the file name will not do', () => {
    const refusal = expect.objectContaining({
      code: 64,
      message: expect.stringContaining('the list\'s file name gives the campaign "-x": found "-x"'),
      hint: 'Give the campaign a name with --name.',
    });
    expect(() => campaignName('-x.csv', undefined)).toThrow(refusal);
  });

  it('is one folder name, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('./\\:-a é\0\n')) }), (name) => {
        if (isCampaignName(name)) {
          expect(basename(join('/out', name))).toBe(name);
          expect(join('/out', name, '..')).toBe('/out');
        }
      }),
    );
  });
});

describe('a word for the shell', () => {
  it('is quoted where it has to be', () => {
    expect(shellWord('lists/spring-2026.csv')).toBe('lists/spring-2026.csv');
    expect(shellWord('my list.csv')).toBe("'my list.csv'");
    expect(shellWord("o'neil")).toBe("'o'\\''neil'");
    for (const special of ['', '$HOME', 'a*', 'a;b', '`x`', '~', 'a\nb', '!x', '(x)', '#x']) {
      expect(shellWord(special)).toMatch(/^'.*'$/s);
    }
  });
});
