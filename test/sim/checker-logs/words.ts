import { LOST, type Logs, NOT_THIS, SightingLog, UNAVAILABLE } from '../../support/sighting-log.ts';

const log = () => new SightingLog();
const speaking = () => log().quirks({ speaking: ['twilio'] });
const byNumber = () => log().quirks({ byNumber: ['twilio'] });

/** c2 has the number of c1, and was rung by it. */
const rang = (on: SightingLog) => on.rang('c2', { phone: '+12005550101' });
const asked = (on: SightingLog) => on.exchange('find', { contact: 'c1', found: 'unknown' });

/** One more call to the number of c1. */
const TWIN = { contact: 'c1', call: 'another' };
const IN_USE = { kind: 'transient', scope: 'request', code: 'number_in_use' } as const;
const placed = (failure?: typeof LOST) =>
  byNumber().exchange('place', failure === undefined ? {} : { failure });

export const WORD_LOGS: Logs = {
  'written first': {
    accepts: {
      'a call with a text': () => log().exchange('write').exchange('speak').rang('c1'),
      'a second call with the text of the first': () => {
        return log().exchange('write').rang('c1').killed().began().rang('c1');
      },
    },
    refuses: {
      'a call without a text': () => log().exchange('speak').rang('c1'),
      'a call with a text for somebody else': () => log().exchange('write').rang('c2'),
      'speech of a text that nobody could write': () => {
        return log().exchange('write', { failure: UNAVAILABLE }).exchange('speak');
      },
    },
  },
  'nothing spoken unheard': {
    accepts: {
      'speech for a dialer that plays it': () => log().exchange('speak'),
      'a dialer that speaks itself': () => speaking().exchange('write').exchange('place'),
      'speech where one of two dialers speaks itself': () => {
        return speaking()
          .chains({ dialer: ['twilio', 'asterisk-ari'] })
          .exchange('speak');
      },
    },
    refuses: {
      'speech for a dialer that speaks itself': () => speaking().exchange('speak'),
    },
  },
  'told apart': {
    accepts: {
      'a call that cannot be told from one in doubt': () => asked(rang(byNumber())),
      'a call that cannot be told from one that a kill cut off as it left': () => {
        const about = { call: 'another', found: 'unknown' } as const;
        return asked(byNumber().rang('c1').exchange('find', about));
      },
      'a dialer that forgets': () => {
        const on = log().quirks({ byNumber: ['twilio'], memory: 'forgets' });
        return asked(on);
      },
      'a call that is found': () => {
        return rang(byNumber()).exchange('follow', { contact: 'c2' }).exchange('find', {
          found: 'absent',
        });
      },
    },
    refuses: {
      'a call that is not told from one that is known': () => {
        return asked(rang(byNumber()).exchange('follow', { contact: 'c2' }));
      },
      'a call that is the only one': () => asked(byNumber().rang('c1')),
    },
  },
  'number free': {
    accepts: {
      'another number': () => placed(LOST).exchange('place', { contact: 'c2' }),
      'a call that was placed': () => placed().exchange('place', TWIN),
      'a call that came to nothing': () => placed(NOT_THIS).exchange('place', TWIN),
      'a call that was asked about': () =>
        placed(LOST).exchange('find', { found: 'unknown' }).exchange('place', TWIN),
      'a call of which is heard after all that it was placed': () =>
        byNumber().exchange('place', { tookMs: 20_000 }).exchange('place', TWIN),
      'one that is turned away': () => placed(LOST).exchange('place', { ...TWIN, failure: IN_USE }),
      'a call of another life': () => placed(LOST).killed().began().exchange('place', TWIN),
    },
    refuses: {
      'a call in doubt': () => placed(LOST).exchange('place', TWIN),
      'a call of which nobody could be asked': () =>
        placed(LOST).exchange('find', { failure: UNAVAILABLE }).exchange('place', TWIN),
      'a call that is being placed': () => {
        const on = byNumber();
        on.ask('place');
        return on.exchange('place', TWIN);
      },
    },
  },
};
