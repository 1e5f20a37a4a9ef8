/** What holds a campaign's lock until it is let go of, or its holder is killed. */
export interface CampaignLock {
  release(): void;
}

/** The locks of a disk in memory: one run per campaign. */
export class Locks {
  readonly #held = new Set<string>();

  acquire(campaign: string): CampaignLock | 'held' {
    if (this.#held.has(campaign)) return 'held';
    this.#held.add(campaign);
    let isHeld = true;
    return {
      // Once: by then it can be another's.
      release: () => {
        if (isHeld) this.#held.delete(campaign);
        isHeld = false;
      },
    };
  }
}
