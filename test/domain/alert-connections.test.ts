import { expect, test } from 'vitest';
import { DEFAULT_ALERT_POLICIES } from '../../src/domain/alert-policy.ts';
import type { Sign, WatchMoment } from '../../src/domain/alert-sign.ts';
import { alertsBySigns } from '../../src/domain/alert-signs.ts';
import { type AlertState, NO_ALERTS, noticesApart } from '../../src/domain/alert-state.ts';
import { AlertWatch } from '../../src/domain/alert-watch.ts';

const KEY = 'service:asterisk-ami:reconnections';

/** A run whose connection is lost now and then; minutes. */
class Run {
  readonly #watch = new AlertWatch();
  readonly told: string[] = [];
  #open: AlertState = NO_ALERTS;

  connected(atMinute: number): void {
    const about = { service: 'asterisk-ami', role: 'dialer', address: '127.0.0.1:5038' } as const;
    const changed = { type: 'connection.changed', ...about, lastedMs: 0, attempt: 1 } as const;
    const moment = this.#moment(atMinute);
    const lost = { ...changed, state: 'disconnected', attempt: 0, message: 'cut off' } as const;
    this.#heed(this.#watch.take(lost, moment), moment);
    this.#heed(this.#watch.take({ ...changed, state: 'connected' }, moment), moment);
  }

  look(atMinute: number): void {
    const moment = this.#moment(atMinute);
    this.#heed(this.#watch.look(moment), moment);
  }

  get affected(): number | undefined {
    return this.#open.get(KEY)?.affected;
  }

  #heed(signs: readonly Sign[], moment: WatchMoment): void {
    const { state, news } = alertsBySigns(this.#open, signs, moment);
    this.#open = state;
    this.told.push(...news.map(({ kind, severity, title }) => `${kind} ${severity}: ${title}`));
  }

  #moment(minute: number): WatchMoment {
    const nowMs = minute * 60_000;
    const policies = DEFAULT_ALERT_POLICIES;
    const about = { campaign: 'spring', breakers: [], policies, ...noticesApart(this.#open) };
    return { ...about, nowMs, wallMs: nowMs };
  }
}

test('the first connection of a run, and three that are made again, are no alert', () => {
  const run = new Run();
  for (const minute of [0, 1, 2, 3]) run.connected(minute);
  expect(run.told).toEqual([]);
});

test('the fourth in a quarter of an hour is told once, and what follows joins it', () => {
  const run = new Run();
  for (const minute of [0, 1, 2, 3, 4, 5, 6]) run.connected(minute);
  expect(run.told).toEqual([
    'raised warning: asterisk-ami loses its connection to 127.0.0.1:5038 again and again',
  ]);
  expect(run.affected).toBe(6);
});

test('once every five minutes is no alert, however long', () => {
  const run = new Run();
  for (let minute = 0; minute < 600; minute += 5) run.connected(minute);
  expect(run.told).toEqual([]);
});

test('it is over when the connection was not lost for a quarter of an hour', () => {
  const run = new Run();
  for (const minute of [0, 1, 2, 3, 4]) run.connected(minute);
  run.look(18.9);
  expect(run.told).toHaveLength(1);
  run.look(19);
  run.look(20);
  expect(run.told.slice(1)).toEqual(['recovered info: asterisk-ami keeps its connection again']);
});
