import {
  type Logs,
  NOT_THIS,
  SightingLog,
  tooMany,
  UNAVAILABLE,
  WRONG_KEY,
} from '../../support/sighting-log.ts';

const log = () => new SightingLog();

/** `speak` fails at these times, each after no time at all. */
const failing = (on: SightingLog, times: readonly number[], line = 1): SightingLog => {
  for (const atMs of times) {
    on.at(atMs).exchange('speak', { failure: UNAVAILABLE, tookMs: 0, line, contact: `c${line}` });
  }
  return on;
};
const TEXTBOOK = [0, 5_000, 15_000, 35_000];
const opened = () => failing(log(), TEXTBOOK).moved('opened');
/** The same, but for a program whose retries are of two calls. */
const mixed = () => {
  const on = failing(log(), [0, 5_000]).putOff('c1').at(15_000);
  on.exchange('speak', { failure: UNAVAILABLE, tookMs: 0, contact: 'c2' });
  return on.at(20_000).exchange('speak', { failure: UNAVAILABLE, tookMs: 0, contact: 'c2' });
};

export const BREAKER_LOGS: Logs = {
  'open lets nothing through': {
    accepts: {
      'another service': () => opened().exchange('write'),
      'a trial': () => opened().at(95_000).moved('half_open').exchange('speak'),
      'a probe': () => opened().exchange('probe'),
      'a call written down while it opened': () =>
        log().moved('opened', 60_000, 'twilio').exchange('place'),
      'a restart after its time': () => opened().ended().at(95_000).began().exchange('speak'),
      'a restart after a kill': () => opened().killed().began().exchange('speak'),
    },
    refuses: {
      'a request': () => opened().exchange('speak'),
      'a request when its time is over': () => opened().at(95_000).exchange('speak'),
      'a request after it opened again': () =>
        opened().at(95_000).moved('half_open').moved('opened').exchange('speak'),
      'a restart': () => opened().ended().began().exchange('speak'),
    },
  },
  'few trials': {
    accepts: {
      'one after another': () => opened().moved('half_open').exchange('speak').exchange('speak'),
      'many once it is closed': () => {
        const on = opened().moved('half_open').exchange('speak').moved('closed');
        on.ask('speak');
        on.ask('speak', { line: 2 });
        return on;
      },
      'one after another that was given up': () => {
        const on = opened().at(100_000).moved('half_open').quirks({ deaf: 1 });
        on.ask('speak');
        on.at(115_001).ask('speak', { line: 2 });
        return on.ended();
      },
    },
    refuses: {
      'two at once': () => {
        const on = opened().moved('half_open');
        on.ask('speak');
        on.ask('speak', { line: 2 });
        return on;
      },
      'two at once after a restart': () => {
        const on = opened().moved('half_open').ended().began();
        on.ask('speak');
        on.ask('speak', { line: 2 });
        return on;
      },
    },
  },
  'opens in time': {
    accepts: {
      'four in a row': opened,
      'four with a success between': () =>
        failing(failing(log(), [0, 5_000]).exchange('speak'), [15_000, 35_000]),
      'four lines with one each': () => {
        const on = log();
        for (const line of [1, 2, 3, 4]) failing(on, [line], line);
        return on;
      },
      'failures of what was asked': () =>
        failing(log(), TEXTBOOK.slice(1)).exchange('speak', { failure: NOT_THIS }),
      'too many requests': () =>
        failing(log(), TEXTBOOK.slice(1)).exchange('speak', { failure: tooMany(9_000) }),
      'a kill at that moment': () => failing(log(), TEXTBOOK).killed(),
      'a wrong key': () => log().exchange('speak', { failure: WRONG_KEY }).moved('opened'),
      'a failed trial': () => failing(opened().moved('half_open'), [95_000]).moved('opened'),
      'what was begun before it opened': () => {
        const on = log();
        const late = on.ask('speak', { line: 2 });
        const then = failing(on, [0, 1, 2, 3]).moved('opened').at(65_000).moved('half_open');
        return then.answer(late, WRONG_KEY);
      },
    },
    refuses: {
      'four in a row unheard': () => failing(log(), TEXTBOOK),
      'an opening a second late': () => failing(log(), TEXTBOOK).at(36_000).moved('opened'),
      'a wrong key unheard': () => log().exchange('speak', { failure: WRONG_KEY }),
      'a failed trial unheard': () => failing(opened().moved('half_open'), [95_000]).at(96_000),
      'answers that never came': () => {
        const on = log().quirks({ deaf: 1 });
        for (const atMs of [0, 20_000, 45_000, 80_000]) on.at(atMs).ask('speak');
        return on.at(99_000).ended();
      },
      'an opening after three': () => failing(log(), TEXTBOOK.slice(1)).moved('opened'),
      'four lines with one each that open it': () => {
        const on = log();
        for (const line of [1, 2, 3, 4]) failing(on, [line], line);
        return on.moved('opened');
      },
    },
  },
  'step by step': {
    accepts: {
      'the whole way': () => opened().at(95_000).moved('half_open').moved('closed'),
      'a failed trial': () => opened().at(95_000).moved('half_open').moved('opened'),
      'two good probes': () =>
        opened().at(50_000).exchange('probe').exchange('probe').moved('half_open'),
      'a restart': () => opened().ended().began().at(95_000).moved('half_open'),
      'a kill': () => opened().killed().began().at(36_000).moved('opened'),
    },
    refuses: {
      'half open out of nothing': () => log().moved('half_open'),
      'closed without a trial': () => opened().at(95_000).moved('closed'),
      'half open too early': () => opened().at(50_000).moved('half_open'),
      'half open after one good probe': () =>
        opened()
          .at(50_000)
          .exchange('probe')
          .exchange('probe', { failure: UNAVAILABLE })
          .moved('half_open'),
      'a restart that forgets': () => opened().ended().began().moved('opened'),
    },
  },
  'textbook outage': {
    accepts: {
      'one call with all its retries': opened,
      'four calls that may have been placed': () => {
        const on = log();
        const failure = { kind: 'unknown', scope: 'service', code: 'timeout' } as const;
        for (const atMs of [0, 1_000, 2_000, 3_000]) {
          on.at(atMs).started('c1').exchange('place', { failure, tookMs: 0 });
        }
        return on.moved('opened', 60_000, 'twilio');
      },
    },
    refuses: {
      'failures of two calls': () => mixed().moved('opened'),
      'a wait that is too short': () => failing(log(), [0, 5_000, 9_000, 35_000]).moved('opened'),
      'a wait that is too long': () => failing(log(), [0, 5_000, 15_000, 38_000]).moved('opened'),
    },
  },
  'retry after': {
    accepts: {
      'nothing before then': () =>
        log()
          .exchange('speak', { failure: tooMany(30_000), tookMs: 0 })
          .at(30_000)
          .exchange('speak'),
      'another service': () =>
        log()
          .exchange('speak', { failure: tooMany(30_000) })
          .exchange('write'),
      'what was begun before it opened': () => {
        const on = log();
        const late = on.ask('speak', { line: 2 });
        const then = failing(on, [0, 1, 2, 3]).moved('opened').answer(late, tooMany(90_000));
        return then.at(65_000).moved('half_open').exchange('speak');
      },
    },
    refuses: {
      'another line before then': () =>
        log()
          .exchange('speak', { failure: tooMany(30_000) })
          .at(29_000)
          .exchange('speak', { line: 2 }),
      'a shorter pause that takes the place of a longer one': () => {
        const on = log();
        const [one, other] = [on.ask('speak'), on.ask('speak', { line: 2 })];
        return on
          .answer(one, tooMany(30_000))
          .answer(other, tooMany(5_000))
          .at(6_000)
          .exchange('speak');
      },
      'a restart': () =>
        log()
          .exchange('speak', { failure: tooMany(30_000) })
          .ended()
          .began()
          .exchange('speak'),
    },
  },
};
