/**
 * What is told of the rows of a list, for notices and summaries. Empty where there is nothing.
 */
import { counted, listed } from '../domain/text.ts';
import type { LinesFound } from '../store/report-rows.ts';
import { shellWord } from './shell-word.ts';

const CAMPAIGNS_SHOWN = 3;

export function begunText(campaign: string, done: number, total: number): string {
  return (
    `the campaign ${campaign} has begun: ${done} of these ${counted(total, 'contact')} ` +
    `${done === 1 ? 'has an outcome and is' : 'have an outcome and are'} not called again`
  );
}

export function reusedText({ count, lines }: LinesFound): string {
  return count === 0
    ? ''
    : `${counted(count, 'row')} ${haveText(count)} the id of somebody who has an outcome at ` +
        `another number: not called (${linesText(count, lines)}). Give new people new ids, or ` +
        'the list a campaign of its own with --name';
}

export function renamedText({ count, lines }: LinesFound, sameNumber: 'reject' | 'allow'): string {
  if (count === 0) return '';
  const who =
    `${counted(count, 'row')} ${haveText(count)} the number of somebody whom this campaign ` +
    `called under another id (${linesText(count, lines)})`;
  return sameNumber === 'allow'
    ? `${who}: called again. If that is not meant, stop, and give the list the ids that it had`
    : `${who}: rejected`;
}

export function todayText(again: readonly (readonly [string, string])[], total: number): string {
  if (again.length === 0) return '';
  const counts = new Map<string, number>();
  for (const [, name] of again) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts].map(([name, count]) => `${name} (${count})`);
  const [first = ''] = counts.keys();
  const one = again.length === 1;
  const by =
    counts.size === 1
      ? `the campaign ${first}`
      : `${counts.size} campaigns: ${listed(names.slice(0, CAMPAIGNS_SHOWN))}` +
        (names.length > CAMPAIGNS_SHOWN ? ' and others' : '');
  return (
    `${again.length.toLocaleString('en-US')} of the ${counted(total, 'contact')} to call ` +
    `${one ? 'has a number that was' : 'have numbers that were'} called today by ${by}. ` +
    'If this is the same list under another name, stop, and go on with ' +
    `--name ${shellWord(first)}: it calls nobody again`
  );
}

function haveText(count: number): string {
  return count === 1 ? 'has' : 'have';
}

export function blankText(column: string, { count, lines }: LinesFound): string {
  return (
    `${counted(count, 'row')} ${haveText(count)} no ${column}, which the text uses ` +
    `(${linesText(count, lines)}): ${count === 1 ? 'it is' : 'they are'} called, with nothing in ` +
    'its place. Fill it in, or write {{ ' +
    column +
    ' | default: "…" }}'
  );
}

/** `line 3`, `lines 2, 3, 4 and 7 more`. */
export function linesText(count: number, lines: readonly number[]): string {
  const more = count - lines.length;
  const last = more === 0 ? [] : [`${more.toLocaleString('en-US')} more`];
  return `${count === 1 ? 'line' : 'lines'} ${listed([...lines.map(String), ...last])}`;
}
