import type { CallRecord, Receipt } from '../../../src/engine/ports.ts';
import type { ResultsLedger } from '../../../src/services/crm/csv.ts';

/** What the journal does with records: their begin first, their end when the row is in the file. */
export class FakeLedger implements ResultsLedger {
  readonly #open = new Set<string>();
  readonly #recorded: CallRecord[] = [];
  #bytes = 0;

  bytes(): number {
    return this.#bytes;
  }

  hasOpenRecords(): boolean {
    return this.#open.size > 0;
  }

  recorded(): Iterable<CallRecord> {
    return this.#recorded;
  }

  begin(record: CallRecord): void {
    this.#open.add(record.call);
  }

  end(record: CallRecord, receipt: Receipt): void {
    this.#open.delete(record.call);
    this.#recorded.push(record);
    this.#bytes = Math.max(this.#bytes, receipt.bytes ?? 0);
  }
}
