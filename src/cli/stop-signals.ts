import { spanText } from '../domain/text.ts';
import type { RunSignals } from '../engine/runner.ts';
import { Stopped } from '../engine/stopped.ts';
import type { StopSignal, World } from './world.ts';

/**
 * One wish to stop may be delivered several times: timeout(1) signals its child and then the whole
 * group, npm and our launcher pass signals on. So close together they are one; nobody presses
 * Ctrl-C that fast.
 */
const SAME_PRESS_MS = 300;

/**
 * Where no person presses keys, the deliveries of one wish may be seconds apart on a busy machine,
 * and taking them for two would hang up on people. Supervisors do not ask twice: they kill.
 */
const SAME_REQUEST_MS = 5_000;

/**
 * Ctrl-C and SIGTERM: the first drains, the second stops.
 *
 * @param say tells the person what is done about it
 * @param callMs how long somebody may be on the line; undefined where no phone rings
 */
export function stopSignals(
  world: World,
  say: (text: string) => void,
  callMs?: number,
): Disposable & { readonly signals: RunSignals } {
  const drain = new AbortController();
  const stop = new AbortController();
  let lastMs = Number.NEGATIVE_INFINITY;
  const off = world.onStop((signal) => {
    const nowMs = world.clock.monotonicMs();
    const isPressed = signal === 'SIGINT' && world.stderr.isTerminal;
    const again = nowMs - lastMs >= (isPressed ? SAME_PRESS_MS : SAME_REQUEST_MS);
    lastMs = nowMs;
    if (!drain.signal.aborted) {
      say(drainingText(signal, world.pid, callMs));
      drain.abort(new Stopped('asked to stop'));
    } else if (again && !stop.signal.aborted) {
      say('stopping at once: calls in progress are hung up, the next run goes on from the journal');
      stop.abort(new Stopped('asked twice to stop'));
    }
  });
  return {
    signals: { drain: drain.signal, stop: stop.signal },
    [Symbol.dispose]: off,
  };
}

/** Where nobody has asked, it says why; the keys of a parent that is gone do not get here. */
function drainingText(signal: StopSignal, pid: number, callMs: number | undefined): string {
  const isGone = signal === 'parent_gone';
  const why = isGone ? ' because the process that had started this one is gone' : '';
  const again = isGone ? `"kill ${pid}" later than in 5 s` : 'Ctrl-C again';
  return callMs === undefined
    ? `stopping${why}: no new contact is taken, calls in progress end. ${again} stops at once`
    : `stopping${why}: no new contact is taken, and no call that fails is tried again; who is ` +
        `on the line is brought to their end, in ${spanText(callMs)} at most. ${again} hangs up ` +
        'at once';
}
