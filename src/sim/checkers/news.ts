/**
 * What is promised of a campaign's progress: one word on each step of it, not one from each run.
 */
import type { Checker, Violation } from '../check.ts';
import { OPERATOR } from '../simulated-channels.ts';
import { isResent, isTheOperators, tellsBy } from './alerts.ts';
import { type Evidence, evidenceOf, type Mark, type Of, toldOf } from './evidence.ts';

type Found = Omit<Violation, 'checker'>;
type Notice = Of<'alerted'> & Mark;

export const NEWS_ONCE: Checker = {
  name: 'news once',
  promise:
    'That a campaign starts, has come to a quarter, a half or three quarters, and is done is ' +
    'told once, however many runs it takes; anew only when somebody is left to call after the end.',
  check: (seen) => {
    if (!seen.promised.alerts) return [];
    const evidence = evidenceOf(seen);
    const notices = seen.log.flatMap((sight, index) =>
      isTheOperators(sight) && sight.kind === 'notice' ? [{ ...sight, index }] : [],
    );
    const campaigns = Map.groupBy(notices, ({ key }) => partsOf(key).campaign);
    const again = [...campaigns.values()].flatMap((its) => repeated(evidence, its));
    return [...again, ...untold(evidence, notices)];
  },
};

/** `campaign:spring:milestone:25` has the part `milestone:25`. */
function partsOf(key: string): { readonly campaign: string; readonly part: string } {
  const [, campaign = '', ...part] = key.split(':');
  return { campaign, part: part.join(':') };
}

function repeated(evidence: Evidence, notices: readonly Notice[]): readonly Found[] {
  const told = new Map<string, Notice>();
  return notices.flatMap((notice): readonly Found[] => {
    const { part } = partsOf(notice.key);
    const before = told.get(part);
    const isSame = before !== undefined && isResent(evidence, before, notice);
    const end = told.get('finished');
    // Also where the word on the first start was lost, so that this could be it.
    const isStart = part === 'started' && end !== undefined;
    if (isStart && isAnyoneLeft(evidence, end, notice)) told.clear();
    const isAgain = !isSame && told.has(part);
    told.set(part, notice);
    return isAgain ? [{ atMs: notice.atMs, message: `${notice.key} is told again` }] : [];
  });
}

/** Whether a run that began after the end of a list had somebody to call. */
function isAnyoneLeft({ seen, lives }: Evidence, end: Notice, start: Notice): boolean {
  const { campaign } = partsOf(start.key);
  const isIts = ({ run }: { readonly run: number }): boolean => {
    const its = lives.find((life) => life.run === run)?.campaign ?? '';
    // Empty where the log knows only one.
    return its === '' || its === campaign;
  };
  const done = toldOf(seen.log, 'run.finished').findLast((one) => {
    return one.index < end.index && isIts(one);
  });
  return toldOf(seen.log, 'run.started').some((began) => {
    const { total, done: through, uncertain } = began.event.contacts;
    const isBetween = began.index > (done?.index ?? 0) && began.index < start.index;
    return isBetween && isIts(began) && through + uncertain < total;
  });
}

/** The last run has found nobody left. */
function untold(evidence: Evidence, notices: readonly Notice[]): readonly Found[] {
  const { seen, lives } = evidence;
  const { channels = [] } = seen.promised;
  const { severities } = channels.find(({ name }) => name === OPERATOR) ?? {};
  if (severities?.includes('info') === false) return [];
  const last = toldOf(seen.log, 'run.finished').at(-1);
  if (last === undefined || last.event.end !== 'done' || last.event.contacts.total === 0) return [];
  const campaign = lives.find(({ run }) => run === last.run)?.campaign;
  const isIt = ({ key }: Notice): boolean => {
    const about = partsOf(key);
    return about.part === 'finished' && (campaign === undefined || about.campaign === campaign);
  };
  const over = tellsBy(evidence, last, notices.find(isIt)?.key ?? '');
  if (over === undefined || notices.some(isIt)) return [];
  return [{ atMs: over.atMs, message: `run ${last.run} finds nobody left, and nobody is told` }];
}
