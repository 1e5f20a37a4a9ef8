import { type Logs, NOT_THIS, SightingLog, UNAVAILABLE } from '../../support/sighting-log.ts';

const log = () => new SightingLog();
/** `c1` is done; `c2` is, too, where nothing else is said. */
const done = () => log().stands('c1', 'done', 'answered').stands('c2', 'done', 'busy');
/** The CRM refuses the record of `c1`. */
const refusing = () => done().exchange('record', { failure: NOT_THIS });
const uncertain = () => log().stands('c1', 'uncertain', 'uncertain');

export const OUTCOME_LOGS: Logs = {
  'nobody twice': {
    accepts: { 'two people': () => log().rang('c1').rang('c2') },
    refuses: {
      'one call that rings twice': () => log().rang('c1').rang('c1'),
      'another call after a kill': () =>
        log().rang('c1').killed().began().rang('c1', { call: 'call-2' }),
    },
  },
  'words first': {
    accepts: { 'a call with words': () => log().rang('c1') },
    refuses: {
      'dead air': () => log().rang('c1', { hasWords: false }),
      'the phone of somebody else': () => log().rang('c1', { phone: '+12005550102' }),
      'a stranger': () => log().rang('c9'),
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
  'true outcomes': {
    accepts: {
      'what the call came to': () =>
        log().rang('c1').finished('c1').stands('c1', 'done', 'answered'),
      'a failure of somebody who was not rung': () => log().stands('c1', 'done', 'failed'),
      'a preview': () =>
        log().rang('c1', { rings: false, outcome: 'previewed' }).stands('c1', 'done', 'previewed'),
      'an outcome that a kill kept from being told': () =>
        log().rang('c1').killed().stands('c1', 'done', 'answered'),
    },
    refuses: {
      'another outcome': () => log().rang('c1').stands('c1', 'done', 'busy'),
      'a failure of somebody who was rung': () => log().rang('c1').stands('c1', 'done', 'failed'),
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
        const on = uncertain().quirks({ memory: 'forgets' });
        on.ask('place');
        return on.killed().began().exchange('find');
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
    },
    refuses: {
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
