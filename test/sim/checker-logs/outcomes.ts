import type { CampaignEvent } from '../../../src/domain/event.ts';
import type { Quirks } from '../../../src/sim/quirks.ts';
import { type Logs, NOT_THIS, SightingLog, UNAVAILABLE } from '../../support/sighting-log.ts';
import { contactOf } from '../../support/simulation-bench.ts';

const log = () => new SightingLog();
/** `c1` is done; `c2` is, too, where nothing else is said. */
const done = () => log().stands('c1', 'done', 'answered').stands('c2', 'done', 'busy');
/** The CRM refuses the record of `c1`. */
const refusing = () => done().exchange('record', { failure: NOT_THIS });
const uncertain = () => log().stands('c1', 'uncertain', 'uncertain').started('c1');

const [FIRST, SECOND] = [contactOf(1).phone, contactOf(2).phone];

/** The operator wants another call to c1, who was rung. */
const anotherCall = () =>
  log()
    .rang('c1')
    .see({ type: 'settled', contact: 'c1', outcome: 'again' })
    .told({ type: 'call.started', contact: 'c1', call: 'call-2' });
const renamed = () =>
  log().see({ type: 'corrected', contact: 'c1', phone: FIRST, name: 'Other' }).began();
/** c1 was rung, and c2 gets the number of c1, in exchange for the own one or not. */
const doubled = () =>
  log().rang('c1').see({ type: 'corrected', contact: 'c2', phone: FIRST }).began();
/** c1 is gone, in hand when the run was killed, and c2 gets the number. */
const cutOff = (at: string) =>
  log()
    .started('c1')
    .see({ type: 'killed', at })
    .see({ type: 'removed', contact: 'c1' })
    .see({ type: 'corrected', contact: 'c2', phone: FIRST })
    .began();
const exchanged = () =>
  log()
    .rang('c1')
    .see({ type: 'corrected', contact: 'c2', phone: FIRST })
    .see({ type: 'corrected', contact: 'c1', phone: SECOND })
    .began();

const begun: CampaignEvent = { type: 'call.started', contact: 'c1', call: 'x1' };

/** A question is given up with its run, and the next run asks nothing. */
const begunWith = (quirks: Partial<Quirks>) => {
  const first = uncertain().quirks(quirks).told(begun);
  return first.exchange('follow', { failure: UNAVAILABLE }).ended().began().told(begun);
};

