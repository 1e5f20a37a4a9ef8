import { expect, it, vi } from 'vitest';
import type * as MadeUp from '../../src/sim/made-up-contacts.ts';
import { madeUpContact } from '../../src/sim/made-up-contacts.ts';
import { CommandBench } from '../support/command-bench.ts';

/** There are 79,900 numbers to make up; here they begin anew after the second. */
vi.mock('../../src/sim/made-up-contacts.ts', async (importOriginal) => {
  const original = await importOriginal<typeof MadeUp>();
  const madeUp: typeof MadeUp.madeUpContact = (index) => ({
    ...original.madeUpContact(index),
    phone: original.madeUpContact(index % 2).phone,
  });
  return { ...original, madeUpContact: madeUp };
});

it('a simulation makes up as many contacts as it is asked for, of few numbers too', async () => {
  using bench = new CommandBench();
  const { stdout } = await bench.command('simulate --contacts 5 --json --quiet');
  expect(JSON.parse(stdout).contacts).toMatchObject({ total: 5, done: 5 });
});

it('everybody who is made up has an id of their own, however many there are', () => {
  const ids = Array.from({ length: 81_000 }, (_, index) => madeUpContact(index).id);
  expect(new Set(ids).size).toBe(ids.length);
});
