/**
 * Figures over the last minutes, and what is told where one is too high or well again. There are
 * many events, and most say nothing: each takes constant time.
 */
import { levelAfter } from './alert-level.ts';
import type { WindowPolicy } from './alert-policy.ts';
import { NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import type { AlertWords } from './alert-text.ts';
import { meanOf, type SlidingWindow } from './sliding-window.ts';

/** What was told above a limit is over only at so much of it, */
export const CLEAR_SHARE = 0.8;
/** and only when it has stayed there for so long. */
export const CLEAR_AFTER_MS = 5 * 60_000;

export interface Figure {
  readonly policy: WindowPolicy;
  readonly limitAt: number;
  readonly window: SlidingWindow;
  readonly key: string;
  readonly raised: () => Pick<
    Extract<Sign, { type: 'raised' }>,
    'rule' | 'words' | 'service' | 'affected' | 'contacts'
  >;
  readonly cleared: () => AlertWords;
}

export class FigureJudge {
  /** By key; see `Turning`. */
  readonly #turnings = new Map<string, number>();

  /** Nothing is told, and nothing is to be told: by far the most of the time. */
  isCalm({ sum, count }: SlidingWindow, limitAt: number, { open }: WatchMoment): boolean {
    return open.size === 0 && sum <= limitAt * count && this.#turnings.size === 0;
  }

  judge(figure: Figure, { open, nowMs, wallMs }: WatchMoment): readonly Sign[] {
    const { policy, limitAt, window, key } = figure;
    const value = meanOf(window);
    if (value === undefined || window.count < policy.callsMin) return NO_SIGNS;
    const band = {
      raiseAt: limitAt,
      raiseAfterMs: 0,
      clearAt: CLEAR_SHARE * limitAt,
      clearAfterMs: CLEAR_AFTER_MS,
    };
    const before = this.#turnings.get(key);
    const { turning, verdict } = levelAfter(band, open.has(key), before, value, nowMs);
    if (turning === undefined) this.#turnings.delete(key);
    else this.#turnings.set(key, turning);
    if (verdict === undefined) return NO_SIGNS;
    return verdict === 'raise'
      ? [{ type: 'raised', key, sinceMs: wallMs, ...figure.raised() }]
      : [{ type: 'cleared', key, words: figure.cleared() }];
  }
}
