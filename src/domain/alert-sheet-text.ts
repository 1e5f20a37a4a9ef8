/** What is said of rows that Google Sheets does not take, and then takes again. */
import { type AlertWords, troubleText } from './alert-text.ts';
import type { EventOf, RowsOwed } from './event.ts';
import { counted, listed, spanText } from './text.ts';

/** So many campaigns are named. */
const NAMED_MAX = 5;

export function sheetAwayWords(campaign: string, event: EventOf<'sheet.away'>): AlertWords {
  const { waiting, elsewhere = [] } = event;
  const own = waiting === 0 ? [] : [{ campaign, rows: waiting }];
  const all = [...own, ...elsewhere];
  const soFar = all.length === 0 ? '' : ` (so far ${rowsText(all)})`;
  return {
    title: 'Google Sheets takes no rows',
    what: troubleText(event),
    doing:
      `Calls go on as if nothing were. The rows wait on disk here${soFar} and are written as ` +
      'soon as that works again, those of each campaign by its own run: this one or the next.',
    toDo:
      '"campaign check --online" says what is wrong, and with which address the sheet is to be ' +
      'shared. If Google itself is down, nothing: one more message says when it is back.',
  };
}

export function sheetWorksWords(
  campaign: string,
  { elsewhere = [] }: EventOf<'sheet.works'>,
  durationMs: number,
): AlertWords {
  const others = elsewhere.length === 0 ? '' : ` ${elsewhereText(elsewhere)}.`;
  return {
    title: 'Google Sheets takes rows again',
    what: `It was away for ${spanText(durationMs)}.`,
    doing: `The rows of ${campaign} that waited are being written.${others}`,
    toDo:
      elsewhere.length === 0
        ? 'Nothing.'
        : 'Run the lists of these campaigns once more, finished ones too: that writes their ' +
          'rows, and whoever has an outcome is not called again. Nothing, where a run is on or ' +
          'to come. "campaign status" says how many rows each still has.',
  };
}

/** `60 rows of w2 wait for a run of their own campaign`; of one campaign at least. */
export function elsewhereText(owed: readonly RowsOwed[]): string {
  const waits = totalOf(owed) === 1 ? 'waits for a run of its' : 'wait for a run of their';
  return `${rowsText(owed)} ${waits} own campaign`;
}

/** `8 rows of w1, 60 rows of w2 and 7 rows of 3 more campaigns`. */
function rowsText(owed: readonly RowsOwed[]): string {
  const named = owed.slice(0, NAMED_MAX);
  const others = owed.slice(NAMED_MAX);
  const more = `${counted(totalOf(others), 'row')} of ${counted(others.length, 'more campaign')}`;
  return listed([
    ...named.map(({ campaign, rows }) => `${counted(rows, 'row')} of ${campaign}`),
    ...(others.length === 0 ? [] : [more]),
  ]);
}

function totalOf(owed: readonly RowsOwed[]): number {
  return owed.reduce((sum, { rows }) => sum + rows, 0);
}
