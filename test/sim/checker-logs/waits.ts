import {
  type Logs,
  NOT_THIS,
  SightingLog,
  tooMany,
  UNAVAILABLE,
} from '../../support/sighting-log.ts';

const log = () => new SightingLog();
const alone = () => new SightingLog({ lines: 1 });

/** Elevenlabs has just opened its breaker, for a minute. */
const opened = () => alone().exchange('speak', { failure: UNAVAILABLE }).moved('opened');

/** So many are put off for it, one after the other. */
function turnedAway(on: SightingLog, count: number): SightingLog {
  for (let left = count; left > 0; left -= 1) on.turnedAway('c1', 50_000, 'elevenlabs');
  return on;
}

/** One more round of used-up retries, at `atMs`. */
function round(on: SightingLog, atMs: number): SightingLog {
  return on
    .at(atMs)
    .started('c1')
    .exchange('write', { failure: UNAVAILABLE })
    .failed('c1')
    .putOff('c1');
}

/** Another contact has their text. */
function otherWritten(on: SightingLog): SightingLog {
  const about = { service: 'openai', role: 'llm', contact: 'c2', line: 2 } as const;
  on.exchange('write', { contact: 'c2', line: 2 });
  return on.told({ type: 'step.finished', ...about, step: 'script', durationMs: 100 });
}

/** So many retries of a text, one after the other, of one that always fails. */
function retries(on: SightingLog, count: number): SightingLog {
  for (let retry = 1; retry <= count; retry += 1) {
    on.exchange('write', { failure: UNAVAILABLE });
    const about = { service: 'openai', role: 'llm', contact: 'c1' } as const;
    on.told({ type: 'retry.scheduled', ...about, retry, delayMs: 10, code: '503' });
  }
  return on;
}

/** Opened for so long once, and after a trial that failed for so long again. */
function openedTwice(firstMs: number, secondMs: number): SightingLog {
  return alone()
    .exchange('speak', { failure: UNAVAILABLE })
    .moved('opened', firstMs)
    .at(firstMs + 100)
    .moved('half_open')
    .exchange('speak', { failure: UNAVAILABLE })
    .moved('opened', secondMs);
}

function probed(first: 'bad' | 'good'): SightingLog {
  return opened()
    .at(1_000)
    .exchange('probe', first === 'bad' ? { failure: UNAVAILABLE } : {})
    .at(31_000)
    .exchange('probe')
    .at(55_000)
    .exchange('probe');
}

/** c1 has rung for all that is known, and the operator finds out a minute and a half later. */
function settled(outcome: 'answered' | 'again'): SightingLog {
  const uncertain = alone().started('c1').finished('c1', 'uncertain');
  return uncertain.at(90_000).see({ type: 'settled', contact: 'c1', outcome });
}

const stopped = (on: SightingLog): SightingLog => on.see({ type: 'asked_to_stop', how: 'stop' });

