import type { AbortWatch, RequestContext } from './ports.ts';

/** Asks no context for its signal that has something cheaper. */
export function watchOf(context: Pick<RequestContext, 'signal' | 'watch'>): AbortWatch {
  return context.watch ?? signalWatch(context.signal);
}

export function signalWatch(signal: AbortSignal): AbortWatch {
  return {
    get aborted() {
      return signal.aborted;
    },
    get reason() {
      return signal.reason as unknown;
    },
    onAbort: (listener) => {
      signal.addEventListener('abort', listener, { once: true });
    },
    offAbort: (listener) => {
      signal.removeEventListener('abort', listener);
    },
  };
}
