import { describe, expect, it } from 'vitest';
import { CHECKERS, violationsOf } from '../../src/sim/checkers.ts';
import type { Logs } from '../support/sighting-log.ts';
import { ALERT_LOGS } from './checker-logs/alerts.ts';
import { BREAKER_LOGS } from './checker-logs/breakers.ts';
import { CHANNEL_LOGS } from './checker-logs/channels.ts';
import { EXCHANGE_LOGS } from './checker-logs/exchanges.ts';
import { MONEY_LOGS } from './checker-logs/money.ts';
import { NAME_LOGS } from './checker-logs/names.ts';
import { OPT_OUT_LOGS } from './checker-logs/opt-outs.ts';
import { OUTCOME_LOGS } from './checker-logs/outcomes.ts';
import { RETRY_LOGS } from './checker-logs/retries.ts';
import { ROOM_LOGS } from './checker-logs/rooms.ts';
import { RUN_LOGS } from './checker-logs/runs.ts';
import { TRIAL_LOGS } from './checker-logs/trials.ts';
import { WAIT_LOGS } from './checker-logs/waits.ts';
import { WORD_LOGS } from './checker-logs/words.ts';

const LOGS: Logs = {
  ...OUTCOME_LOGS,
  ...BREAKER_LOGS,
  ...RETRY_LOGS,
  ...RUN_LOGS,
  ...ALERT_LOGS,
  ...CHANNEL_LOGS,
  ...MONEY_LOGS,
  ...WAIT_LOGS,
  ...TRIAL_LOGS,
  ...ROOM_LOGS,
  ...WORD_LOGS,
  ...OPT_OUT_LOGS,
  ...NAME_LOGS,
  ...EXCHANGE_LOGS,
};

describe.each(CHECKERS.map((checker) => [checker.name, checker] as const))(
  '%s',
  (name, checker) => {
    const { accepts = {}, refuses = {} } = LOGS[name] ?? {};

    it('has logs to accept and logs to refuse', () => {
      expect(Object.keys(accepts)).not.toEqual([]);
      expect(Object.keys(refuses)).not.toEqual([]);
    });

    it.each(Object.entries(accepts))('accepts %s', (_what, make) => {
      expect(checker.check(make().seen())).toEqual([]);
    });

    it.each(Object.entries(refuses))('refuses %s', (_what, make) => {
      expect(checker.check(make().seen())).not.toEqual([]);
    });
  },
);

it('every log is of a checker that there is', () => {
  const names = CHECKERS.map(({ name }) => name);
  expect(Object.keys(LOGS).filter((name) => !names.includes(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});

it('violations come in the order of time, with the name of their checker', () => {
  const make = RUN_LOGS['ends clean']?.refuses['timers that are left'];
  const found = violationsOf(make?.().seen() ?? expect.fail());
  const name = 'ends clean';
  expect(found).toContainEqual({ checker: name, atMs: 0, message: '2 timers are left' });
  const times = found.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
});
