import { type Logs, SightingLog } from '../../support/sighting-log.ts';

/** c1 is rung, and presses 9. */
function optsOut(on = new SightingLog()): SightingLog {
  on.exchange('place').rang('c1');
  const request = on.ask('follow');
  return on.at(5_000).see({ type: 'answer', request, digit: '9' });
}

/** The same, told while the call goes on. */
function presses(): SightingLog {
  const on = new SightingLog().exchange('place').rang('c1');
  const about = { service: 'twilio', contact: 'c1', call: 'call-c1', digit: '9' } as const;
  return on.at(5_000).see({ type: 'key', ...about });
}

/** Rung under the number of c1. */
function rungAgain(on: SightingLog): SightingLog {
  const { phone } = on.seen().promised.contacts[0] ?? {};
  return on
    .at(9_000)
    .exchange('place', { contact: 'c2' })
    .rang('c2', { phone: phone ?? '' });
}

function refused(on: SightingLog, contact: string): SightingLog {
  const about = { contact, call: `call-${contact}`, outcome: 'failed', durationMs: 0 } as const;
  return on.told({ type: 'call.finished', ...about, code: 'opted_out' });
}

export const OPT_OUT_LOGS: Logs = {
  'opted out': {
    accepts: {
      'another number that is rung': () => optsOut().at(9_000).exchange('place').rang('c2'),
      'one more call that had left by then': () => {
        const on = new SightingLog();
        on.ask('place', { contact: 'c2' });
        const { phone = '' } = on.seen().promised.contacts[0] ?? {};
        return optsOut(on).rang('c2', { phone });
      },
      'one more call, where the life was killed before it could write it down': () =>
        rungAgain(optsOut().killed().began()),
      'one who is refused': () => refused(optsOut(), 'c1'),
      'one who is refused, by a key that was told in the call': () => refused(presses(), 'c1'),
      'one more call, where a kill came upon the key': () => rungAgain(presses().killed().began()),
    },
    refuses: {
      'one more call': () => rungAgain(optsOut()),
      'one more call while the first goes on': () => rungAgain(presses()),
      'one more call, where a kill came after the key': () =>
        rungAgain(presses().at(6_000).killed().began()),
      'one more call of another life': () => rungAgain(optsOut().at(6_000).killed().began()),
      'one more call, where the outcome was written down and that was not': () => {
        const on = optsOut().killed().began();
        on.exchange('record');
        return rungAgain(on);
      },
      'one who is refused without having asked': () => refused(optsOut(), 'c2'),
    },
  },
};
