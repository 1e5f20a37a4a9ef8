/**
 * What is promised of a second run of the same campaign: it is turned away, and no other is.
 */
import type { Checker, Seen, Violation } from '../check.ts';
import { evidenceOf, type Life } from './evidence.ts';

type Found = Omit<Violation, 'checker'>;

export const ONE_RUN: Checker = {
  name: 'one run',
  promise:
    'A campaign is worked by one run at a time: a second cron job is turned away, and no run of ' +
    'another campaign is.',
  check: (seen) => {
    const { lives } = evidenceOf(seen);
    const twice = lives.flatMap(({ run, campaign, began }) => {
      const other = lives.find((life) => life.campaign === campaign && isOn(life, began.index));
      if (other === undefined) return [];
      const message = `run ${run} begins while run ${other.run} works the same list`;
      return [{ atMs: began.atMs, message }];
    });
    return [...twice, ...turnedAway(seen, lives)];
  },
};

function turnedAway({ log }: Seen, lives: readonly Life[]): readonly Found[] {
  return log.flatMap((sight, index) => {
    if (sight.type !== 'locked_out') return [];
    const { campaign, atMs } = sight;
    if (lives.some((life) => life.campaign === campaign && isOn(life, index))) return [];
    return [{ atMs, message: `a start of ${campaign} is turned away, and no run of it is on` }];
  });
}

function isOn({ began, over }: Life, index: number): boolean {
  return began.index < index && (over === undefined || over.index >= index);
}
