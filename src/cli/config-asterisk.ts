/**
 * The settings of an Asterisk in the program's own terms, and what must be true of them.
 */
import type { Judged } from './config-judged.ts';
import type { ConfigPath, Finding } from './config-problems.ts';
import type { ConfigFile } from './config-schema.ts';
import { durationText, parseDuration } from './durations.ts';
import type { AmiProvider, Config } from './settings.ts';

/** A dead peer is noticed after `keep_alive` and this. */
const KEEP_ALIVE_ANSWER_MS = 5_000;
/** Good for so long, a connection has its waits begin anew. */
const STABLE_MS = 60_000;

export function amiProvider(own: ConfigFile['providers']['asterisk-ami']): AmiProvider {
  const ms = (text: string): number => parseDuration(text) ?? 0;
  return {
    host: own.host,
    port: own.port,
    username: (own.username ?? '').trim(),
    password: (own.password ?? '').trim(),
    events: own.events.replaceAll(' ', ''),
    endpoint: (own.endpoint ?? '').trim(),
    context: own.context,
    extension: own.extension,
    callerId: own.caller_id,
    ringMs: ms(own.ring_time),
    machineDetection: own.machine_detection === 'detect',
    variables: own.variables,
    sounds: own.sounds?.replace(/\/+$/, ''),
    reconnect: {
      initialDelayMs: ms(own.retry_interval),
      delayMsMax: ms(own.retry_max),
      stableMs: STABLE_MS,
    },
    keepAlive: { intervalMs: ms(own.keep_alive), timeoutMs: KEEP_ALIVE_ANSWER_MS },
  };
}

export function amiAccount({ config }: Judged): readonly Finding[] {
  if (!config.services.dialer.includes('asterisk-ami')) return [];
  const { username, endpoint, password } = config.providers['asterisk-ami'];
  const at = (key: string): ConfigPath => ['providers', 'asterisk-ami', key];
  const found = 'nothing';
  const user = 'a user of manager.conf, also as AMI_USERNAME from the environment';
  const secretText = '"${AMI_PASSWORD}", its secret from the environment';
  const channel = 'whom Asterisk rings, such as "PJSIP/{number}@trunk"';
  return [
    ...(username === '' ? [{ path: at('username'), found, allowed: user }] : []),
    ...(password === '' ? [{ path: at('password'), found, allowed: secretText }] : []),
    ...(endpoint === '' ? [{ path: at('endpoint'), found, allowed: channel }] : []),
  ];
}

/** What is allowed, and should be known before the first call. */
export function endpointNotices({ services, providers }: Config): readonly string[] {
  const asterisks = (['asterisk-ari', 'asterisk-ami'] as const).filter((name) =>
    services.dialer.includes(name),
  );
  return asterisks.flatMap((name) => {
    const { endpoint } = providers[name];
    const [technology = '', , options = ''] = endpoint.split('/');
    return technology.toLowerCase() !== 'local' || options.includes('n')
      ? []
      : [
          `providers.${name}.endpoint is "${endpoint}", without /n: once somebody picks up, ` +
            'Asterisk takes that channel out of the call, and how the call ends cannot be seen ' +
            `(uncertain). Write "${technology}/${endpoint.split('/')[1] ?? ''}/n${options}"`,
        ];
  });
}

export function amiSecret({ config, source }: Judged): readonly Finding[] {
  const path = ['providers', 'asterisk-ami', 'password'];
  const isWritten = config.providers['asterisk-ami'].password !== '' && !source.hasVariable(path);
  const allowed = '"${AMI_PASSWORD}", its secret from the environment';
  return isWritten ? [{ path, found: 'a password written into the file', allowed }] : [];
}

export function amiWaits({ config }: Judged): readonly Finding[] {
  const { initialDelayMs, delayMsMax } = config.providers['asterisk-ami'].reconnect;
  const path = ['providers', 'asterisk-ami', 'retry_max'];
  const first = ['providers', 'asterisk-ami', 'retry_interval'];
  const allowed = `at least retry_interval (${durationText(initialDelayMs)})`;
  return delayMsMax >= initialDelayMs
    ? []
    : [{ path, with: [first], found: durationText(delayMsMax), allowed }];
}
