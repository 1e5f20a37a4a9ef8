/**
 * What the routes answer, from the state of the run. Pure.
 */
import { maskNumbers } from '../domain/privacy.ts';
import { type RunStatus, rolesDown, type ServiceStatus } from '../domain/run-status.ts';

export interface Answer {
  readonly code: 200 | 503;
  readonly body: Readonly<Record<string, unknown>>;
}

const CONNECTED: Readonly<Record<ServiceStatus['health'], string>> = {
  healthy: 'connected',
  degraded: 'degraded',
  unhealthy: 'disconnected',
};

/** `GET /health`: whether everything that the run uses is there; if not, what, and since when. */
export function healthAnswer({ campaign, phase, services }: RunStatus): Answer {
  const ill = services.filter(({ health }) => health !== 'healthy');
  const isStarting = phase === 'starting';
  const isWell = !isStarting && ill.length === 0;
  return {
    code: isWell ? 200 : 503,
    body: {
      status: isWell ? 'healthy' : isStarting ? 'starting' : 'unhealthy',
      campaign,
      phase,
      dependencies: Object.fromEntries(services.map(({ key, health }) => [key, CONNECTED[health]])),
      ...(ill.length > 0 && {
        problems: Object.fromEntries(ill.map((service) => [service.key, problemOf(service)])),
      }),
    },
  };
}

function problemOf({ role, breaker, sinceMs, reason, retryAfterMs }: ServiceStatus): object {
  return {
    role,
    breaker,
    since: sinceMs === undefined ? undefined : isoTime(sinceMs),
    reason: reason === undefined ? undefined : maskNumbers(reason),
    retry_after_ms: Math.round(retryAfterMs),
  };
}

/**
 * `GET /api/health`, for programs: always 200, the status says the rest. `degraded`: something is
 * away that another service stands in for; `error`: nobody does the work of some role.
 */
export function apiHealthAnswer({ phase, nowMs, services }: RunStatus): Answer {
  const isWell = services.every(({ health }) => health === 'healthy');
  const isDown = rolesDown(services).length > 0;
  const status = phase === 'starting' ? 'starting' : isDown ? 'error' : isWell ? 'ok' : 'degraded';
  const connected = services.map((service) => [
    `${connectionName(service.key)}_connected`,
    service.health === 'healthy',
  ]);
  const timestamp = isoTime(nowMs);
  return { code: 200, body: { status, timestamp, ...Object.fromEntries(connected) } };
}

/** `asterisk-ami` is `ami`, `openai (tts)` is `openai_tts`. */
export function connectionName(key: string): string {
  const words = key.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return (words[0] === 'asterisk' && words.length > 1 ? words.slice(1) : words).join('_');
}

/** `GET /live`: there is an answer, so the process is alive. */
export const LIVE: Answer = { code: 200, body: { status: 'alive' } };

/** `GET /ready`: the store is open, the run has begun, and new contacts are taken. */
export function readyAnswer({ phase }: RunStatus): Answer {
  const isReady = phase === 'running';
  return { code: isReady ? 200 : 503, body: { status: isReady ? 'ready' : phase } };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
