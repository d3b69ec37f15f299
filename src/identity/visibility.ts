import type { Query } from '../persistence/store.js';

/**
 * In place of a directory's id on users that a SCIM DELETE hid because the tenant deletes nobody: no directory sees them, their address
 * is free again. Enabling such a user in the console brings it back as one nobody provisions.
 */
export const retired = 'retired';

/** In place of a hidden user's address and userName: a unique index takes an empty list for a value like any other. */
export function retiredKeys(userId: string): string[] {
  return [`${retired}:${userId}`];
}

/** What a directory sees: what it manages and what nobody manages. */
export function visibleTo(directoryId: string): Query {
  return { directoryId: { $in: [directoryId, null] } };
}

/** @param directoryId - null for everybody who is no directory: they see all. */
export function isVisibleTo(document: { directoryId: string | null }, directoryId: string | null): boolean {
  return directoryId === null || document.directoryId === null || document.directoryId === directoryId;
}

const leaving = 'leaving:';

/** In place of a directory's id on users whose deletion by it is held back: it sees them no more, and no other manages them. */
export const leavingFrom = (directoryId: string): string => `${leaving}${directoryId}`;

/** The directory that manages a user, be it that it deleted them and the deletion is held back. */
export const managerOf = (directoryId: string | null): string | null =>
  directoryId?.startsWith(leaving) ? directoryId.slice(leaving.length) : directoryId;
