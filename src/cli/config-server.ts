/**
 * The section `server` of config.yml: its keys, what it means, and what must be true of it.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import type { Finding } from './config-problems.ts';
import { secret, whole } from './config-schema-parts.ts';

/** Not to be guessed within the life of a run, however many guesses a second. */
const TOKEN_CHARACTERS_MIN = 16;

const HOST = 'an address of this machine, such as 127.0.0.1, ::1 or 0.0.0.0, or its name';
const TOKEN = '"${SERVER_TOKEN}", from the environment';

export function serverKeys() {
  return {
    enabled: z
      .boolean({ error: 'true or false' })
      .default(false)
      .describe('Whether a run shows its state over HTTP; `run --serve` does so too.'),
    host: z
      .string({ error: HOST })
      .refine(isHost, { error: HOST })
      .default('127.0.0.1')
      .describe('Where it listens: this machine alone, unless another address stands here.'),
    port: whole(0, 65_535, 15_000, 'On which port; 0 takes any that is free and says which.'),
    token: secret(
      'Whoever asks must know it, as "${NAME}" from the environment; needed where other ' +
        'machines may ask.',
      'SERVER_TOKEN',
    ),
  };
}

export interface ServerSettings {
  readonly enabled: boolean;
  /** Without brackets, where it is an address of IPv6. */
  readonly host: string;
  readonly port: number;
  /** Undefined where nobody is asked for one: only on this machine. */
  readonly token: string | undefined;
}

type Written = z.output<z.ZodObject<ReturnType<typeof serverKeys>>>;

export function serverSettings({ enabled, host, port, token }: Written): ServerSettings {
  return { enabled, host: bare(host), port, token: token?.trim() };
}

/** Only this machine can ask there. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

/** What other machines could see without a token; a token that can be guessed, or in the file. */
export function serverFindings(
  { enabled, host, token = '' }: ServerSettings,
  isFromEnvironment: boolean,
): readonly Finding[] {
  const path = ['server', 'token'];
  if (token !== '' && !isFromEnvironment) {
    return [{ path, found: 'a secret written into the file', allowed: TOKEN }];
  }
  if (!enabled) return [];
  if (token === '' && !isLoopback(host)) {
    // At the host: of a token whose variable is not set, nothing more is said by the rules.
    const found = `${host}, which other machines can reach, without a token`;
    const allowed = `127.0.0.1; or any address with server.token: ${TOKEN}`;
    return [{ path: ['server', 'host'], found, allowed }];
  }
  return token !== '' && token.length < TOKEN_CHARACTERS_MIN
    ? [
        {
          path,
          found: `a token of ${token.length} characters`,
          allowed: `at least ${TOKEN_CHARACTERS_MIN}, such as \`openssl rand -hex 24\` makes`,
        },
      ]
    : [];
}

function isHost(text: string): boolean {
  const host = bare(text);
  return isIP(host) !== 0 || (/^[A-Za-z][A-Za-z0-9.-]{0,252}$/.test(host) && !text.includes('['));
}

function bare(host: string): string {
  return host.trim().replace(/^\[(.*)\]$/, '$1');
}
