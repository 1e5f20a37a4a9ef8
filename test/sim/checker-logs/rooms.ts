import { CROWDED_OUT, type Logs, SightingLog, UNAVAILABLE } from '../../support/sighting-log.ts';

const log = () => new SightingLog();

/** So many contacts want their texts from one service at once. */
function writing(on: SightingLog, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => {
    const about = { contact: `c${index + 1}`, line: index + 1 };
    on.started(about.contact, about.line);
    return on.ask('write', about);
  });
}

/** Three at once, and the last is one too many. */
function crowded(on: SightingLog = log()): SightingLog {
  const [first = 0, second = 0, third = 0] = writing(on, 3);
  on.at(100).answer(third, CROWDED_OUT);
  return on.at(200).answer(first).answer(second);
}

/** Texts one after the other that go well, from 10 s on. */
function wellDone(on: SightingLog, count: number): SightingLog {
  on.at(10_000);
  for (let left = count; left > 0; left -= 1) {
    on.exchange('write', { contact: 'c5', line: 5, tookMs: 100 });
  }
  return on;
}

/** Then so many more at once. */
function next(on: SightingLog, count: number): SightingLog {
  for (let nth = 1; nth <= count; nth += 1) on.ask('write', { contact: `c${nth}`, line: nth });
  return on;
}

/** c1 has a place, and c2 is waiting for one at the same service. */
function waiting(on: SightingLog): number {
  const first = on.ask('write');
  on.started('c2', 2);
  return first;
}

export const ROOM_LOGS: Logs = {
  'concurrency kept': {
    accepts: {
      'as many as are allowed': () => next(log().atOnce(2), 2),
      'any number where nothing is said': () => next(log(), 9),
      'one after the other': () => log().atOnce(1).exchange('write').exchange('write'),
      'one of another service beside it': () => {
        const on = log().atOnce(1);
        on.ask('write');
        on.ask('speak', { contact: 'c2', line: 2 });
        return on;
      },
      'another after the sender was killed': () => {
        const on = log().atOnce(1);
        on.ask('write');
        return next(on.killed().began(), 1);
      },
      'another after one was given up': () => {
        const on = log().atOnce(1);
        const request = on.ask('write');
        return next(on.at(15_000).see({ type: 'given_up', request }), 1);
      },
    },
    refuses: {
      'one more': () => next(log().atOnce(2), 3),
      'one more while an overdue one is still on its way': () => {
        const on = log().atOnce(1).quirks({ deaf: 1 });
        on.ask('write');
        on.at(20_000).ask('write', { contact: 'c2', line: 2 });
        return on;
      },
    },
  },
  'fewer when crowded': {
    accepts: {
      'one fewer than were refused': () => next(crowded().at(10_000), 2),
      'one more after twenty that went well': () => next(wellDone(crowded(), 20), 2),
      'as before in another life': () => next(crowded().killed().began(), 3),
      'as before after another failure': () => {
        const on = log();
        const [first = 0] = writing(on, 3);
        return next(on.at(100).answer(first, UNAVAILABLE), 1);
      },
    },
    refuses: {
      'as many as before': () => next(crowded().at(10_000), 3),
      'as many as before after a few that went well': () => next(wellDone(crowded(), 5), 3),
    },
  },
  'no place idle': {
    accepts: {
      'a wait until a place is free': () => {
        const on = log().atOnce(1);
        const first = waiting(on);
        on.at(5_000).answer(first).ask('write', { contact: 'c2', line: 2 });
        return on;
      },
      'a wait for something else where nothing is limited': () => {
        const on = log();
        const first = waiting(on);
        on.at(5_000).answer(first).ask('write', { contact: 'c2', line: 2 });
        return on;
      },
      'a wait in vain that is long enough': () => {
        const on = log().atOnce(1);
        waiting(on);
        return on.at(60_000).turnedAway('c2', 5_000, 'openai');
      },
      'a wait for a service that wants to be left alone': () => {
        const on = crowded().started('c4', 4);
        on.at(5_100).ask('write', { contact: 'c4', line: 4 });
        return on;
      },
    },
    refuses: {
      'a wait while a place is free': () => {
        const on = log().atOnce(2);
        const first = waiting(on);
        on.at(5_000).answer(first).ask('write', { contact: 'c2', line: 2 });
        return on;
      },
      'a wait after the place is free': () => {
        const on = log().atOnce(1);
        const first = waiting(on);
        on.at(5_000).answer(first).at(5_500).ask('write', { contact: 'c2', line: 2 });
        return on.at(9_000).ended();
      },
      'a wait in vain that is too short': () => {
        const on = log().atOnce(1);
        waiting(on);
        return on.at(20_000).turnedAway('c2', 5_000, 'openai');
      },
      'a wait in vain for places that are free': () => {
        const on = log().atOnce(1);
        const first = waiting(on);
        on.at(5_000).answer(first);
        return on.at(60_000).turnedAway('c2', 5_000, 'openai');
      },
    },
  },
};
