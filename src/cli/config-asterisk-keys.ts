/**
 * The keys of `providers.asterisk-ami`.
 */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { bareWhole, choice, duration, secret, whole } from './config-schema-parts.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** Without these the dialer is deaf: that it has booted, how calls end, what the dialplan tells. */
const EVENTS_NEEDED = ['system', 'call', 'user'];

function line(allowed: string) {
  return z.string({ error: allowed }).regex(/^[^\r\n]+$/, { error: allowed });
}

function word(allowed: string, shape: RegExp) {
  return z.string({ error: allowed }).regex(shape, { error: allowed });
}

/** Whether Asterisk, asked for `events`, is asked for all of `needed`. */
export function takesEvents(events: string, needed: readonly string[]): boolean {
  const classes = events.split(',').map((one) => one.trim());
  const isAll = classes.some((one) => one === 'all' || one === 'on');
  return isAll || needed.every((one) => classes.includes(one));
}

/** `retry_interval` and `retry_max`, of every connection that is never given up. */
export function reconnectKeys() {
  return {
    retry_interval: duration(
      { minMs: SECOND_MS, maxMs: HOUR_MS },
      '15s',
      'Until a lost connection is tried again; each further wait is twice as long.',
    ),
    retry_max: duration({ minMs: SECOND_MS, maxMs: HOUR_MS }, '60s', 'No such wait is longer.'),
    keep_alive: duration(
      { minMs: SECOND_MS, maxMs: 10 * 60 * SECOND_MS },
      '15s',
      'How often it is asked whether the other side is there; it has 5 s to answer.',
    ),
  };
}

export function asteriskAmiKeys() {
  const host = 'the name or the address of a machine';
  const endpoint = 'a channel with {number} in it, such as "PJSIP/{number}@trunk"';
  const context = 'the name of a context of the dialplan';
  const events = 'a list of classes with system, call and user, such as system,call,user,dtmf';
  const sounds = 'an absolute path';
  const name = word('the name of a channel variable', /^[A-Za-z_][A-Za-z0-9_]*$/);
  const value = line('one line of text');
  return {
    host: word(host, /^[A-Za-z0-9.:_-]+$/)
      .default('127.0.0.1')
      .describe('Where Asterisk runs.'),
    port: whole(1, 65_535, 5_038, 'The port of manager.conf.'),
    username: line('a name from manager.conf').optional().describe('The user of manager.conf.'),
    password: secret('Its secret, as "${NAME}" from the environment.', 'AMI_PASSWORD'),
    events: word(events, /^[a-z]+( *, *[a-z]+)*$/)
      .refine((text) => takesEvents(text, EVENTS_NEEDED), { error: events })
      .default('system,call,user,dtmf')
      .describe('The classes of events that are asked for; a script with answers needs dtmf too.'),
    endpoint: word(endpoint, /^[A-Za-z0-9]+\/[^\r\n]*\{number\}[^\r\n]*$/)
      .optional()
      .describe('Whom Asterisk rings; {number} is the number with its +.'),
    context: word(context, /^[A-Za-z0-9_.-]+$/)
      .default('campaign')
      .describe('Where the dialplan plays the file; docs/guide/asterisk.md has it.'),
    extension: word('an extension of that context', /^[A-Za-z0-9_+*#-]+$/)
      .default('s')
      .describe('The extension in that context.'),
    caller_id: line('a caller id, such as "Acme Clinic <+14155550100>"')
      .optional()
      .describe('What people see; left out: what the trunk sets.'),
    ring_time: duration(
      { minMs: 5 * SECOND_MS, maxMs: 600 * SECOND_MS },
      '30s',
      'How long it may ring before nobody answers.',
    ),
    machine_detection: choice(
      ['off', 'detect'],
      'off',
      'Whether the dialplan listens for an answering machine: only then is there voicemail.',
    ),
    variables: z
      .record(name, value, { error: 'names and values of channel variables' })
      .default({})
      .describe('Channel variables for the dialplan.'),
    sounds: z
      .string({ error: sounds })
      .refine((path) => isAbsolute(path), { error: sounds })
      .optional()
      .describe('Where Asterisk finds the audio folder beside the database; left out: the same.'),
    concurrency: bareWhole(1, 1_000, 'Requests at once, at most.').optional(),
    ...reconnectKeys(),
  };
}
