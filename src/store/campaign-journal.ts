import type { Journal } from '../engine/ports.ts';

/** The journal of one campaign, as the run that holds its lock sees it. */
export interface CampaignJournal extends Journal {
  /**
   * Begins a run: gives the contacts that a dead run had claimed back to the queue, at their old
   * places, under a new fence, and those whose record was refused as well. Only for the holder of
   * the campaign's lock, before it claims. Answers how many were claimed.
   *
   * @throws StoreError
   */
  recover(): number;
}
