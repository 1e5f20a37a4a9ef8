/**
 * What is promised of a second run of the same campaign: it is turned away.
 */
import type { Checker } from '../check.ts';
import { evidenceOf } from './evidence.ts';

export const ONE_RUN: Checker = {
  name: 'one run',
  promise: 'A campaign is worked by one run at a time: a second cron job is turned away.',
  check: (seen) => {
    const { lives } = evidenceOf(seen);
    return lives.flatMap(({ run, campaign, began }) => {
      const other = lives.find((life) => {
        const isOver = life.over !== undefined && life.over.index < began.index;
        return life.campaign === campaign && life.began.index < began.index && !isOver;
      });
      if (other === undefined) return [];
      const message = `run ${run} begins while run ${other.run} works the same list`;
      return [{ atMs: began.atMs, message }];
    });
  },
};
