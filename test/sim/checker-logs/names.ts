import type { Role, Step } from '../../../src/domain/words.ts';
import type { Noted } from '../../../src/sim/sighting.ts';
import { type Logs, NOT_THIS, SightingLog } from '../../support/sighting-log.ts';
import { CHAINS as ALL } from '../../support/simulation-bench.ts';

const CHAINS = { llm: ['openai', 'anthropic'] };
const ABOUT = { contact: 'c1', call: 'call-c1', line: 1 } as const;
const NO_NUMBER = { ...NOT_THIS, code: '21211' };

/** The second of tts stands in. */
const NAMED = { ...ALL, tts: ['elevenlabs', 'flite'] };

const log = (...about: ConstructorParameters<typeof SightingLog>) => new SightingLog(...about);
/** c1 has a text by the second of the chain. */
const helped = () => log().chains(CHAINS).exchange('write', { service: 'anthropic' });
const wrote = (on: SightingLog, service: string, step: Step = 'script', role: Role = 'llm') =>
  on.told({ type: 'step.finished', ...ABOUT, step, role, service, durationMs: 0 });
/** c1 was called, to the end. */
const followed = () => log().exchange('place').rang('c1').exchange('follow');
const dialled = (on: SightingLog) => wrote(on, 'twilio', 'dial', 'dialer');
/** c1 was called, and nobody could say how that ended. */
const asked = () => log().exchange('place').rang('c1').exchange('follow', { failure: NOT_THIS });
const spoke = (on: SightingLog, service: string) => {
  const about = { ...ABOUT, step: 'speech', role: 'tts', durationMs: 0, kept: true } as const;
  return on.told({ type: 'step.finished', ...about, service });
};
const fellBack = (on: SightingLog, service: string, instead: string) => {
  const about = { ...ABOUT, step: 'script', role: 'llm', reason: '503', code: '503' } as const;
  return on.told({ type: 'fallback.used', ...about, service, instead });
};

const NOTED: Noted = {
  text: 'Hello.',
  services: { llm: 'openai', tts: 'elevenlabs', dialer: 'twilio' },
  startedMs: 1_000,
  endedMs: 9_000,
  dialledMs: 3_000,
};
/** c1 was called from 1 s to 9 s. */
const called = () => {
  const on = log().at(1_000).started('c1');
  on.answer(on.ask('write'), undefined, undefined, 'Hello.');
  const rung = on.exchange('speak').at(3_000).exchange('place');
  return rung.rang('c1', { text: 'Hello.', spokenBy: 'elevenlabs' }).at(9_000).finished('c1');
};
const noted = (says: Partial<Noted> = {}) =>
  called()
    .at(9_500)
    .recorded('c1', { says: { ...NOTED, ...says } });
const DIALLED = { services: { dialer: 'twilio' }, dialledMs: 3_000 };
/** c1 was dialled, and no phone rang; the dialer says so, or that it may be no more than silent. */
const noRing = (kind: 'unknown' | 'permanent', says: Partial<Noted>) => {
  const on = log().at(1_000).started('c1').at(3_000);
  const request = on.ask('place');
  const about = { service: 'twilio', contact: 'c1', call: ABOUT.call, word: { cause: 19 } };
  on.see({ type: 'unrung', ...about });
  on.answer(request, { kind, scope: 'service', code: 'never_rings' });
  const nothing = { ...NOTED, text: undefined, services: {}, dialledMs: undefined };
  return on
    .at(9_000)
    .finished('c1', 'failed')
    .recorded('c1', { outcome: 'failed', says: { ...nothing, ...says } });
};
/** The dialer refused the number of c1. */
const refused = () => log().exchange('place', { failure: NO_NUMBER });

const counted = (done: number, queued: number, end: 'done' | 'limit' = 'limit', total = 2) => {
  const contacts = { total, done, calling: 0, queued, put_off: 0, uncertain: 0 };
  return log()
    .stands('c1', 'done', 'answered')
    .stands('c2', 'queued')
    .finished('c1')
    .told({ type: 'run.finished', end, contacts, durationMs: 0 })
    .ended(end, contacts);
};

