import { type Logs, SightingLog, tooMany, UNAVAILABLE } from '../../support/sighting-log.ts';

const alone = () => new SightingLog({ lines: 1 });
const on = (lines: number) => new SightingLog({ lines });

/** Elevenlabs is half open after its breaker opened for a minute. */
const half = (log = on(4)) =>
  log
    .exchange('speak', { failure: UNAVAILABLE })
    .moved('opened')
    .putOff('c1')
    .at(70_000)
    .moved('half_open');

/** Nothing has a time limit, and an outage is waited out for an hour. */
const patient = (lines: number) => new SightingLog({ lines, outageWaitMs: 3_600_000 }).unlimited();

/** Its trial has not come back after eight times as long as the breaker was open. */
function lost(log = patient(4), how: 'asked' | 'left' = 'left'): SightingLog {
  half(log).ask('speak');
  if (how === 'asked') log.see({ type: 'asked_to_stop', how: 'drain' });
  return log.at(70_000 + 480_000);
}

/** A retry of c2 is due at 5 s; the breaker opens by another call a second from now. */
const waiting = (log = on(4)) =>
  log
    .exchange('speak', { failure: UNAVAILABLE, contact: 'c2', line: 2, tookMs: 0 })
    .told({
      type: 'retry.scheduled',
      service: 'elevenlabs',
      role: 'tts',
      contact: 'c2',
      retry: 1,
      delayMs: 5_000,
      code: '503',
    })
    .at(1_000)
    .moved('opened');

export const TRIAL_LOGS: Logs = {
  'one run': {
    accepts: {
      'one after another': () => alone().ended().began(),
      'one after another was killed': () => alone().killed().began(),
      'another campaign beside it': () => alone().began({}, { campaign: 'other' }),
      'a second start that is turned away': () => alone().see({ type: 'locked_out', campaign: '' }),
    },
    refuses: {
      'two at once': () => alone().began(),
      'another campaign that is turned away': () =>
        alone().see({ type: 'locked_out', campaign: 'other' }),
      'a start that is turned away after the end of the run': () =>
        alone().at(1_000).ended().see({ type: 'locked_out', campaign: '' }),
    },
  },
  'trials decide': {
    accepts: {
      'a good trial': () => half().exchange('speak').moved('closed'),
      'a bad trial': () => half().exchange('speak', { failure: UNAVAILABLE }).moved('opened'),
      'a trial that is lost': () => {
        const log = half();
        log.ask('speak');
        return log.at(90_000).moved('opened');
      },
      'what was begun before a restart': () => half().killed().began().moved('closed'),
    },
    refuses: {
      'a good answer to what was begun before': () => {
        const log = on(4);
        const request = log.ask('speak', { contact: 'c2', line: 2 });
        half(log).answer(request);
        return log.moved('closed');
      },
      'a bad answer to what was begun before': () => {
        const log = on(4);
        const request = log.ask('speak', { contact: 'c2', line: 2 });
        half(log).answer(request, UNAVAILABLE);
        return log.moved('opened');
      },
      'nothing at all': () => half().moved('closed'),
      'a good trial that changes nothing': () => half().exchange('speak').at(80_000).started('c2'),
    },
  },
  'lost trials lapse': {
    accepts: {
      'a trial that is lost': () => lost().moved('opened').at(600_000).started('c2'),
      'a trial that comes back in time': () => half(patient(4)).exchange('speak'),
      'nobody who could notice': () => lost(patient(1)).at(600_000).started('c2'),
      'an order to end before': () => lost(patient(4), 'asked').at(600_000).started('c2'),
    },
    refuses: {
      'a trial that is waited for': () => lost().at(600_000).started('c2'),
      'a trial that others wait for too': () => lost().at(600_000).moved('opened'),
    },
  },
  'stops waiting': {
    accepts: {
      'back to the queue at once': () => waiting().putOff('c2'),
      'a stop at that moment': () => waiting().see({ type: 'asked_to_stop', how: 'stop' }),
      'a retry that was due by then': () =>
        waiting().at(1_000).exchange('speak', { contact: 'c2' }),
    },
    refuses: {
      'back to the queue when the retry is due': () => waiting().at(5_000).putOff('c2'),
    },
  },
  'put off for long enough': {
    accepts: {
      'half a minute for used-up retries': () => alone().putOff('c1', 30_000),
      'as long as a service asks': () =>
        alone()
          .exchange('write', { failure: tooMany(90_000) })
          .putOff('c1', 90_000),
      'as long as a breaker is open': () =>
        alone().moved('opened').at(1_000).turnedAway('c1', 59_000, 'elevenlabs'),
      'who waits for what opens just now': () =>
        alone().moved('opened').turnedAway('c1', 10, 'elevenlabs'),
    },
    refuses: {
      'ten seconds for used-up retries': () => alone().putOff('c1', 10_000),
      'less than a service asks': () =>
        alone()
          .exchange('write', { failure: tooMany(90_000) })
          .putOff('c1', 30_000),
      'less than a breaker is open': () =>
        alone().moved('opened').at(1_000).turnedAway('c1', 30_000, 'elevenlabs'),
    },
  },
};
