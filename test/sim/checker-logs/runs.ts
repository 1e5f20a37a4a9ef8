import { type Logs, SightingLog, UNAVAILABLE } from '../../support/sighting-log.ts';

const log = () => new SightingLog();

export const RUN_LOGS: Logs = {
  'lines kept': {
    accepts: {
      'one contact on each line': () => {
        const on = new SightingLog({ lines: 2 });
        on.ask('write');
        on.ask('write', { contact: 'c2', line: 2 });
        return on;
      },
      'one after another': () =>
        new SightingLog({ lines: 1 }).exchange('write').exchange('write', { contact: 'c2' }),
    },
    refuses: {
      'a line too many': () => new SightingLog({ lines: 1 }).exchange('write', { line: 2 }),
      'two on a line': () => {
        const on = log();
        on.ask('write');
        on.ask('write', { contact: 'c2' });
        return on;
      },
      'somebody else while a call is on': () => {
        const on = new SightingLog({ lines: 1 });
        on.ask('follow');
        on.ask('write', { contact: 'c2' });
        return on;
      },
    },
  },
  'pace kept': {
    accepts: {
      'a second between': () => log().exchange('place', { tookMs: 1_000 }).exchange('place'),
      'previews at any pace': () =>
        log().exchange('place', { service: 'preview' }).exchange('place', { service: 'preview' }),
      'a restart': () => log().exchange('place').killed().began().exchange('place'),
    },
    refuses: {
      'less than a second between': () =>
        log().exchange('place', { tookMs: 999 }).exchange('place', { contact: 'c2', line: 2 }),
    },
  },
  'put off come back': {
    accepts: {
      'somebody who is taken up': () => log().putOff('c1').at(30_000).started('c1').ended(),
      'a record that is sent': () => log().finished('c1').putOff('c1').exchange('record').ended(),
      'somebody whose row is deleted': () =>
        log().putOff('c1').see({ type: 'removed', contact: 'c1' }).ended(),
      'an end before that': () => log().putOff('c1').ended('outage'),
    },
    refuses: {
      'somebody who is forgotten': () => log().started('c1').putOff('c1').at(90_000).ended(),
      'somebody who is forgotten the second time': () =>
        log().putOff('c1').started('c1').putOff('c1').ended(),
    },
  },
  'probes apart': {
    accepts: {
      'one every half minute': () => log().exchange('probe').at(30_000).exchange('probe'),
      'a new life': () => log().exchange('probe').killed().began().exchange('probe'),
    },
    refuses: {
      'one too early': () => log().exchange('probe').at(29_000).exchange('probe'),
      'two at once': () => {
        const on = log();
        on.ask('probe');
        on.at(30_000).ask('probe');
        return on;
      },
    },
  },
  'ends clean': {
    accepts: {
      'a run that is over': () => log().exchange('write').ended(),
      'a vendor who goes on after a kill': () => {
        const on = log();
        on.ask('place');
        return on.killed().rang('c1');
      },
    },
    refuses: {
      'timers that are left': () => log().ended('done', {}, 2),
      'somebody left in hand': () => log().ended('done', { calling: 1 }),
      'a bug': () => log().see({ type: 'broke', message: 'assertion failed' }),
      'a request after the end': () => log().ended().exchange('probe'),
      'an event after a kill': () => log().killed().started('c1'),
    },
  },
  'ends for cause': {
    accepts: {
      'a limit that is reached': () => new SightingLog({ limit: 1 }).finished('c1').ended('limit'),
      'an hour that has come': () => new SightingLog({ untilMs: 60_000 }).at(60_000).ended('until'),
      'an order': () => log().see({ type: 'asked_to_stop', how: 'drain' }).ended('stopped'),
      'half an hour for nothing': () => log().at(1_800_000).ended('outage'),
      'half an hour for nothing but one in hand': () =>
        log()
          .at(1_700_000)
          .started('c1')
          .at(1_830_000)
          .finished('c1')
          .at(1_831_000)
          .ended('outage'),
      'somebody new while another was on the line, of whose end nobody can tell': () => {
        const on = log();
        const question = on.ask('follow', { contact: 'c1' });
        on.at(1_801_000).started('c2').at(1_802_000);
        on.answer(question, { kind: 'transient', scope: 'service', code: 'timeout' });
        return on.ended('outage');
      },
    },
    refuses: {
      'a limit that is not reached': () =>
        new SightingLog({ limit: 2 }).finished('c1').ended('limit'),
      'an hour before': () => new SightingLog({ untilMs: 60_000 }).ended('until'),
      'no order': () => log().ended('stopped'),
      'all done, with somebody left to call': () => log().ended('done', { put_off: 1 }),
      'half an hour in which something came of it': () =>
        log().at(900_000).finished('c1').at(1_800_000).ended('outage'),
      'somebody new after half an hour': () =>
        log().at(1_801_000).started('c1').finished('c1').at(1_802_000).ended('outage'),
      'an end of its own making': () => log().ended('program_failed'),
      'two ends': () => {
        const contacts = { total: 0, done: 0, calling: 0, queued: 0, put_off: 0, uncertain: 0 };
        return log()
          .told({ type: 'run.finished', end: 'done', contacts, durationMs: 0 })
          .at(1_800_000)
          .ended('outage');
      },
    },
  },
  'orders obeyed': {
    accepts: {
      'a call that ends after the order to end': () =>
        log()
          .started('c1')
          .see({ type: 'asked_to_stop', how: 'drain' })
          .at(1_000)
          .exchange('record')
          .finished('c1'),
      'a claim on its way at the order to end': () =>
        log().see({ type: 'asked_to_stop', how: 'drain' }).started('c1'),
      'hanging up': () => log().see({ type: 'asked_to_stop', how: 'stop' }).exchange('hangUp'),
      'a call in doubt of which more is heard': () => {
        const about = { contact: 'c1', call: 'call-c1', was: 'uncertain' } as const;
        const on = new SightingLog({ limit: 1 }).finished('c1', 'uncertain');
        return on.told({ type: 'call.finished', ...about, outcome: 'busy', durationMs: 0 });
      },
      'somebody new after a long call': () => {
        const on = log();
        on.ask('follow');
        return on.at(1_900_000).started('c2');
      },
    },
    refuses: {
      'somebody new after the order to end': () =>
        log().see({ type: 'asked_to_stop', how: 'drain' }).at(1_000).started('c1'),
      'somebody new after the hour': () =>
        new SightingLog({ untilMs: 60_000 }).at(61_000).started('c1'),
      'a request after a stop': () =>
        log().see({ type: 'asked_to_stop', how: 'stop' }).exchange('record'),
      'more than the limit': () => new SightingLog({ limit: 1 }).finished('c1').finished('c2'),
      'somebody new after half an hour for nothing': () => log().at(1_900_000).started('c1'),
    },
  },
  'hour kept': {
    accepts: {
      'a call that begins in time, and ends later': () =>
        new SightingLog({ untilMs: 60_000 })
          .at(59_000)
          .exchange('place', { tookMs: 2_000 })
          .exchange('follow', { tookMs: 30_000 })
          .exchange('record'),
      'another run, without an hour': () =>
        new SightingLog({ untilMs: 60_000 }).at(60_000).ended('until').began().exchange('place'),
    },
    refuses: {
      'a call of somebody who was taken in time': () =>
        new SightingLog({ untilMs: 60_000 }).started('c1').at(61_000).exchange('place'),
    },
  },
  'the run goes on': {
    accepts: {
      'a wait that was told': () =>
        log()
          .started('c2')
          .exchange('write')
          .putOff('c1', 60_000)
          .at(60_000)
          .exchange('write')
          .ended(),
      'a breaker that is open': () => log().moved('opened').at(60_000).exchange('write').ended(),
      'a long call': () => log().exchange('follow', { tookMs: 300_000 }).exchange('record').ended(),
      'a service that asked for a pause': () => {
        const failure = { ...UNAVAILABLE, code: '429', retryAfterMs: 90_000 };
        return log().exchange('write', { failure }).at(90_000).exchange('write').ended();
      },
      'what a kill kept from being told': () =>
        log().exchange('write').killed().began().at(60_000).exchange('write').ended(),
    },
    refuses: {
      'somebody whose turn has come, beside one who waits': () =>
        log().started('c1').exchange('write').putOff('c1', 60_000).at(60_000).exchange('write'),
      'a line that sleeps': () => log().exchange('write').at(60_000).exchange('write'),
      'a run that sleeps until its end': () =>
        log().exchange('write').at(1_800_000).ended('outage'),
      'probes alone': () =>
        log().exchange('probe').at(30_000).exchange('probe').at(60_000).exchange('write'),
      'somebody who waits for a service that is back': () =>
        log()
          .moved('opened')
          .putOff('c1', 120_000, 'waits for elevenlabs')
          .at(20_000)
          .exchange('speak')
          .moved('closed')
          .at(120_000)
          .exchange('speak'),
      'a half-open service that nobody tries': () =>
        log().moved('opened').at(20_000).moved('half_open').at(60_000).exchange('speak'),
      'a breaker that was to be tried': () =>
        log().moved('opened').at(90_000).exchange('write').ended(),
    },
  },
};
