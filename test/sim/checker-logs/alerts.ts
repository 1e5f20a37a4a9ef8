import type { CampaignEvent, RunEnd } from '../../../src/domain/event.ts';
import { NOBODY } from '../../../src/domain/event.ts';
import type { Role } from '../../../src/domain/words.ts';
import { type Logs, SightingLog, UNAVAILABLE, type Whose } from '../../support/sighting-log.ts';
import { CHAINS } from '../../support/simulation-bench.ts';

const log = () => new SightingLog();
const OPENAI = 'service:openai';
const SPRING = 'campaign:spring';
const BUDGET = 'campaign:spring:budget';

/** One account writes and speaks. */
const account = () => new SightingLog().chains({ llm: ['openai'], tts: ['openai'] });

function opened(role: Role): CampaignEvent {
  const why = { kind: 'transient', code: '503', message: '' } as const;
  return { type: 'breaker.opened', service: 'openai', role, openMs: 60_000, ...why };
}

function closed(role: Role): CampaignEvent {
  return { type: 'breaker.closed', service: 'openai', role, outageMs: 0 };
}

function finished(end: RunEnd): CampaignEvent {
  return { type: 'run.finished', end, contacts: NOBODY, durationMs: 0 };
}

function started(isSpent: boolean): CampaignEvent {
  return { type: 'run.started', lines: 1, contacts: NOBODY, ...(isSpent && { isSpent }) };
}

/** One run that spent all, and was told of. */
const spent = () => log().told(finished('budget')).alerted('raised', BUDGET);

const SENT: CampaignEvent = {
  type: 'alert.sent',
  channel: 'operator',
  key: 'service:elevenlabs',
  alert: 'raised',
  severity: 'critical',
  title: '',
};

/** Who could not get speech. */
function mute(contact: string): CampaignEvent {
  const waitsFor = ['elevenlabs'];
  const reason = 'waits for elevenlabs';
  return { type: 'contact.put_off', contact, call: 'x', reason, delayMs: 60_000, waitsFor };
}

/** The first one is put off until 60 s, and the breaker has closed at 20 s. */
const back = () => {
  return log().moved('opened').told(mute('c1')).at(20_000).moved('half_open').moved('closed');
};

const UNUSED = 'elevenlabs, which speaks the texts, is not in use any more';
const BACK = 'elevenlabs, which speaks the texts, works again';

/** Of a campaign that names elevenlabs, or flite in its place. */
const names = (campaign: string): Whose => ({ campaign, chains: CHAINS });
const dropped = (campaign: string): Whose => ({ campaign, chains: { ...CHAINS, tts: ['flite'] } });

/** One run of a campaign, in which its voice goes down and the operator is told. */
const down = (campaign = 'one') =>
  new SightingLog({}, names(campaign)).moved('opened').at(500).alerted('raised').ended();
const unused = (log: SightingLog, title = UNUSED) => log.alerted('recovered', undefined, title);

/** What is told of a campaign, in this order. */
const news = (...parts: readonly string[]) => {
  const seen = new SightingLog({}, names('spring'));
  for (const part of parts) seen.alerted('notice', `${SPRING}:${part}`);
  return seen;
};

const REFUSED: CampaignEvent = {
  type: 'call.finished',
  contact: 'd1',
  call: 'x',
  outcome: 'failed',
  code: 'opted_out',
  durationMs: 0,
};

/** The list has got more rows since. */
const grown: CampaignEvent = {
  type: 'run.started',
  lines: 1,
  contacts: { ...NOBODY, total: 4, done: 2, queued: 2 },
};
const allDone: CampaignEvent = {
  type: 'run.finished',
  end: 'done',
  contacts: { ...NOBODY, total: 2, done: 2 },
  durationMs: 0,
};

/** Its health check fails twice, and that is told. */
const warned = () =>
  log()
    .exchange('probe', { failure: UNAVAILABLE })
    .at(30_000)
    .exchange('probe', { failure: UNAVAILABLE })
    .warned();

