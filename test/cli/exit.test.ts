import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { ConfigProblems } from '../../src/cli/config-problems.ts';
import { CommandFailure, EXIT, explain, reportFailure } from '../../src/cli/exit.ts';
import { JournalFailure, ServiceFailure } from '../../src/domain/failure.ts';
import { ListError, type ListErrorCode } from '../../src/intake/list-error.ts';
import { StoreError, type StoreErrorKind } from '../../src/store/store-error.ts';
import { fakeWorld } from '../support/fake-world.ts';

const problem = { line: 3, column: 1, path: 'a.b', found: '1', allowed: '2' };

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: no`), { code, syscall: 'open', errno: -1 });
}

function sqliteError(errcode: number): Error {
  return Object.assign(new Error('no'), { code: 'ERR_SQLITE_ERROR', errcode });
}

describe('exit codes', () => {
  it.each<[string, unknown, number]>([
    ['a command that cannot', new CommandFailure(EXIT.running, 'x'), 73],
    ['a wrong config', new ConfigProblems('config.yml', [problem]), 78],
    ['a journal that cannot be written', new JournalFailure('disk full'), 74],
    [
      'a service at the start',
      new ServiceFailure('no', { kind: 'permanent', scope: 'service', code: 'x' }),
      69,
    ],
    ['a file that is not there', systemError('ENOENT'), 66],
    ['a folder for a file', systemError('EISDIR'), 66],
    ['a full disk', systemError('ENOSPC'), 74],
    ['a disk that is read-only', systemError('EROFS'), 74],
    ['no right to write', systemError('EACCES'), 74],
    ['a damaged database', sqliteError(11), 74],
    ['a disk that fails under the database', sqliteError(10 | (1 << 8)), 74],
    ['a database that somebody else holds', sqliteError(5), 75],
    ['SQL that is wrong', sqliteError(1), 1],
    ['a rule of the schema that was broken', sqliteError(19), 1],
    ['a bug', new TypeError('x is not a function'), 1],
    ['a code without a system call', Object.assign(new Error('x'), { code: 'ENOENT' }), 1],
    ['something thrown that is no error', 'oops', 1],
    ['wrong usage', new CommanderError(1, 'commander.unknownOption', 'x'), 64],
  ])('%s', (_what, error, code) => {
    expect(reportFailure(error, fakeWorld({ args: [], folder: '/' }))).toBe(code);
  });

  it.each<[ListErrorCode, number]>([
    ['not_found', 66],
    ['is_folder', 66],
    ['unreadable', 66],
    ['not_text', 65],
    ['empty', 65],
    ['no_phone_column', 65],
    ['ambiguous_header', 65],
    ['no_valid_row', 65],
    ['rejects_unwritable', 74],
  ])('a list: %s', (code, exit) => {
    expect(explain(new ListError(code, 'message', 'hint'))).toEqual({
      code: exit,
      message: 'message',
      hint: 'hint',
    });
  });

  it.each<[StoreErrorKind, number]>([
    ['missing', 66],
    ['newer', 74],
    ['not_a_database', 74],
    ['damaged', 74],
    ['disk_full', 74],
    ['read_only', 74],
    ['not_writable', 74],
    ['busy', 75],
    ['failed', 74],
    ['refused', 64],
  ])('the store: %s', (kind, exit) => {
    expect(explain(new StoreError(kind, 'message'))).toMatchObject({ code: exit });
  });
});

describe('what a person is told', () => {
  function told(error: unknown): string {
    const world = fakeWorld({ args: [], folder: '/' });
    reportFailure(error, world);
    expect(world.screen.stdout).toBe('');
    return world.screen.stderr;
  }

  it('is the message, and what to do below it', () => {
    expect(told(new CommandFailure(EXIT.usage, 'no such thing', 'do this'))).toBe(
      'campaign: no such thing\n  do this\n',
    );
    expect(told(new CommandFailure(EXIT.usage, 'no such thing'))).toBe('campaign: no such thing\n');
  });

  it('is every problem of a config', () => {
    expect(told(new ConfigProblems('config.yml', [problem, { ...problem, line: 2 }]))).toBe(
      'campaign: config.yml has 2 problems:\n' +
        '  config.yml:2  a.b: found 1, allowed: 2\n' +
        '  config.yml:3  a.b: found 1, allowed: 2\n',
    );
  });

  it('is, for a bug, that the journal is intact, with the place of the bug', () => {
    const text = told(new TypeError('x is not a function'));
    expect(text).toMatch(
      /^campaign: the program failed\. This is a bug, and the journal is intact/,
    );
    expect(text).toContain('TypeError: x is not a function\n    at ');
    expect(text).toContain('Run again to go on');
    expect(text).not.toContain('http');
  });

  it('is nothing more where the command line has been explained already', () => {
    expect(told(new CommanderError(1, 'commander.unknownCommand', 'x'))).toBe('');
  });
});
