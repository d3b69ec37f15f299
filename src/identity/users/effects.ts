import type { Grant } from '../../persistence/collections/users.js';

/** The grants of one user before and after a write. */
export interface GrantChange {
  readonly userId: string;
  readonly before: readonly Grant[];
  readonly after: readonly Grant[];
}

/** What a write changed beside the document it was about. Begins empty with each attempt of a transaction. */
export interface Effects {
  readonly grants: GrantChange[];
  /** Ids of the users and groups that joined or left the group in hand. */
  readonly members: { readonly added: string[]; readonly removed: string[] };
}

export const noEffects = (): Effects => ({ grants: [], members: { added: [], removed: [] } });

/** The effects of a write that gave one user these grants in place of others. */
export function effectsOfGrants(userId: string, before: readonly Grant[], after: readonly Grant[]): Effects {
  return { ...noEffects(), grants: [{ userId, before, after }] };
}

/** The effects of several writes in order. */
export function joinEffects(all: readonly Effects[]): Effects {
  return {
    grants: all.flatMap(({ grants }) => grants),
    members: {
      added: all.flatMap(({ members }) => members.added),
      removed: all.flatMap(({ members }) => members.removed),
    },
  };
}

/** What became of a document that was changed, and what changed with it. */
export interface Outcome<T> {
  readonly before: T;
  /** The very same object as `before` when nothing changed. */
  readonly after: T;
  readonly effects: Effects;
}