export const OUTCOME_LOGS: Logs = {
  'nobody twice': {
    accepts: {
      'two people': () => log().rang('c1').rang('c2'),
      'another call that the operator wants': () => anotherCall().rang('c1', { call: 'call-2' }),
      'the first one late, and the other': () =>
        anotherCall().rang('c2').rang('c1', { call: 'call-2' }),
    },
    refuses: {
      'another call that the operator wants, twice': () =>
        anotherCall().rang('c1', { call: 'call-2' }).rang('c1', { call: 'call-2' }),
      'one call that rings twice': () => log().rang('c1').rang('c1'),
      'another call after a kill': () =>
        log().rang('c1').killed().began().rang('c1', { call: 'call-2' }),
    },
  },
  'words first': {
    accepts: {
      'a call with words': () => log().rang('c1'),
      'the words of the row': () => renamed().rang('c1', { text: 'Hello Other.' }),
    },
    refuses: {
      'dead air': () => log().rang('c1', { hasWords: false }),
      'the phone of somebody else': () => log().rang('c1', { phone: '+12005550102' }),
      'a stranger': () => log().rang('c9'),
      'the words of a row that was another': () =>
        renamed().rang('c1', { text: 'Hello Person 1.' }),
    },
  },
  'nobody lost': {
    accepts: {
      'everybody done': () => done().ended('done', { total: 2, done: 2 }),
      'somebody in the queue at the limit': () =>
        log()
          .stands('c1', 'done', 'answered')
          .stands('c2', 'queued')
          .ended('limit', { total: 2, done: 1, queued: 1 }),
      'somebody in hand at a kill': () =>
        log().stands('c1', 'done', 'answered').stands('c2', 'calling').killed(),
      'somebody whose row was deleted': () =>
        log()
          .see({ type: 'removed', contact: 'c2' })
          .stands('c1', 'done', 'answered')
          .stands('c2', undefined)
          .ended('done', { total: 1, done: 1 }),
    },
    refuses: {
      'somebody without a standing': () =>
        log().stands('c1', 'done', 'answered').ended('done', { total: 1, done: 1 }),
      'somebody put off when all is said to be done': () =>
        log()
          .stands('c1', 'done', 'answered')
          .stands('c2', 'put_off')
          .ended('done', { total: 2, done: 1, put_off: 1 }),
      'somebody done without an outcome': () =>
        log().stands('c1', 'done', 'answered').stands('c2', 'done').killed(),
      'somebody in hand of nobody': () =>
        log()
          .stands('c1', 'done', 'answered')
          .stands('c2', 'calling')
          .ended('limit', { total: 2, done: 1, calling: 1 }),
      'rows that do not add up': () => done().ended('done', { total: 3, done: 2 }),
      'a wrong count': () => done().ended('done', { total: 1, done: 1 }),
    },
  },
  'removed stay away': {
    accepts: {
      'somebody who is left alone': () =>
        log().see({ type: 'removed', contact: 'c1' }).killed().began().exchange('place', {
          contact: 'c2',
        }),
      'a deletion that the run has not read': () =>
        log().see({ type: 'removed', contact: 'c1' }).exchange('place'),
      'a call that may be on its way': () => {
        const on = log();
        on.ask('place');
        return on.killed().see({ type: 'removed', contact: 'c1' }).began().exchange('find');
      },
    },
    refuses: {
      'somebody whose call turned out never to have been placed': () => {
        const on = log();
        on.ask('place');
        const next = on.killed().see({ type: 'removed', contact: 'c1' }).began();
        return next.exchange('find').exchange('place');
      },
      'somebody who is rung all the same': () =>
        log().killed().see({ type: 'removed', contact: 'c1' }).began().exchange('place'),
    },
  },
  'number once': {
    accepts: {
      'two numbers': () => log().rang('c1').rang('c2'),
      'numbers that were exchanged': () => exchanged().rang('c2', { phone: FIRST }),
      'one that was refused, as another has the number': () =>
        doubled().see({ type: 'refused', contact: 'c2', phone: FIRST }),
      'one that was refused, as another may have been rung before a kill': () =>
        cutOff('after a commit').see({ type: 'refused', contact: 'c2', phone: FIRST }),
      'one that was refused, as another may have been rung who was refused a new number since':
        () =>
          log()
            .started('c1')
            .see({ type: 'killed', at: 'after a commit' })
            .see({ type: 'corrected', contact: 'c1', phone: SECOND })
            .began()
            .see({ type: 'refused', contact: 'c1', phone: SECOND })
            .see({ type: 'killed', at: 'probe answered' })
            .see({ type: 'removed', contact: 'c1' })
            .see({ type: 'corrected', contact: 'c2', phone: FIRST })
            .began()
            .see({ type: 'refused', contact: 'c2', phone: FIRST }),
      'one of whom the operator says that they were not rung': () =>
        log()
          .rang('c1')
          .see({ type: 'settled', contact: 'c1', outcome: 'again' })
          .see({ type: 'removed', contact: 'c1' })
          .see({ type: 'corrected', contact: 'c2', phone: FIRST })
          .began()
          .rang('c2', { phone: FIRST }),
    },
    refuses: {
      'one number for two': () => doubled().rang('c2', { phone: FIRST }),
      'the number of somebody who is gone': () =>
        log()
          .rang('c1')
          .see({ type: 'removed', contact: 'c1' })
          .see({ type: 'corrected', contact: 'c2', phone: FIRST })
          .began()
          .rang('c2', { phone: FIRST }),
      'one that was refused for somebody who was not rung yet': () =>
        cutOff('write leaves').see({ type: 'refused', contact: 'c2', phone: FIRST }),
      'one that was refused where the number was exchanged': () =>
        exchanged().see({ type: 'refused', contact: 'c2', phone: FIRST }),
    },
  },
  'true outcomes': {
    accepts: {
      'what the call came to': () =>
        log().rang('c1').finished('c1').stands('c1', 'done', 'answered'),
      'a number that the dialer refused': () =>
        log()
          .exchange('place', { failure: { ...NOT_THIS, code: '21211' } })
          .stands('c1', 'done', 'invalid_number'),
      'a failure of somebody who was not rung': () => log().stands('c1', 'done', 'failed'),
      'a preview': () =>
        log().rang('c1', { rings: false, outcome: 'previewed' }).stands('c1', 'done', 'previewed'),
      'a call that was cut off, and is uncertain': () =>
        log().rang('c1', { outcome: 'uncertain' }).stands('c1', 'uncertain', 'uncertain'),
      'a call that was cut off after a key was pressed': () => {
        const about = { service: 'twilio', contact: 'c1', call: 'call-c1', digit: '1' } as const;
        const on = log()
          .rang('c1', { outcome: 'uncertain' })
          .see({ type: 'key', ...about });
        return on.stands('c1', 'done', 'answered');
      },
      'an outcome that a kill kept from being told': () =>
        log().rang('c1').killed().stands('c1', 'done', 'answered'),
    },
    refuses: {
      'a call that was cut off, as answered': () =>
        log().rang('c1', { outcome: 'uncertain' }).stands('c1', 'done', 'answered'),
      'another outcome': () => log().rang('c1').stands('c1', 'done', 'busy'),
      'a failure of somebody who was rung': () => log().rang('c1').stands('c1', 'done', 'failed'),
      'a number that the dialer refused, as failed': () =>
        log()
          .exchange('place', { failure: { ...NOT_THIS, code: '21211' } })
          .stands('c1', 'done', 'failed'),
      'an invalid number that nobody refused': () => log().stands('c1', 'done', 'invalid_number'),
      'an outcome without a call': () => log().stands('c1', 'done', 'no_answer'),
      'a call said to be a preview': () => log().rang('c1').stands('c1', 'done', 'previewed'),
      'one outcome told and another kept': () =>
        log().rang('c1').finished('c1', 'busy').stands('c1', 'done', 'answered'),
      'an outcome told twice': () =>
        log().rang('c1').finished('c1').finished('c1').stands('c1', 'done', 'answered'),
    },
  },
  'uncertain for cause': {
    accepts: {
      'a dialer that forgets': () => {
        const on = uncertain();
        on.ask('place');
        return on.killed().began().started('c1').exchange('find', { found: 'unknown' });
      },
      'a dialer that cannot be asked for as long as a call may last': () =>
        uncertain()
          .exchange('find', { failure: UNAVAILABLE })
          .at(590_000)
          .exchange('find', { failure: UNAVAILABLE }),
      'a request of our own that is still under way': () => {
        const on = uncertain().quirks({ deaf: 1 });
        on.ask('place');
        return on.at(25_000).exchange('find').at(30_000).ended();
      },
      'a call of another account, by a run that was killed before it could say so': () =>
        begunWith({ accountChange: 2 }).killed(),
    },
    refuses: {
      'a call of this account, by a run that was killed': () => begunWith({}).killed(),
      'a dialer that was never asked': () => uncertain().exchange('place'),
      'a dialer that knows': () => uncertain().exchange('find'),
      'a call whose end was told': () =>
        uncertain().exchange('place').exchange('follow', { tookMs: 40_000 }),
      'a question given up at once': () => uncertain().exchange('find', { failure: UNAVAILABLE }),
    },
  },
  'everybody recorded': {
    accepts: {
      'a record of each': () =>
        done().recorded('c1').recorded('c2', { outcome: 'busy' }).ended('done'),
      'a second record that says so': () =>
        done()
          .recorded('c1')
          .recorded('c1', { again: true })
          .recorded('c2', { outcome: 'busy' })
          .ended('done'),
      'a first record that comes late': () =>
        log().stands('c1', 'done', 'answered').recorded('c1', { again: true }).recorded('c1'),
      'a first record at each of two': () =>
        done().recorded('c1').recorded('c1', { service: 'webhook' }),
      'nobody yet after a kill': () => done().killed(),
      'what the CRM refused in the last run': () =>
        refusing().recorded('c2', { outcome: 'busy' }).ended('done'),
      'what it refused, and took in the next run': () =>
        refusing()
          .recorded('c2', { outcome: 'busy' })
          .ended('done')
          .began()
          .exchange('record')
          .recorded('c1', { again: true })
          .ended('done'),
    },
    refuses: {
      'somebody without a record': () => done().recorded('c1').ended('done'),
      'a second record that comes as the first': () => done().recorded('c1').recorded('c1'),
      'another outcome': () => done().recorded('c1', { outcome: 'no_answer' }),
      'what it refused, and was not offered again': () =>
        refusing().recorded('c2', { outcome: 'busy' }).ended('done').began().ended('done'),
      'what it refused, and was offered again at once': () =>
        refusing().at(60_000).exchange('record').recorded('c1'),
    },
  },
};
