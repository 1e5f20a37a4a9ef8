/**
 * The settings of `asterisk-ari` in the program's own terms, and what must be true of them.
 */
import type { Judged } from './config-judged.ts';
import type { ConfigPath, Finding } from './config-problems.ts';
import type { ConfigFile } from './config-schema.ts';
import { durationText, parseDuration } from './durations.ts';
import type { AriProvider } from './settings.ts';

/** A dead peer is noticed after `keep_alive` and this. */
const KEEP_ALIVE_ANSWER_MS = 5_000;
/** Good for so long, a connection has its waits begin anew. */
const STABLE_MS = 60_000;

type Written = ConfigFile['providers']['asterisk-ari'];

export function ariProvider(own: Written): AriProvider {
  const ms = (text: string): number => parseDuration(text) ?? 0;
  const detects = own.machine_detection === 'detect';
  return {
    url: own.url.replace(/\/+$/, ''),
    username: (own.username ?? '').trim(),
    password: (own.password ?? '').trim(),
    app: own.app,
    endpoint: (own.endpoint ?? '').trim(),
    callerId: own.caller_id,
    ringMs: ms(own.ring_time),
    variables: own.variables,
    machineContext: detects ? own.machine_context : undefined,
    voicemail: own.voicemail,
    sounds: own.sounds?.replace(/\/+$/, ''),
    audioServer: audioServer(own.audio_server),
    reconnect: {
      initialDelayMs: ms(own.retry_interval),
      delayMsMax: ms(own.retry_max),
      stableMs: STABLE_MS,
    },
    keepAlive: { intervalMs: ms(own.keep_alive), timeoutMs: KEEP_ALIVE_ANSWER_MS },
  };
}

function audioServer(own: Written['audio_server']): AriProvider['audioServer'] {
  if (own === undefined) return undefined;
  const { host, port } = own;
  const publicUrl = (own.public_url ?? `http://${host}:${port}`).replace(/\/+$/, '');
  return { host, port, publicUrl };
}

const at = (...keys: readonly string[]): ConfigPath => ['providers', 'asterisk-ari', ...keys];

export function ariAccount({ config }: Judged): readonly Finding[] {
  if (!config.services.dialer.includes('asterisk-ari')) return [];
  const { username, endpoint, password } = config.providers['asterisk-ari'];
  const found = 'nothing';
  const user = 'a user of ari.conf, also as ARI_USERNAME from the environment';
  const secretText = '"${ARI_PASSWORD}", its password from the environment';
  const channel = 'whom Asterisk rings, such as "PJSIP/{number}@trunk"';
  return [
    ...(username === '' ? [{ path: at('username'), found, allowed: user }] : []),
    ...(password === '' ? [{ path: at('password'), found, allowed: secretText }] : []),
    ...(endpoint === '' ? [{ path: at('endpoint'), found, allowed: channel }] : []),
  ];
}

export function ariSecret({ config, source }: Judged): readonly Finding[] {
  const path = at('password');
  const isWritten = config.providers['asterisk-ari'].password !== '' && !source.hasVariable(path);
  const allowed = '"${ARI_PASSWORD}", its password from the environment';
  return isWritten ? [{ path, found: 'a password written into the file', allowed }] : [];
}

export function ariWaits({ config }: Judged): readonly Finding[] {
  const { initialDelayMs, delayMsMax } = config.providers['asterisk-ari'].reconnect;
  const allowed = `at least retry_interval (${durationText(initialDelayMs)})`;
  return delayMsMax >= initialDelayMs
    ? []
    : [
        {
          path: at('retry_max'),
          with: [at('retry_interval')],
          found: durationText(delayMsMax),
          allowed,
        },
      ];
}

/** Both would be a setting that is not looked at. */
export function ariAudio({ config }: Judged): readonly Finding[] {
  const { sounds, audioServer: server } = config.providers['asterisk-ari'];
  return sounds === undefined || server === undefined
    ? []
    : [
        {
          path: at('sounds'),
          with: [at('audio_server')],
          found: 'a folder, and a server in audio_server',
          allowed: 'one of the two',
        },
      ];
}