export const ALERT_LOGS: Logs = {
  'news once': {
    accepts: {
      'each once': () => {
        return news('started', 'milestone:25', 'milestone:50', 'finished').told(allDone).ended();
      },
      'each once more, of a list that has grown after its end': () => {
        const on = news('started', 'milestone:50', 'finished').ended().began().told(grown);
        for (const part of ['started', 'milestone:50', 'finished']) {
          on.alerted('notice', `${SPRING}:${part}`);
        }
        return on;
      },
      'each once more, also where a kill came upon the word on the first start': () => {
        const on = news('started').killed().began().alerted('notice', `${SPRING}:finished`);
        const again = on.ended().began().told(grown).alerted('notice', `${SPRING}:started`);
        return again.alerted('notice', `${SPRING}:finished`);
      },
      'nothing of the end where a run was killed': () => news('started').told(allDone).killed(),
    },
    refuses: {
      'a start that every run tells': () => {
        return news('started').ended().began().alerted('notice', `${SPRING}:started`);
      },
      'a list that is begun anew with nobody left to call': () => {
        const on = news('started', 'finished').told(allDone).ended().began();
        return on.alerted('notice', `${SPRING}:started`);
      },
      'a milestone that is passed again': () => news('started', 'milestone:50', 'milestone:50'),
      'an end that is told again': () => news('started', 'finished', 'finished'),
      'an end that nobody is told of': () => news('started').told(allDone).ended(),
    },
  },
  'one alert': {
    accepts: {
      'one alert and one recovery': () =>
        log()
          .moved('opened')
          .alerted('raised')
          .moved('half_open')
          .moved('opened')
          .moved('half_open')
          .moved('closed')
          .alerted('recovered')
          .ended(),
      'one that goes on through the next run': () =>
        log().moved('opened').alerted('raised').ended().began().moved('opened').ended(),
      'one more after a kill': () =>
        log().moved('opened').alerted('raised').killed().began().alerted('raised').ended(),
      'none, of a run that was killed': () => log().moved('opened').killed(),
      'one more after a kill in the middle of the first': () =>
        log().moved('opened').alerted('raised').at(100).killed().began().alerted('raised').ended(),
      'one of a killed run, told by the next': () =>
        log().moved('opened').at(100).killed().began().alerted('raised').ended(),
      'a warning for its checks that becomes an outage': () =>
        warned().moved('opened').warned('warning').ended(),
      'a warning that the next run finds to be an outage': () =>
        warned().ended().began().moved('opened').warned('warning').ended(),
      'one message for an outage and its end': () =>
        log().moved('opened').at(100).moved('closed').alerted('recovered').ended(),
      'an account whose second work comes back last': () =>
        account()
          .told(opened('llm'))
          .alerted('raised', OPENAI)
          .told(opened('tts'))
          .at(100)
          .told(closed('llm'))
          .at(200)
          .told(closed('tts'))
          .alerted('recovered', OPENAI)
          .ended(),
      'a run that gives up while a service is away': () =>
        log().moved('opened').alerted('raised').told(finished('outage')).ended('outage'),
      'a run that gives up, and the next that does not': () =>
        log()
          .told(finished('outage'))
          .alerted('raised', SPRING)
          .ended('outage')
          .began()
          .told(finished('done'))
          .alerted('recovered', SPRING)
          .ended(),
      'a service that nobody names any more': () =>
        unused(down().began({}, dropped('one'))).ended(),
      'one that another campaign still has trouble with': () =>
        down().began({}, names('two')).ended().began({}, dropped('one')).ended(),
      'one that the other campaign drops as well': () => {
        const both = down().began({}, names('two')).ended().began({}, dropped('one')).ended();
        return unused(both.began({}, dropped('two'))).ended();
      },
      'one that another campaign never had to do with': () =>
        down().began({}, dropped('two')).ended().began({}, names('one')).ended(),
      'one that is named again, and is still down': () => {
        const again = unused(down().began({}, dropped('one')))
          .ended()
          .at(1_000);
        return again.began({}, names('one')).alerted('raised').ended();
      },
      'one that another campaign begins to use': () =>
        unused(down().began({}, dropped('one')))
          .ended()
          .at(1_000)
          .began({}, names('two'))
          .alerted('raised')
          .ended(),
      'one that works for another campaign': () => {
        const two = down().began({}, names('two')).at(9_000).moved('half_open').moved('closed');
        return two.alerted('recovered', undefined, BACK).ended();
      },
      'an outage that a kill kept from being told, told by the next life': () =>
        new SightingLog({}, names('one'))
          .moved('opened')
          .killed()
          .began({}, names('one'))
          .alerted('raised')
          .at(60_000)
          .moved('half_open')
          .ended(),
      'a campaign that gives up beside another': () =>
        new SightingLog({}, { campaign: 'spring' })
          .told(finished('outage'))
          .alerted('raised', SPRING)
          .ended('outage')
          .began({}, { campaign: 'summer' })
          .told(finished('done'))
          .ended(),
      'a spent budget, and a run that has nobody to call': () =>
        spent().ended('budget').began().told(started(true)).told(finished('done')).ended(),
      'a budget that is raised': () =>
        spent()
          .ended('budget')
          .began()
          .told(started(false))
          .alerted('recovered', BUDGET)
          .told(finished('done'))
          .ended(),
      'one more after a kill when all was said and not on disk': () =>
        spent()
          .ended('budget')
          .killed()
          .began()
          .alerted('raised', BUDGET)
          .told(finished('budget'))
          .ended('budget'),
    },
    refuses: {
      'a warning that becomes an outage, and nobody hears of that': () =>
        warned().moved('opened').ended(),
      'a warning that becomes an outage twice': () =>
        warned().moved('opened').warned('warning').warned('warning').ended(),
      'a service that nobody names any more, and nobody is told': () =>
        down().began({}, dropped('one')).ended(),
      'one that is said to be back, and nobody uses it': () =>
        unused(down().began({}, dropped('one')), BACK).ended(),
      'one that is said to be unused, and is back': () => {
        const back = down().began({}, names('one')).at(9_000).moved('half_open').moved('closed');
        return unused(back).ended();
      },
      'an end while another campaign has trouble with it': () => {
        const two = down().began({}, names('two')).ended().at(1_000);
        return unused(two.began({}, dropped('one'))).ended();
      },
      'an end by a campaign that never had to do with it': () =>
        unused(down().began({}, dropped('two'))).ended(),
      'one that is named again and is still down, and nobody is told': () =>
        unused(down().began({}, dropped('one')))
          .ended()
          .at(1_000)
          .began({}, names('one'))
          .ended(),
      'one that another campaign begins to use, and nobody is told': () =>
        unused(down().began({}, dropped('one')))
          .ended()
          .at(1_000)
          .began({}, names('two'))
          .ended(),
      'an alert about nothing': () => new SightingLog({}, names('one')).alerted('raised').ended(),
      'an outage that a kill kept from being told, and no life tells': () =>
        new SightingLog({}, names('one'))
          .moved('opened')
          .killed()
          .began({}, names('one'))
          .at(60_000)
          .moved('half_open')
          .ended(),
      'an end that a kill kept from being told, and no life tells': () => {
        const ended = down().at(60_000).began({}, names('one')).moved('half_open').moved('closed');
        return ended.killed().began({}, names('one')).exchange('speak').ended();
      },
      'a campaign that gives up beside another, and nobody is told': () =>
        new SightingLog({}, { campaign: 'spring' })
          .told(finished('outage'))
          .alerted('raised', SPRING)
          .ended('outage')
          .began({}, { campaign: 'summer' })
          .told(finished('outage'))
          .ended('outage'),
      'a spent budget nobody is told of': () => log().told(finished('budget')).ended('budget'),
      'a spent budget told twice': () =>
        spent().ended('budget').began().alerted('raised', BUDGET).ended('budget'),
      'a run that may spend again, and nobody is told': () =>
        spent().ended('budget').began().told(started(false)).told(finished('done')).ended(),
      'a budget that may be spent again, and never was spent': () =>
        log().told(finished('outage')).alerted('recovered', BUDGET).ended('outage'),
      'an outage nobody is told of': () => log().moved('opened').ended(),
      'two alerts': () => log().moved('opened').alerted('raised').alerted('raised').ended(),
      'a recovery nobody is told of': () =>
        log().moved('opened').alerted('raised').moved('half_open').moved('closed').ended(),
      'a recovery from nothing': () => log().alerted('recovered').ended(),
      'two alerts, and a kill of another life': () =>
        log().killed().began().moved('opened').alerted('raised').alerted('raised').ended(),
      'one more after a kill that came long after': () =>
        log()
          .moved('opened')
          .alerted('raised')
          .told(SENT)
          .at(100)
          .killed()
          .began()
          .alerted('raised')
          .ended(),
      'one more after a kill, not at once': () =>
        log()
          .moved('opened')
          .alerted('raised')
          .killed()
          .began()
          .at(9_000)
          .alerted('raised')
          .ended(),
      'an outage before a kill that no later run tells': () =>
        log().moved('opened').at(100).killed().began().ended(),
      'an end before a kill that no later run tells': () =>
        log()
          .moved('opened')
          .alerted('raised')
          .at(9)
          .moved('closed')
          .at(100)
          .killed()
          .began()
          .ended(),
      'an all clear while the other work is away': () =>
        account()
          .told(opened('llm'))
          .alerted('raised', OPENAI)
          .told(opened('tts'))
          .at(100)
          .told(closed('llm'))
          .alerted('recovered', OPENAI)
          .ended(),
      'a run that gives up, and nobody is told': () =>
        log().told(finished('outage')).ended('outage'),
      'a run that ends as planned, and nobody is told': () =>
        log()
          .told(finished('outage'))
          .alerted('raised', SPRING)
          .ended('outage')
          .began()
          .told(finished('done'))
          .ended(),
    },
  },
  'called back': {
    accepts: {
      'somebody who comes next': () => back().started('c1').at(25_000).started('c2'),
      'somebody chosen at that moment': () => back().started('c2'),
      'somebody who waits for what has not come back': () =>
        log().moved('opened').told(mute('c1')).at(20_000).started('c2').at(60_000).started('c1'),
      'a run in which another has all the time': () => {
        const on = log().moved('opened').told(mute('c1')).started('c2').at(20_000);
        return on.moved('half_open').at(60_000).started('c1');
      },
      'somebody whom a service failed': () => {
        const on = log();
        const request = on.ask('speak');
        on.answer(request, { kind: 'transient', scope: 'service', code: '503' });
        on.moved('opened').told(mute('c1')).at(20_000).moved('half_open').moved('closed');
        return on.at(25_000).started('c2');
      },
      'somebody who was in doubt and is to be rung again': () => {
        const on = log().finished('c1', 'uncertain').ended();
        on.see({ type: 'settled', contact: 'c1', outcome: 'again' }).began();
        return on.moved('opened').told(mute('c1')).at(60_000).started('c1');
      },
      'what a kill may have undone': () => back().killed().began().at(25_000).started('c2'),
    },
    refuses: {
      'somebody who is passed over': () => back().at(25_000).started('c2'),
      'somebody an earlier run put off': () => {
        const on = log().moved('opened').told(mute('c1')).ended('stopped').began().at(20_000);
        return on.moved('half_open').moved('closed').at(25_000).started('c2');
      },
      'somebody who waits though something else is away': () => {
        const on = log().moved('opened').moved('opened', 60_000, 'openai').told(mute('c1'));
        return on.at(20_000).moved('half_open').moved('closed').at(25_000).started('c2');
      },
      'a run that idles until their time': () => {
        const on = log().moved('opened').told(mute('c1')).at(20_000).moved('half_open');
        return on.at(60_000).started('c1');
      },
    },
  },
  'shares told': {
    accepts: {
      'too many that fail, and it is told': () => {
        return calls(18, 3).alerted('raised', 'campaign:hunt:error_rate').ended();
      },
      'few that fail, and nothing is told': () => calls(20, 1).ended(),
      'too few to say anything': () => calls(5, 5).ended(),
      'calls in doubt, which count once, whatever is heard of them after all': () => {
        const on = calls(13, 0);
        for (let number = 1; number <= 5; number += 1) on.finished(`d${number}`, 'uncertain');
        for (const contact of ['d1', 'd2']) {
          const about = { contact, call: `call-${contact}`, was: 'uncertain' } as const;
          on.told({ type: 'call.finished', ...about, outcome: 'answered', durationMs: 0 });
        }
        return on.ended();
      },
      'calls in doubt that were put off for an outage before': () =>
        doubted((on, contact) => failsToDial(on, contact, 'twilio').putOff(contact)),
      'calls in doubt for which another dialer was tried before, in an outage': () =>
        doubted((on, contact) => failsToDial(on, contact, 'twilio'), 'asterisk-ari'),
      'a message that tells the end as well': () => {
        return calls(15, 9).alerted('recovered', 'campaign:hunt:error_rate').ended();
      },
      'people who had asked not to be rung': () => {
        const seen = calls(20, 0);
        for (const contact of ['d1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8', 'd9']) {
          seen.told({ ...REFUSED, contact });
        }
        return seen.ended();
      },
      'what fails with a service that is away': () => {
        return calls(18, 0).moved('opened').failedBy('elevenlabs', 9).ended();
      },
      'what fails with a service that has begun to refuse everything as too much': () =>
        tooMuch(calls(18, 0)).failedBy('elevenlabs', 9).ended(),
    },
    refuses: {
      'too many that fail, and nobody is told': () => calls(15, 9).ended(),
      'what failed with a service that refused everything, and took something after all': () => {
        const on = tooMuch(calls(18, 0)).failedBy('elevenlabs', 9);
        const about = { contact: 'd1', call: 'call-d1', step: 'speech', durationMs: 0 } as const;
        on.told({ type: 'step.finished', ...about, service: 'elevenlabs', role: 'tts' });
        return on.finished('d1').ended();
      },
      'too many that fail, and an end of it at once': () => {
        const on = calls(18, 3).alerted('raised', 'campaign:hunt:error_rate');
        return on.alerted('recovered', 'campaign:hunt:error_rate').ended();
      },
      'few that fail, and it is told': () => {
        return calls(20, 1).alerted('raised', 'campaign:hunt:error_rate').ended();
      },
      'what fails with a service that is away, told as a share': () => {
        const seen = calls(18, 0).moved('opened').failedBy('elevenlabs', 9);
        return seen.alerted('raised', 'campaign:hunt:error_rate').ended();
      },
    },
  },
};

