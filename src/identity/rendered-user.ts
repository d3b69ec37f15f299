import { VersionCache } from '../infrastructure/version-cache.js';
import type { UserDocument } from '../persistence/collections/users.js';

/** One version of a user as SCIM answers show it. */
export interface RenderedUser extends Pick<UserDocument, '_id' | 'version' | 'groupIds'> {
  /** The tenant's schemas it was rendered by. */
  readonly schemas: object;
  readonly managerId: string | undefined;
  /** JSON of the SCIM User without its groups and what is told of its manager, which may change without it. */
  readonly text: string;
}

export type RenderedUsers = VersionCache<RenderedUser>;

/** Some 20,000 users. */
const maxCachedBytes = 32 * 2 ** 20;

/** The rendered users of one server. */
export const createRenderedUsers = (): RenderedUsers =>
  new VersionCache(maxCachedBytes, ({ text, groupIds }) => text.length + 60 * groupIds.length);
