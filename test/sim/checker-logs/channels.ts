import type { CampaignEvent } from '../../../src/domain/event.ts';
import { NOBODY } from '../../../src/domain/event.ts';
import {
  type Logs,
  NOT_THIS,
  SightingLog,
  tooMany,
  UNAVAILABLE,
} from '../../support/sighting-log.ts';

/** An e-mail for what is critical, and a chat for what is not. */
const log = () =>
  new SightingLog().channels({ email: ['critical'], chat: ['warning', 'info'], pager: [] });
const END = { severity: 'info', ends: 'critical' } as const;
const DONE: CampaignEvent = {
  type: 'run.finished',
  end: 'done',
  contacts: NOBODY,
  durationMs: 0,
};

function failed(kept: boolean): CampaignEvent {
  const about = { channel: 'email', key: 'service:elevenlabs', alert: 'raised' } as const;
  const why = { kind: 'transient', code: '503', message: '' } as const;
  return { type: 'alert.failed', ...about, severity: 'critical', title: '', ...why, kept };
}

/** Told to everybody who takes it. */
const told = () => log().sends('operator', 'raised').sends('email', 'raised');
/** Told by the operator's channel only, because the other does not work. */
const untold = () =>
  log().sends('operator', 'raised').sends('email', 'raised', { failure: UNAVAILABLE });

/** Told as a warning, to those who take it. */
const worse = () =>
  log()
    .sends('operator', 'raised', { severity: 'warning' })
    .sends('chat', 'raised', { severity: 'warning' });

/** How the health check of elevenlabs goes, at 0, 30 s and so on. */
const checks = (...good: readonly boolean[]) => checked(new SightingLog(), ...good);

function checked(log: SightingLog, ...good: readonly boolean[]): SightingLog {
  for (const [index, isGood] of good.entries()) {
    log.at(30_000 * index).exchange('probe', isGood ? {} : { failure: UNAVAILABLE });
  }
  return log;
}

/** A service that refuses requests as too many, at these seconds. */
function full(...seconds: readonly number[]): SightingLog {
  const log = new SightingLog();
  for (const second of seconds) log.at(second * 1_000).exchange('speak', { failure: tooMany(0) });
  return log;
}

const given = (contact = 'c1', kind: 'transient' | 'permanent' = 'transient') =>
  new SightingLog().failed(contact, kind).finished(contact, 'failed');
const FOR_GOOD = 'campaign:hunt:call_failed:openai';