function tooMuch(on: SightingLog): SightingLog {
  const about = { contact: 'd1', call: 'call-d1', step: 'speech', attempt: 1 } as const;
  const why = { kind: 'transient', scope: 'service', code: '429', status: 429 } as const;
  const its = { service: 'elevenlabs', role: 'tts', message: '', durationMs: 0 } as const;
  return on.told({ type: 'attempt.failed', ...about, ...why, ...its });
}

function failsToDial(on: SightingLog, contact: string, service: string): SightingLog {
  const about = {
    contact,
    call: `call-${contact}`,
    step: 'dial',
    service,
    role: 'dialer',
  } as const;
  const why = { kind: 'unknown', scope: 'service', code: 'timeout', message: '' } as const;
  return on.told({ type: 'attempt.failed', ...about, ...why, attempt: 1, durationMs: 0 });
}

/** A quarter of the calls are in doubt, as is told: an outage was over when they were dialled. */
function doubted(
  inOutage: (on: SightingLog, contact: string) => void,
  service = 'twilio',
): SightingLog {
  const on = calls(15, 0).moved('opened', 60_000, 'twilio').alerted('raised', 'service:twilio');
  const contacts = ['d1', 'd2', 'd3', 'd4', 'd5'];
  for (const contact of contacts) inOutage(on, contact);
  on.at(60_000).moved('closed', 0, 'twilio').alerted('recovered', 'service:twilio').at(120_000);
  for (const contact of contacts) failsToDial(on, contact, service).finished(contact, 'uncertain');
  return on.alerted('raised', 'campaign:hunt:success_rate').ended();
}

/** So many calls that end well, and so many that fail without an outage. */
function calls(good: number, bad: number): SightingLog {
  const seen = new SightingLog({}, names('spring'));
  for (let count = 0; count < good; count += 1) seen.finished(`c${count}`);
  return seen.failedBy('openai', bad);
}
