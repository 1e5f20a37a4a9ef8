interface Entry<Item> {
  readonly rank: number;
  readonly item: Item;
}

/**
 * Items by rank, the lowest first. An item that is no longer wanted stays in until it comes up:
 * whoever looks at the first says which still count.
 */
export class MemoryHeap<Item> {
  readonly #entries: Entry<Item>[] = [];

  push(rank: number, item: Item): void {
    const entries = this.#entries;
    let index = entries.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = entries[parentIndex];
      if (parent === undefined || parent.rank <= rank) break;
      entries[index] = parent;
      index = parentIndex;
    }
    entries[index] = { rank, item };
  }

  /** The first that counts; drops those before it. */
  first(counts: (item: Item, rank: number) => boolean): Item | undefined {
    for (;;) {
      const top = this.#entries[0];
      if (top === undefined || counts(top.item, top.rank)) return top?.item;
      this.drop();
    }
  }

  /** Takes the first away. */
  drop(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return;
    let index = 0;
    for (;;) {
      const childIndex = this.#lowerChild(index);
      const child = entries[childIndex];
      if (child === undefined || child.rank >= last.rank) break;
      entries[index] = child;
      index = childIndex;
    }
    entries[index] = last;
  }

  #lowerChild(index: number): number {
    const left = this.#entries[2 * index + 1];
    const right = this.#entries[2 * index + 2];
    return left !== undefined && right !== undefined && right.rank < left.rank
      ? 2 * index + 2
      : 2 * index + 1;
  }
}
