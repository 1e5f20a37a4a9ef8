/**
 * Who may see what a run shows over HTTP.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface Asked {
  readonly path: string;
  readonly host: string | undefined;
  readonly authorization: string | undefined;
}

/** `unauthorized`: the token is missing or wrong. `misdirected`: asked under a foreign name. */
export type Access = 'allowed' | 'unauthorized' | 'misdirected';

/** They say nothing of the campaign, and what restarts a container can often send no token. */
const OPEN_PATHS: readonly string[] = ['/live', '/ready'];

/**
 * With a token, whoever knows it. Without one only this machine can ask; and there, no page of
 * another site whose name was made to point here (DNS rebinding), which its browser names as host.
 */
export function accessOf(asked: Asked, token: string | undefined): Access {
  if (token === undefined) return isOwnName(asked.host) ? 'allowed' : 'misdirected';
  if (OPEN_PATHS.includes(asked.path)) return 'allowed';
  const given = tokenIn(asked.authorization);
  return given !== undefined && isSame(given, token) ? 'allowed' : 'unauthorized';
}

/** `Bearer <token>`, or the token as the password of `Basic`, which a browser asks people for. */
function tokenIn(authorization = ''): string | undefined {
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return credentials;
    case 'basic': {
      const text = Buffer.from(credentials, 'base64').toString('utf8');
      const colon = text.indexOf(':');
      return colon < 0 ? undefined : text.slice(colon + 1);
    }
    default:
      return undefined;
  }
}

/** Takes as long for every wrong token, whatever part of it is right and however long it is. */
function isSame(given: string, token: string): boolean {
  return timingSafeEqual(hashOf(given), hashOf(token));
}

function hashOf(text: string): Uint8Array {
  return createHash('sha256').update(text, 'utf8').digest();
}

function isOwnName(host: string | undefined): boolean {
  const name = host?.replace(/:\d+$/, '') ?? '';
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(name);
}
