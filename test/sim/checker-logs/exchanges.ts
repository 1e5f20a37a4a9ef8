import { type Logs, SightingLog } from '../../support/sighting-log.ts';

const WORDS = {
  congested: { cause: 34, techCause: 503 },
  password: { cause: 21, techCause: 401 },
  nothing: { cause: 19 },
} as const;
const SAYS_SO = { kind: 'permanent', scope: 'service', code: 'never_rings' } as const;

const log = () => new SightingLog();
/** The trunk takes no call to this contact; with a failure, its client says so. */
const unrung = (
  on: SightingLog,
  contact: string,
  says: keyof typeof WORDS,
  failure?: typeof SAYS_SO,
) => {
  const request = on.ask('place', { contact });
  const about = { service: 'twilio', contact, call: `call-${contact}`, word: WORDS[says] };
  return on.see({ type: 'unrung', ...about }).answer(request, failure);
};
const taken = (on: SightingLog, contact: string) => on.exchange('place', { contact }).rang(contact);
/** Five in a row never ring. */
const mute = () => {
  const on = log();
  for (const contact of ['c1', 'c2', 'c3', 'c4', 'c5']) {
    unrung(on, contact, 'nothing').exchange('follow', { contact });
  }
  return on;
};

export const EXCHANGE_LOGS: Logs = {
  'list spared': {
    accepts: {
      'one number of a congested trunk': () => unrung(log(), 'c1', 'congested'),
      'one more, once a call was taken': () =>
        unrung(taken(unrung(log(), 'c1', 'congested'), 'c2'), 'c3', 'congested'),
      'the trunk told after that': () =>
        unrung(unrung(log(), 'c1', 'congested'), 'c2', 'congested', SAYS_SO),
      'five that never ring': () => mute(),
      'one that is tried after it was told': () => {
        const on = mute().exchange('place', { contact: 'c6', failure: SAYS_SO });
        return unrung(on, 'c7', 'nothing');
      },
    },
    refuses: {
      'two numbers of a congested trunk': () =>
        unrung(unrung(log(), 'c1', 'congested'), 'c2', 'congested'),
      'a password that is refused': () => unrung(log(), 'c1', 'password'),
      'a sixth that never rings': () => unrung(mute(), 'c6', 'nothing'),
    },
  },
};
