import {
  LOST,
  type Logs,
  NOT_THIS,
  SightingLog,
  tooMany,
  UNAVAILABLE,
  WRONG_KEY,
} from '../../support/sighting-log.ts';

const log = () => new SightingLog();
const FAILS = { failure: UNAVAILABLE, tookMs: 0 };

/** `speak` is asked at these times and fails. */
const asked = (...times: readonly number[]): SightingLog => {
  const on = log();
  for (const atMs of times) on.at(atMs).exchange('speak', FAILS);
  return on;
};

/** Asked about in vain until the time that a call may take is nearly up, and then at these. */
const questions = (...times: readonly number[]): SightingLog => {
  const on = log().started('c1');
  const everyMinute = Array.from({ length: 8 }, (_, index) => 135_000 + index * 60_000);
  for (const atMs of [0, 5_000, 15_000, 35_000, 75_000, ...everyMinute, ...times]) {
    on.at(atMs).exchange('follow', FAILS);
  }
  return on;
};

export const RETRY_LOGS: Logs = {
  'never again': {
    accepts: {
      'another try of what may pass': () => asked(0, 5_000),
      'another service after a wrong key': () =>
        log().exchange('speak', { failure: WRONG_KEY }).exchange('speak', { service: 'flite' }),
      'another go': () =>
        log().exchange('record', { failure: NOT_THIS }).putOff('c1').exchange('record'),
      'a call that its dialer does not know': () =>
        log().exchange('place', { failure: LOST }).exchange('find').exchange('place'),
      'a call that was refused': () => log().exchange('place', FAILS).at(5_000).exchange('place'),
    },
    refuses: {
      'another try with a wrong key': () =>
        log().exchange('speak', { failure: WRONG_KEY }).at(5_000).exchange('speak'),
      'another try of what was refused': () =>
        log().exchange('write', { failure: NOT_THIS }).at(5_000).exchange('write'),
      'a call whose answer was lost': () =>
        log().exchange('place', { failure: LOST }).at(5_000).exchange('place'),
      'the same by another dialer': () =>
        log().exchange('place', { failure: LOST }).exchange('place', { service: 'asterisk-ari' }),
      'a call whose answer never came': () => {
        const on = log().quirks({ deaf: 1 });
        on.ask('place');
        return on.at(20_000).exchange('place');
      },
      'a call that a kill came upon': () => {
        const on = log();
        on.ask('place');
        return on.killed().began().exchange('place');
      },
      'a question that was not answered': () =>
        log()
          .exchange('place', { failure: LOST })
          .exchange('find', { failure: UNAVAILABLE })
          .exchange('place'),
      'a call that was taken on': () => log().exchange('place').exchange('place'),
    },
  },
  'waits as promised': {
    accepts: {
      'waits of 5, 10 and 20 s': () => asked(0, 5_000, 15_000, 35_000),
      'waits with all the jitter': () => asked(0, 5_500, 16_500, 38_500),
      'a wait that the service asked for': () =>
        log()
          .exchange('speak', { failure: tooMany(30_000), tookMs: 0 })
          .at(30_000)
          .exchange('speak'),
      'a pause that another line met': () => {
        const on = asked(0).at(4_000);
        on.exchange('speak', { failure: tooMany(30_000), tookMs: 0, line: 2, contact: 'c2' });
        return on.at(34_000).exchange('speak');
      },
      'another go': () => asked(0).putOff('c1').at(100).exchange('speak'),
      'a call that waits for its turn': () =>
        log().exchange('place', FAILS).at(10_500).exchange('place'),
      'questions for as long as it takes': () => {
        const on = log().started('c1');
        for (const atMs of [0, 5_000, 15_000, 35_000, 75_000, 135_000]) {
          on.at(atMs).exchange('follow', FAILS);
        }
        return on;
      },
      'a last question in time for its answer': () => questions(585_000),
    },
    refuses: {
      'no wait': () => asked(0, 100),
      'a second wait as short as the first': () => asked(0, 5_000, 10_000),
      'a wait that is too long': () => asked(0, 6_000),
      'a fourth retry': () => asked(0, 5_000, 15_000, 35_000, 75_000),
      'less than the service asked for': () =>
        log()
          .exchange('speak', { failure: tooMany(30_000), tookMs: 0 })
          .at(29_000)
          .exchange('speak'),
      'a wait of more than a minute that was asked for': () =>
        log()
          .exchange('speak', { failure: tooMany(90_000), tookMs: 0 })
          .at(90_000)
          .exchange('speak'),
      'a call that waits for too many turns': () =>
        log().exchange('place', FAILS).at(12_000).exchange('place'),
      'a last question that comes early': () => questions(570_000),
      'another question after the last': () => questions(585_000, 592_500),
      'questions without a pause': () =>
        log().started('c1').exchange('find', FAILS).exchange('find'),
    },
  },
  'given up in time': {
    accepts: {
      'an answer in time': () => log().exchange('speak', { tookMs: 14_999 }),
      'a request given up when its time is up': () => {
        const on = log();
        const request = on.ask('speak');
        return on.at(15_000).see({ type: 'given_up', request });
      },
      'one that was left because of a stop': () => {
        const on = log();
        const request = on.ask('speak');
        return on
          .see({ type: 'asked_to_stop', how: 'stop' })
          .see({ type: 'given_up', request })
          .at(20_000)
          .ended('stopped');
      },
    },
    refuses: {
      'a request given up early': () => {
        const on = log();
        const request = on.ask('speak');
        return on.at(5_000).see({ type: 'given_up', request });
      },
      'a request waited for without end': () => {
        const on = log();
        on.ask('speak');
        return on.at(16_000).ended();
      },
      'an answer after the time': () => log().exchange('speak', { tookMs: 16_000 }),
    },
  },
  'paid once': {
    accepts: {
      'one text and one speech each': () => log().exchange('write').exchange('speak'),
      'a text whose answer was lost': () =>
        log().exchange('write', { failure: UNAVAILABLE }).exchange('write'),
      'a text that a kill came upon': () =>
        log().exchange('write').killed().began().exchange('write'),
      'a text that came when nobody waited any more': () => {
        const on = log().quirks({ deaf: 1 });
        const late = on.ask('write');
        return on.at(20_000).exchange('write').at(30_000).answer(late);
      },
    },
    refuses: {
      'a second text': () => log().exchange('write').exchange('write'),
      'a second speech after a kill much later': () =>
        log().exchange('speak').at(9_000).killed().began().exchange('speak'),
    },
  },
};
