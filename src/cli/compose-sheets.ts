/**
 * The Google spreadsheet that config.yml has on: rows from the journal, an outbox, Google's client.
 */
import type { CampaignEvent, RowsOwed } from '../domain/event.ts';
import type { EventStream } from '../engine/event-stream.ts';
import type { Clock, Http, Journal, RandomSource, RowMemory } from '../engine/ports.ts';
import { openGoogleSheet } from '../observers/sheets/google-sheet.ts';
import { RowOutbox } from '../observers/sheets/row-outbox.ts';
import { SheetRows } from '../observers/sheets/sheet-rows.ts';
import type { SheetsConfig } from './config-sheets.ts';

export interface SheetsParts {
  readonly campaign: string;
  readonly sheets: SheetsConfig;
  readonly rows: (campaign: string) => RowMemory;
  /** Of all campaigns that owe any. */
  readonly owed: () => readonly RowsOwed[];
  /** Closed by whoever made it. */
  readonly http: Http;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly events: EventStream;
  /** The end of the run is not to be held up. */
  readonly stop: AbortSignal;
  /** Takes what has to be closed at the end. */
  readonly owned: AsyncDisposableStack;
}

/** The journal, which owes the sheet its rows where that is on. */
export function withSheet(journal: Journal, parts: SheetsParts): Journal {
  const { campaign, sheets, http, clock, random, events, stop, owned } = parts;
  if (!sheets.enabled) {
    return journal;
  }
  const memory = parts.rows(campaign);
  const outbox = owned.use(
    new RowOutbox({
      open: () => openGoogleSheet(sheets, http),
      memory,
      clock,
      random,
      emit: (event) => events.emit(withOthers(event, parts)),
      stop,
    }),
  );
  const rows = new SheetRows({ campaign, memory, clock, onOwed: () => outbox.put() });
  events.listen('Google Sheets', (event) => {
    rows.take(event);
  });
  outbox.start();
  return rows.journal(journal);
}

/** Each campaign writes its own rows: whoever reads of this one's must not take them for all. */
function withOthers(event: CampaignEvent, { owed, campaign }: SheetsParts): CampaignEvent {
  if (event.type !== 'sheet.works' && event.type !== 'sheet.away') return event;
  const elsewhere = owed().filter((one) => one.campaign !== campaign);
  return elsewhere.length === 0 ? event : { ...event, elsewhere };
}
