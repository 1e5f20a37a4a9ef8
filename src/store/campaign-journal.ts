import type { Journal, ScriptInForce } from '../engine/ports.ts';

/** The journal of one campaign, as the run that holds its lock sees it. */
export interface CampaignJournal extends Journal {
  /**
   * Begins a run: gives the contacts that a dead run had claimed back to the queue, at their old
   * places, under a new fence, and those whose record was refused as well; and makes everybody due
   * who was put off for longer than anybody may be. Only for the holder of the campaign's lock,
   * before it claims. Answers how many were claimed.
   *
   * @throws StoreError
   */
  recover(nowMs: number): number;
  /**
   * Says what texts are written by from now on. Where that is another script than before, text and
   * audio of those not called yet are forgotten, for keys that they name may stand for something
   * else by now; answers of how many. What may be on its way stays as it is: see `Claim.former`.
   * After `recover`.
   *
   * @throws StoreError
   */
  writeBy(script: ScriptInForce): number;
}
