/**
 * Settings that can come from the environment without being named in config.yml: those of Asterisk,
 * as whoever runs it in a container expects. Where a variable is set, it is what counts.
 */
import { type ConfigPath, pathText } from './config-problems.ts';
import type { ConfigSource, Environment, Place } from './config-source.ts';

interface Override {
  readonly service: string;
  readonly key: string;
}

const OVERRIDES: Readonly<Record<string, Override>> = {
  ARI_URL: { service: 'asterisk-ari', key: 'url' },
  ARI_USERNAME: { service: 'asterisk-ari', key: 'username' },
  ARI_PASSWORD: { service: 'asterisk-ari', key: 'password' },
  AMI_HOST: { service: 'asterisk-ami', key: 'host' },
  AMI_PORT: { service: 'asterisk-ami', key: 'port' },
  AMI_USERNAME: { service: 'asterisk-ami', key: 'username' },
  AMI_PASSWORD: { service: 'asterisk-ami', key: 'password' },
  AMI_EVENTS: { service: 'asterisk-ami', key: 'events' },
  AMI_RETRY_INTERVAL: { service: 'asterisk-ami', key: 'retry_interval' },
  AMI_RETRY_MAX: { service: 'asterisk-ami', key: 'retry_max' },
};

/** `true` makes the service the dialer, before all others; `false` takes it out of the chain. */
const SWITCHES: Readonly<Record<string, string>> = { AMI_ENABLED: 'asterisk-ami' };

/** Shown by name alone. */
const SECRETS: ReadonlySet<string> = new Set(['password']);

type Group = Record<string, unknown>;

/** The same source with what the environment says; the very same where that is nothing. */
export function withEnvironment(source: ConfigSource, env: Environment): ConfigSource {
  const value = groupOf(structuredClone(source.value));
  const from = new Map<string, string>();
  const problems = [...source.problems];
  for (const [name, service] of Object.entries(SWITCHES)) {
    const text = (env[name] ?? '').trim().toLowerCase();
    if (text === '') continue;
    const place = { line: 1, column: 1, path: 'services.dialer', isInEnvironment: true };
    const found = `${name}="${text}"`;
    if (text !== 'true' && text !== 'false') {
      problems.push({ ...place, found, allowed: 'true or false' });
      continue;
    }
    const isOn = text === 'true';
    if (!isOn && chainOf(value).every((one) => one === service)) {
      problems.push({ ...place, found, allowed: `another dialer beside ${service}: none is left` });
      continue;
    }
    switchDialer(value, service, isOn);
    from.set('services.dialer', name);
  }
  const chain = chainOf(value);
  for (const [name, { service, key }] of Object.entries(OVERRIDES)) {
    const text = env[name] ?? '';
    // Whoever does not use it may have such variables for another program.
    if (text === '' || !chain.includes(service)) continue;
    childOf(childOf(value, 'providers'), service)[key] = text;
    from.set(pathText(['providers', service, key]), name);
  }
  if (from.size === 0 && problems.length === source.problems.length) return source;
  const nameOf = (path: ConfigPath): string | undefined => from.get(pathText(path));
  const placed = (path: ConfigPath, place: Place): Place => {
    const name = nameOf(path);
    if (name === undefined) return place;
    const shown = SECRETS.has(String(path.at(-1))) ? name : `${name}="${env[name]}"`;
    return { ...place, found: shown, isInEnvironment: true };
  };
  return {
    value,
    problems,
    brokenLine: source.brokenLine,
    missing: source.missing.filter(({ path }) => nameOf(path) === undefined),
    place: (path) => placed(path, source.place(path)),
    placeOfKey: (path) => placed(path, source.placeOfKey(path)),
    isFromEnvironment: (path) => nameOf(path) !== undefined || source.isFromEnvironment(path),
    hasVariable: (path) => nameOf(path) !== undefined || source.hasVariable(path),
  };
}

function switchDialer(value: Group, service: string, isOn: boolean): void {
  const others = chainOf(value).filter((name) => name !== service);
  // A preview rings nobody, and has no place beside one that does.
  const ringing = others.filter((name) => name !== 'preview');
  childOf(value, 'services')['dialer'] = isOn ? [service, ...ringing] : others;
}

function chainOf(value: Group): readonly string[] {
  const { services } = value;
  const chain = groupOf(services)['dialer'];
  return Array.isArray(chain) ? chain.map(String) : ['preview'];
}

function childOf(value: Group, key: string): Group {
  const child = groupOf(value[key]);
  value[key] = child;
  return child;
}

function groupOf(value: unknown): Group {
  const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isGroup ? (value as Group) : {};
}