export const WAIT_LOGS: Logs = {
  'put off in measure': {
    accepts: {
      'half a minute for used-up retries': () => log().putOff('c1', 30_000),
      'a minute for a record': () => log().finished('c1').putOff('c1', 60_000),
      'as long as a service asks': () =>
        log()
          .exchange('write', { failure: tooMany(90_000) })
          .putOff('c1', 90_000),
      'as long as a breaker is open': () => opened().turnedAway('c1', 60_000, 'elevenlabs'),
    },
    refuses: {
      'ten hours for used-up retries': () => log().putOff('c1', 36_000_000),
      'ten times as long as a breaker is open': () =>
        opened().turnedAway('c1', 600_000, 'elevenlabs'),
      'a service that is not away': () => log().turnedAway('c1', 60_000, 'elevenlabs'),
    },
  },
  'few put off': {
    accepts: {
      'five on one line': () => turnedAway(opened(), 5),
      'five more in another life': () => turnedAway(turnedAway(opened(), 5).ended().began(), 5),
    },
    refuses: { 'six on one line': () => turnedAway(opened(), 6) },
  },
  'pause obeyed': {
    accepts: {
      'somebody in hand': () =>
        new SightingLog({ onOutage: 'pause' }).started('c1').at(5).turnedAway('c1', 5, 'openai'),
      'a claim on its way': () =>
        new SightingLog({ onOutage: 'pause' }).moved('opened').turnedAway('c1', 5, 'elevenlabs'),
      'a record that fails, of an outcome that a kill kept from being told': () => {
        const on = new SightingLog({ onOutage: 'pause' }).started('c1').failed('c1').killed();
        on.began({ onOutage: 'pause' }).exchange('record', { contact: 'c1', failure: UNAVAILABLE });
        return on.at(5_000).putOff('c1');
      },
    },
    refuses: {
      'somebody later': () =>
        new SightingLog({ onOutage: 'pause' })
          .moved('opened')
          .at(5_000)
          .turnedAway('c1', 5, 'elevenlabs'),
      'somebody who is to be called again': () => {
        const on = new SightingLog({ onOutage: 'pause' }).finished('c1').exchange('record');
        on.see({ type: 'settled', contact: 'c1', outcome: 'again' }).moved('opened');
        return on.at(5_000).turnedAway('c1', 5, 'elevenlabs');
      },
    },
  },
  'recorded once': {
    accepts: {
      'another try after a failure': () =>
        log().finished('c1').exchange('record', { failure: UNAVAILABLE }).exchange('record'),
      'a second one after a kill': () =>
        log().finished('c1').exchange('record').killed().began().exchange('record'),
      'one said to be a second that may be': () =>
        log().finished('c1').putOff('c1').exchange('record').recorded('c1', { again: true }),
    },
    refuses: {
      'a second one after it was taken': () => log().exchange('record').exchange('record'),
      'a first one said to be a second': () =>
        log().finished('c1').exchange('record').recorded('c1', { again: true }),
    },
  },
  'behind the others': {
    accepts: {
      'all others first': () => round(log(), 0).started('c2').at(30_000).started('c1'),
      'whoever has a text': () =>
        log().started('c1').exchange('write').putOff('c1').at(30_000).started('c1'),
    },
    refuses: { 'before another': () => round(log(), 0).at(30_000).started('c1') },
  },
  'three rounds': {
    accepts: {
      'given up after three': () => {
        const two = round(otherWritten(round(log(), 0)), 40_000);
        const third = otherWritten(two).at(80_000).started('c1');
        third.exchange('write', { failure: UNAVAILABLE }).failed('c1');
        return third.finished('c1', 'failed');
      },
      'lookups that fail three times, while the CRM takes records': () => {
        const on = log();
        for (const atMs of [0, 40_000, 80_000]) {
          const about = { contact: 'c2', step: 'record', role: 'crm', service: 'hubspot' } as const;
          on.at(atMs).told({ type: 'step.finished', ...about, line: 2, durationMs: 100 });
          const lookup = { contact: 'c1', call: 'call-c1', step: 'lookup' } as const;
          const why = { kind: 'transient', code: '503', message: '' } as const;
          on.told({ type: 'call.failed', ...lookup, service: 'hubspot', ...why });
          if (atMs < 80_000) on.putOff('c1');
        }
        return on.finished('c1', 'failed');
      },
      'refused at once': () =>
        log()
          .exchange('write', { failure: NOT_THIS })
          .failed('c1', 'permanent')
          .finished('c1', 'failed'),
      'failed once, and not rung because they had asked': () => {
        const about = { contact: 'c1', call: 'call-c1', outcome: 'failed', durationMs: 0 } as const;
        return round(log(), 0).told({ type: 'call.finished', ...about, code: 'opted_out' });
      },
      'failed once, and dialled over a trunk that took no call': () => {
        const step = { step: 'dial', role: 'dialer', service: 'twilio', durationMs: 0 } as const;
        const about = { contact: 'c1', call: 'call-c1', line: 1 } as const;
        const on = round(log(), 0).told({ type: 'step.finished', ...about, ...step });
        return on.finished('c1', 'failed');
      },
      'three without others': () => round(round(round(log(), 0), 40_000), 80_000),
    },
    refuses: {
      'given up after three, while the service served nobody': () =>
        round(round(round(otherWritten(log()), 0), 40_000), 80_000).finished('c1', 'failed'),
      'given up after one': () => round(log(), 0).finished('c1', 'failed'),
      'never given up': () => {
        const two = round(otherWritten(round(log(), 0)), 40_000);
        return round(otherWritten(two), 80_000);
      },
    },
  },
  'doubles open time': {
    accepts: {
      'twice as long after a trial': () => openedTwice(60_000, 120_000),
      'as long as it asks': () =>
        alone()
          .exchange('speak', { failure: tooMany(600_000) })
          .moved('opened', 600_000),
    },
    refuses: {
      'as long again': () => openedTwice(60_000, 60_000),
      'four times as long': () => openedTwice(60_000, 240_000),
      'half as long': () => openedTwice(30_000, 120_000),
    },
  },
  'back by probes': {
    accepts: {
      'half open after two': () => probed('bad').moved('half_open'),
      'probes that were never bad': () => probed('good').at(70_000).moved('half_open'),
    },
    refuses: { 'open all the same': () => probed('bad').at(60_100).moved('half_open') },
  },
  'nobody left on the line': {
    accepts: {
      'whoever is put down': () => {
        const on = log();
        on.ask('follow');
        stopped(on.at(1_000)).exchange('hangUp');
        return on.ended('stopped');
      },
      'an answer that comes too late': () => {
        const on = log().quirks({ deaf: 1 });
        const place = on.ask('place');
        return stopped(on.at(1_000)).at(4_001).answer(place).ended('stopped');
      },
      'an answer about somebody who is uncertain by now': () => {
        const on = log().quirks({ deaf: 1 });
        const place = on.ask('place');
        const over = on.exchange('find', { found: 'unknown' }).finished('c1', 'uncertain');
        return stopped(over.at(1_000)).at(2_000).answer(place).ended('stopped');
      },
    },
    refuses: {
      'whoever is on the line': () => {
        const on = log();
        on.ask('follow');
        return stopped(on.at(1_000)).ended('stopped');
      },
      'whoever is heard of in time': () => {
        const on = log().quirks({ deaf: 1 });
        const place = on.ask('place');
        return stopped(on.at(1_000)).at(2_000).answer(place).ended('stopped');
      },
    },
  },
  'retry budget': {
    accepts: {
      'half of it': () => retries(alone(), 5),
      'more after it is filled': () => {
        const on = retries(alone(), 5);
        on.told({ type: 'breaker.closed', service: 'openai', role: 'llm', outageMs: 0 });
        return retries(on, 5);
      },
    },
    refuses: { 'more than half': () => retries(alone(), 6) },
  },
  'few taken': {
    accepts: {
      'one that tries': () => opened().at(61_000).started('c2'),
      'another after it': () => opened().at(61_000).started('c2').putOff('c2').started('c3'),
      'all while it is shut': () => opened().at(5_000).started('c2').started('c3'),
    },
    refuses: { 'two at once': () => opened().at(61_000).started('c2').started('c3', 2) },
  },
  'not held long': {
    accepts: {
      'a minute': () => alone().started('c1').at(60_000).exchange('write'),
      'its turn to ring': () => alone().started('c1').at(62_000).exchange('place'),
      'a record of what the operator found out long after': () =>
        settled('answered').at(99_000).exchange('record'),
    },
    refuses: {
      'more than a minute': () => alone().started('c1').at(60_001).exchange('write'),
      'a record after more than a minute': () =>
        alone().started('c1').finished('c1').at(60_001).exchange('record'),
      'a call that the operator wanted again': () =>
        settled('again').started('c1').at(150_001).exchange('write'),
    },
  },
};