export const NAME_LOGS: Logs = {
  'steps ascribed': {
    accepts: {
      'who did it': () => wrote(helped(), 'anthropic'),
      'audio that was kept': () => spoke(log().exchange('speak').killed().began(), 'elevenlabs'),
      'who rang': () => wrote(log().exchange('place').rang('c1'), 'twilio', 'dial', 'dialer'),
    },
    refuses: {
      'the first of the chain': () => wrote(helped(), 'openai'),
      'a step that nobody did': () => wrote(log(), 'openai'),
      'audio of somebody who never spoke': () => spoke(log().exchange('speak'), 'flite'),
      'who did not ring': () => {
        return wrote(log().exchange('place').rang('c1'), 'asterisk-ari', 'dial', 'dialer');
      },
    },
  },
  'steps told': {
    accepts: {
      'a step that was done': () => wrote(log().exchange('write'), 'openai'),
      'a kill before it could be told': () => log().exchange('write').killed(),
      'a text that is none': () => {
        const on = log();
        return on.answer(on.ask('write'), undefined, undefined, ' ').at(1_000).ended();
      },
      'a step that failed': () => log().exchange('write', { failure: NOT_THIS }).at(1_000).ended(),
      'a call that was followed to its end': () => wrote(followed(), 'twilio', 'dial', 'dialer'),
      'a call of which nothing is heard any more': () =>
        wrote(log().exchange('find', { found: 'unknown' }), 'twilio', 'dial', 'dialer'),
      'a call of which its end is heard after all': () =>
        dialled(dialled(asked()).exchange('follow')),
      'a call that is found to have ended after all': () =>
        dialled(dialled(asked()).exchange('find', { found: 'ended' })),
      'the same step by another life': () =>
        wrote(
          wrote(log().exchange('record'), 'hubspot', 'record', 'crm').killed().began(),
          'hubspot',
          'record',
          'crm',
        ),
    },
    refuses: {
      'a step that nobody hears of': () => log().exchange('write').at(1_000).ended(),
      'a call that nobody hears the end of': () => followed().at(1_000).ended(),
      'a call that was asked about once more, without an answer': () =>
        dialled(dialled(asked()).exchange('follow', { failure: NOT_THIS })),
      'a call whose end is told once more': () => dialled(dialled(followed())),
      'a record that is told twice': () => {
        const on = wrote(log().exchange('record'), 'hubspot', 'record', 'crm');
        return wrote(on, 'hubspot', 'record', 'crm');
      },
    },
  },
  'fallbacks told': {
    accepts: {
      'both names': () => fellBack(helped(), 'anthropic', 'openai'),
      'the first of the chain, without a word': () => log().chains(CHAINS).exchange('write'),
      'a kill before it could be told': () => helped().killed(),
      'audio of the second that was kept': () => {
        const on = log({}, { chains: NAMED });
        const about = {
          ...ABOUT,
          step: 'speech',
          role: 'tts',
          reason: '503',
          code: '503',
        } as const;
        on.told({ type: 'fallback.used', ...about, service: 'flite', instead: 'elevenlabs' });
        return spoke(on, 'flite');
      },
    },
    refuses: {
      'nothing told': () => helped().at(1_000).ended(),
      'told of the first of the chain': () =>
        fellBack(log().chains(CHAINS).exchange('write'), 'openai', 'openai'),
      'told of somebody who did nothing': () =>
        fellBack(log().chains(CHAINS).exchange('write'), 'anthropic', 'openai'),
      'told where nothing was done': () => fellBack(log().chains(CHAINS), 'anthropic', 'openai'),
      'the names exchanged': () => fellBack(helped(), 'openai', 'anthropic'),
    },
  },
  'records true': {
    accepts: {
      'all as it was': () => noted(),
      'a call that rang nobody': () => {
        const on = log().at(1_000).started('c1').at(9_000).finished('c1', 'failed');
        return on.recorded('c1', {
          outcome: 'failed',
          says: { ...NOTED, text: undefined, services: {}, dialledMs: undefined },
        });
      },
      'a call that never rang, and was followed to its end': () => noRing('unknown', DIALLED),
      'a call that its trunk did not take': () => noRing('permanent', {}),
      'a number that was refused': () => {
        const on = refused().at(9_000).finished('c1', 'invalid_number');
        const says = { text: undefined, services: { dialer: 'twilio' }, dialledMs: undefined };
        return on.recorded('c1', { says: { ...NOTED, ...says, startedMs: 0 } });
      },
    },
    refuses: {
      'another text': () => noted({ text: 'Goodbye.' }),
      'no text': () => noted({ text: undefined }),
      'another who wrote': () => noted({ services: { ...NOTED.services, llm: 'anthropic' } }),
      'another who spoke': () => noted({ services: { ...NOTED.services, tts: 'flite' } }),
      'nobody who rang': () => noted({ services: { llm: 'openai', tts: 'elevenlabs' } }),
      'nobody who dialled what never rang': () => noRing('unknown', {}),
      'somebody whose trunk did not take the call': () => noRing('permanent', DIALLED),
      'a begin after the first claim': () => noted({ startedMs: 2_000 }),
      'another end': () => noted({ endedMs: 9_400 }),
      'no dialling': () => noted({ dialledMs: undefined }),
      'an earlier dialling': () => noted({ dialledMs: 1_000 }),
    },
  },
  'counts true': {
    accepts: { 'where they stand': () => counted(1, 1) },
    refuses: {
      'one too few': () => counted(0, 1, 'limit', 1),
      'counts that do not add up': () => counted(1, 0),
      'done, and somebody left': () => counted(1, 1, 'done'),
      'others than there are': () => counted(2, 0),
      'somebody in hand at the end': () => {
        const contacts = { total: 1, done: 0, calling: 1, queued: 0, put_off: 0, uncertain: 0 };
        return log().told({ type: 'run.finished', end: 'limit', contacts, durationMs: 0 });
      },
    },
  },
  'numbers refused': {
    accepts: {
      'one refusal': () => refused().finished('c1', 'invalid_number'),
      'another after a kill upon it': () => {
        return refused().killed().began().exchange('place', { failure: NO_NUMBER });
      },
    },
    refuses: {
      'another dialer that is asked': () =>
        refused().exchange('place', { service: 'asterisk-ari' }),
      'another try later': () => refused().at(60_000).killed().began().exchange('place'),
      'a call told as failed': () => {
        const why = { kind: 'permanent', code: '21211', message: '' } as const;
        return refused().told({ type: 'call.failed', ...ABOUT, service: 'twilio', ...why });
      },
    },
  },
};