export const CHANNEL_LOGS: Logs = {
  'told by severity': {
    accepts: {
      'an alert and its end, to those who take it': () =>
        told()
          .sends('operator', 'recovered', END)
          .sends('email', 'recovered', END)
          .sends('chat', 'recovered', END)
          .ended(),
      'what could not be sent, by the next run': () =>
        untold().told(failed(true)).ended().began().sends('email', 'raised').ended(),
      'an end in the place of its alert': () =>
        untold()
          .sends('operator', 'recovered', END)
          .sends('email', 'recovered', END)
          .sends('chat', 'recovered', END)
          .ended(),
      'what has become worse, to those who take that': () =>
        worse()
          .sends('operator', 'raised', { was: 'warning' })
          .sends('email', 'raised', { was: 'warning' })
          .ended(),
      'what has become worse before it could be told': () =>
        log()
          .sends('operator', 'raised', { severity: 'warning' })
          .sends('operator', 'raised', { was: 'warning' })
          .sends('email', 'raised', { was: 'warning' })
          .sends('chat', 'raised', { was: 'warning' })
          .ended(),
      'what became worse and is over': () =>
        worse()
          .sends('operator', 'raised', { was: 'warning' })
          .sends('email', 'raised', { was: 'warning' })
          .sends('operator', 'recovered', END)
          .sends('email', 'recovered', END)
          .sends('chat', 'recovered', { ...END, was: 'warning' })
          .ended(),
      'what is given up': () => untold().told(failed(false)).ended(),
      'what was refused, and something later on it that was taken': () =>
        log()
          .sends('operator', 'raised')
          .sends('email', 'raised', { failure: NOT_THIS })
          .sends('operator', 'raised', { sinceMs: 5 })
          .sends('email', 'raised', { sinceMs: 5 })
          .ended(),
      'nothing more than was killed': () => log().sends('operator', 'raised').killed(),
    },
    refuses: {
      'an alert that a channel does not take': () => told().sends('chat', 'raised').ended(),
      'an alert that a channel is not told': () => log().sends('operator', 'raised').ended(),
      'an end that a channel is not told': () =>
        told().sends('operator', 'recovered', END).sends('chat', 'recovered', END).ended(),
      'what has become worse, to one of those who take that only': () =>
        worse().sends('email', 'raised', { was: 'warning' }).ended().began().ended(),
      'a warning that became worse before it could be told': () =>
        log()
          .sends('operator', 'raised', { severity: 'warning' })
          .sends('operator', 'raised', { was: 'warning' })
          .sends('email', 'raised', { was: 'warning' })
          .ended(),
      'what was kept, and is lost': () => untold().told(failed(true)).ended().began().ended(),
    },
  },
  'nothing stale': {
    accepts: {
      'an alert, then its end': () => told().sends('email', 'recovered', END),
      'an end alone': () => untold().sends('email', 'recovered', END),
      'another outage': () =>
        told().sends('email', 'recovered', END).sends('email', 'raised', { sinceMs: 9 }),
      'one that was over because nobody used it, and is found by a later run': () =>
        told()
          .sends('operator', 'recovered', END)
          .ended()
          .began()
          .sends('operator', 'raised', { raisedMs: 9 })
          .sends('email', 'raised', { raisedMs: 9 }),
    },
    refuses: {
      'an alert after its end': () =>
        untold().sends('operator', 'recovered', END).sends('email', 'raised'),
      'an alert after its end, in the next run': () =>
        untold().sends('operator', 'recovered', END).ended().began().sends('email', 'raised'),
    },
  },
  'sent once': {
    accepts: {
      'one that is tried until it is taken': () => untold().sends('email', 'raised'),
      'one more after a kill when that was not on disk': () =>
        told().killed().began().sends('email', 'raised'),
      'one more after a kill when all was said': () =>
        told().ended().killed().began().sends('email', 'raised'),
    },
    refuses: {
      'one that was taken': () => told().sends('email', 'raised'),
      'one that was taken, in the next run': () => told().ended().began().sends('email', 'raised'),
      'one that was taken long before a kill': () =>
        told().at(1_000).killed().began().sends('email', 'raised'),
    },
  },
  'late says so': {
    accepts: {
      'one that is a minute late': () => untold().at(60_000).sends('email', 'raised'),
      'one that is late, and says so': () =>
        untold().at(300_000).sends('email', 'raised', { lateMs: 300_000 }),
      'one that another run sends, and says so': () =>
        untold().at(9_000).ended().began().sends('email', 'raised', { lateMs: 9_000 }),
      'one that became worse late': () =>
        log()
          .sends('operator', 'raised', { severity: 'warning' })
          .at(300_000)
          .sends('email', 'raised', { was: 'warning' }),
    },
    refuses: {
      'one that another run sends, without a word': () =>
        untold().at(9_000).ended().began().sends('email', 'raised'),
      'one of this run that is hardly late, and says so': () =>
        untold().at(60_000).sends('email', 'raised', { lateMs: 60_000 }),
      'one that is late, without a word': () => untold().at(300_000).sends('email', 'raised'),
      'one that is later than it says': () =>
        untold().at(300_000).sends('email', 'raised', { lateMs: 150_000 }),
      'one that is not as late as it says': () =>
        untold().at(300_000).sends('email', 'raised', { lateMs: 400_000 }),
    },
  },
  'channels apart': {
    accepts: {
      'each at once': () => told().ended(),
      'one after the other on one channel': () => {
        const two = log().sends('operator', 'raised');
        const send = two.leaves('email', 'raised');
        two.sends('operator', 'raised', { key: 'store' }).at(9_000);
        two.see({ type: 'alert_answered', send });
        return two.sends('email', 'raised', { key: 'store' }).ended();
      },
      'one that failed, later': () => untold().at(60_000).sends('email', 'raised').ended(),
    },
    refuses: {
      'one that waits for another channel': () =>
        log().sends('operator', 'raised').at(15_000).sends('email', 'raised').ended(),
      'one that never comes': () => log().sends('operator', 'raised').at(15_000).ended(),
    },
  },
  'channels cost nothing': {
    accepts: {
      'a run that gives what is owed five seconds': () => log().told(DONE).at(5_000).ended(),
      'a run that is killed': () => log().told(DONE).at(9_000).killed(),
    },
    refuses: {
      'a run that waits for longer': () => log().told(DONE).at(5_100).ended(),
    },
  },
  'health told': {
    accepts: {
      'two bad checks, and it is told': () => checks(false, false, false).alerted('raised').ended(),
      'one bad check': () => checks(false, true, false, true).ended(),
      'bad checks while requests fail, which say more': () => {
        const failing = checks(false, false);
        return failing
          .exchange('speak', { failure: UNAVAILABLE })
          .at(60_000)
          .exchange('probe', { failure: UNAVAILABLE })
          .ended();
      },
      'an outage that is known': () =>
        checks(false, false, false).alerted('raised').moved('opened').ended(),
      'an outage that began before': () =>
        checked(new SightingLog().moved('opened'), false, false, false).ended(),
    },
    refuses: {
      'bad checks, and nobody is told': () => checks(false, false, false).ended(),
      'checks that are good again, and nobody was told': () => checks(false, false, true).ended(),
    },
  },
  'stalls told': {
    accepts: {
      'a minute of it': () => full(0, 30, 60).ended(),
      'all the time, told': () => full(0, 60, 90).alerted('raised').at(91_000).ended(),
      'with an answer between': () =>
        full(0, 60)
          .exchange('speak')
          .at(90_200)
          .exchange('speak', { failure: tooMany(0) })
          .ended(),
      'where a kill comes upon it': () => full(0, 60, 91).killed(),
    },
    refuses: {
      'all the time, and nobody is told': () => full(0, 60, 91).ended(),
    },
  },
  'failed calls told': {
    accepts: {
      'a call that failed for good': () => given().alerted('raised', FOR_GOOD).ended(),
      'another while that is known': () =>
        given().alerted('raised', FOR_GOOD).failed('c2').finished('c2', 'failed').ended(),
      'one that a service refused': () => given('c1', 'permanent').ended(),
      'one that is put off': () => new SightingLog().failed('c1').putOff('c1').ended(),
      'one of an outage': () => given().moved('opened', 60_000, 'openai').ended(),
    },
    refuses: {
      'a call that failed for good, and nobody is told': () => given().ended(),
      'one whose service goes down only later, and nobody is told': () =>
        given().at(60_000).moved('opened', 60_000, 'openai').ended(),
      'one that a service refused, told': () =>
        given('c1', 'permanent').alerted('raised', FOR_GOOD).ended(),
      'none, told': () => new SightingLog().alerted('raised', FOR_GOOD).ended(),
    },
  },
};
