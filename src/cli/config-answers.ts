/**
 * What must be true of the keys that a script asks for. A text that says "press 9 and we will not
 * call again" is a promise, and must not be read out by who cannot hear the key.
 */
import { OPT_OUT } from '../domain/answers.ts';
import { listed } from '../domain/text.ts';
import { takesEvents } from './config-asterisk-keys.ts';
import { type Judged, type Rule, shown } from './config-judged.ts';
import type { Finding } from './config-problems.ts';
import { rings } from './dialer-notice.ts';
import type { Config } from './settings.ts';
import { nearest } from './suggest.ts';

export const ANSWER_RULES: Readonly<Record<string, Rule>> = {
  'answers: there is a key to press': noKeys,
  'answers: every dialer that rings hears the keys': deafDialer,
  'answers: Asterisk is asked to tell the keys': deafEvents,
  'answers: to opt out is spelt as the program knows it': optOutSpelling,
};

/** Whether a dialer of that name hears which key is pressed; see `Dialer.hears`. */
export function hearsKeys(dialer: string): boolean {
  return dialer.startsWith('asterisk-');
}

function noKeys({ file }: Judged): readonly Finding[] {
  const { answers } = file.script;
  return answers === undefined || Object.values(answers).some((word) => word !== undefined)
    ? []
    : [
        {
          path: ['script', 'answers'],
          found: 'no key',
          allowed: 'a word for each key that counts, such as { 1: confirmed, 9: opt_out }',
        },
      ];
}

function deafDialer({ config }: Judged): readonly Finding[] {
  const deaf = config.services.dialer.filter((name) => rings(name) && !hearsKeys(name));
  return config.script.answers === undefined || deaf.length === 0
    ? []
    : [
        {
          path: ['script', 'answers'],
          with: [['services', 'dialer']],
          found: `keys to be pressed, and ${listed(deaf)} in services.dialer, which hears none`,
          allowed: 'no answers, and a text that asks for no key; or a dialer that hears keys',
          hint: 'whoever pressed one would be rung again',
        },
      ];
}

/** A key of which Asterisk is not asked to tell is pressed in vain. */
function deafEvents(judged: Judged): readonly Finding[] {
  const { services, script, providers } = judged.config;
  const { events } = providers['asterisk-ami'];
  const isAsked = script.answers !== undefined && services.dialer.includes('asterisk-ami');
  const path = ['providers', 'asterisk-ami', 'events'];
  return !isAsked || takesEvents(events, ['dtmf'])
    ? []
    : [
        {
          path,
          with: [['script', 'answers']],
          found: `${shown(judged, path, events)}, which tells of no key, and script.answers`,
          allowed: 'dtmf among them, as in system,call,user,dtmf; or no answers',
          hint: 'whoever pressed one would be rung again',
        },
      ];
}

/** Ways to say it that nobody would notice: the word would be noted, and the number rung again. */
const MEANT = ['optout', 'opt_out', 'opted_out', 'unsubscribe', 'do_not_call', 'dnc', 'stop'];

function optOutSpelling(judged: Judged): readonly Finding[] {
  const words = Object.entries(judged.config.script.answers?.words ?? {});
  return words.flatMap(([key, word = '']) => {
    const path = ['script', 'answers', key];
    return word === OPT_OUT || !isMeant(word)
      ? []
      : [
          {
            path,
            found: `${shown(judged, path, `"${word}"`)}, after which the number is rung again`,
            allowed: 'opt_out, after which it never is; or a word that does not read like it',
          },
        ];
  });
}

function isMeant(word: string): boolean {
  return MEANT.includes(word) || nearest(word, [OPT_OUT]) !== undefined;
}

/** What the operator should know of the keys, though nothing is wrong. */
export function answerNotices({ services, script }: Config): readonly string[] {
  return script.answers === undefined || services.dialer.some(hearsKeys)
    ? []
    : [
        `${listed(services.dialer)} hears no keys: what script.answers asks for is only written ` +
          'down by a dialer that rings',
      ];
}
