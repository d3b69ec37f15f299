import type { Core } from '../core.js';

/** Time is cut into slots of this length; each belongs to the process that is first to count in it. */
const slotMs = 10_000;
/** Who has a slot takes the next one so long before it begins, and stays the one. */
const earlyMs = 3_000;

/** Which of several processes gives out events. */
export interface Turn {
  isMine(): Promise<boolean>;
  /** Lets others have it at once. */
  release(): Promise<void>;
}

/** Takes slots of ten seconds by a counter in the store: whoever counts first has the slot. */
export function openTurn(core: Core): Turn {
  const held = new Set<number>();
  let asked = -1;
  const keyOf = (slot: number): string => `lease:events:${slot}`;
  const take = async (slot: number): Promise<void> => {
    const end = new Date((slot + 1) * slotMs);
    const { count } = await core.store.increment(keyOf(slot), 1, end);
    if (count === 1) held.add(slot);
  };
  return {
    async isMine() {
      const now = core.clock.now().getTime();
      const slot = Math.floor(now / slotMs);
      for (const old of held) if (old < slot) held.delete(old);
      if (!held.has(slot) && asked < slot) {
        asked = slot;
        await take(slot);
      }
      const isEnding = now > (slot + 1) * slotMs - earlyMs;
      if (held.has(slot) && isEnding && asked <= slot) {
        asked = slot + 1;
        await take(slot + 1);
      }
      return held.has(slot);
    },
    async release() {
      for (const slot of held) await core.store.resetCounter(keyOf(slot)).catch(() => undefined);
    },
  };
}
