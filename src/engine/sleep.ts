import type { Clock } from './ports.ts';

/**
 * Waits on any kind of timer. Rejects with the signal's reason as soon as that aborts, and leaves
 * neither timer nor listener.
 */
export function sleepOn(
  after: Clock['after'],
  delayMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
