/**
 * The keys of `providers.asterisk-ari`.
 */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { reconnectKeys } from './config-asterisk-keys.ts';
import {
  bareWhole,
  choice,
  duration,
  isPlainAddress,
  optionalSection,
  secret,
  whole,
} from './config-schema-parts.ts';

const SECOND_MS = 1_000;

function word(allowed: string, shape: RegExp) {
  return z.string({ error: allowed }).regex(shape, { error: allowed });
}

export function asteriskAriKeys() {
  const url = 'an address such as http://127.0.0.1:8088, without user, /ari or query';
  const line = /^[^\r\n]+$/;
  const endpoint = 'a channel with {number} in it, such as "PJSIP/{number}@trunk"';
  const plain = 'letters, digits, - and _, a letter first, 40 at most';
  const sounds = 'an absolute path';
  return {
    url: z
      .string({ error: url })
      .refine((text) => isPlainAddress(text) && !/\/ari\/*$/.test(text), { error: url })
      .default('http://127.0.0.1:8088')
      .describe("Where Asterisk's HTTP server is (http.conf), without /ari."),
    username: word('a name from ari.conf', line).optional().describe('The user of ari.conf.'),
    password: secret('Its password, as "${NAME}" from the environment.', 'ARI_PASSWORD'),
    app: word(plain, /^[A-Za-z][A-Za-z0-9_-]{0,39}$/)
      .default('campaign')
      .describe("Beginning of the Stasis application's name; the campaign's name follows it."),
    endpoint: word(endpoint, /^[A-Za-z0-9]+\/[^\r\n]*\{(number|digits)\}[^\r\n]*$/)
      .optional()
      .describe('Whom Asterisk rings; {number} is the number with its +, {digits} without.'),
    caller_id: word('a caller id, such as "Acme Clinic <+14155550100>"', line)
      .optional()
      .describe('What people see; left out: what the trunk sets.'),
    ring_time: duration(
      { minMs: 5 * SECOND_MS, maxMs: 600 * SECOND_MS },
      '30s',
      'How long it may ring before nobody answers.',
    ),
    variables: z
      .record(
        word('the name of a channel variable', /^[A-Za-z_][A-Za-z0-9_]*(\([a-z]+\))?$/),
        word('one line of text', line),
        { error: 'names and values of channel variables' },
      )
      .default({})
      .describe('Channel variables for the dialplan.'),
    machine_detection: choice(
      ['off', 'detect'],
      'off',
      'Whether Asterisk listens for an answering machine: only then is there voicemail.',
    ),
    machine_context: word('the name of a context of the dialplan', /^[A-Za-z0-9_.-]+$/)
      .default('campaign-amd')
      .describe('Where the dialplan listens for machines; docs/guide/asterisk.md has it.'),
    voicemail: choice(
      ['leave', 'hang_up'],
      'leave',
      'What is done with a machine: the text is said after its greeting, or nothing.',
    ),
    sounds: z
      .string({ error: sounds })
      .refine((path) => isAbsolute(path), { error: sounds })
      .optional()
      .describe('Where Asterisk finds the audio folder beside the database; left out: the same.'),
    audio_server: optionalSection(
      audioServerKeys(),
      'Asterisk fetches the audio from us, where it shares no folder with us.',
    ),
    concurrency: bareWhole(1, 1_000, 'Requests to ring at once, at most.').optional(),
    ...reconnectKeys(),
  };
}

function audioServerKeys() {
  const address = 'an address such as http://192.0.2.10:15080, without user or query';
  const host = 'the name or the address of a machine';
  return {
    host: word(host, /^[A-Za-z0-9.:_-]+$/)
      .default('127.0.0.1')
      .describe('The address of this machine on which it listens.'),
    port: whole(1, 65_535, 15_080, 'The port on which it listens.'),
    public_url: z
      .string({ error: address })
      .refine(isPlainAddress, { error: address })
      .optional()
      .describe('Where Asterisk finds it; left out: http://host:port.'),
  };
}
