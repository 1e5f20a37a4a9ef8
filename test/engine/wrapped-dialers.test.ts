import { expect, it } from 'vitest';
import { guardDialer } from '../../src/engine/guarded.ts';
import type { Dialer } from '../../src/engine/ports.ts';
import { recordedDialer } from '../../src/engine/recorded-dialer.ts';
import { watchedDialer } from '../../src/observers/watched-dialer.ts';
import { GuardBench } from '../support/guard-bench.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const never = (): never => {
  throw new Error('not asked');
};

const dialer: Required<Dialer> = {
  name: 'twilio',
  role: 'dialer',
  rings: true,
  account: 'AC1',
  speaks: () => true,
  hears: true,
  probe: never,
  place: never,
  follow: never,
  find: never,
  hangUp: never,
};

const clock = new VirtualClock();
const unwatched = { callBegun: never, callEnded: never };

// What one of them leaves out, nobody behind it knows: whose account placed a call, for one.
it.each([
  ['watched', watchedDialer(dialer, unwatched, clock)],
  ['recorded', recordedDialer(dialer)],
  ['guarded', guardDialer(dialer, new GuardBench({ service: 'twilio' }, clock).guard)],
])('a dialer that is %s is the whole dialer', (_how, wrapped) => {
  expect(Object.keys(wrapped).toSorted()).toEqual(Object.keys(dialer).toSorted());
  const { name, role, rings, account, hears } = wrapped;
  expect({ name, role, rings, account, hears }).toEqual({
    name: 'twilio',
    role: 'dialer',
    rings: true,
    account: 'AC1',
    hears: true,
  });
});
