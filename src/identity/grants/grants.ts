import type { Grant } from '../../persistence/collections/users.js';
import type { MappedGrant } from './role-mapping.js';

const orderOf = (grant: Grant): string =>
  `${grant.role}\n${grant.type}\n${grant.sourceId ?? ''}\n${grant.detail}`;

function sortGrants(grants: readonly Grant[]): Grant[] {
  return [...grants].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

/**
 * Replaces the grants of one source by new ones and leaves all others alone. A role that stays keeps the instant since when it is held.
 *
 * @param wanted - role and reason; a role may have several reasons.
 * @param since - for roles that are new.
 */
export function replaceGrants(
  stored: readonly Grant[],
  source: Pick<Grant, 'type' | 'sourceId'>,
  wanted: readonly Pick<Grant, 'role' | 'detail' | 'until'>[],
  since: Date,
): Grant[] {
  const isOwn = (grant: Grant): boolean => grant.type === source.type && grant.sourceId === source.sourceId;
  const own = stored.filter(isOwn);
  const heldSince = (role: string): Date =>
    own
      .filter((grant) => grant.role === role)
      .reduce((first, grant) => (grant.since < first ? grant.since : first), since);
  const next = wanted.map(({ role, detail, until }) => ({
    role,
    type: source.type,
    detail,
    sourceId: source.sourceId,
    since: heldSince(role),
    until,
  }));
  return sortGrants([...stored.filter((grant) => !isOwn(grant)), ...next]);
}

/** Grants with others beside them, in the order they are stored. */
export const withGrants = (kept: readonly Grant[], added: readonly Grant[]): Grant[] =>
  sortGrants([...kept, ...added]);

/** Whether a grant has not ended. */
export const isLive = ({ until }: Pick<Grant, 'until'>, now: Date): boolean => until === null || until > now;

/** In place of a directory's id in grants that a group's own roles make. */
export const groupSource = 'groups';

/** In place of a directory's id in grants that the change guard keeps, though the directory's rules give them no more. */
export const heldSource = 'held';

/** What a directory's rules give, or groups' roles ({@link groupSource}), in place of what they gave before. */
export function replaceRuleGrants(
  stored: readonly Grant[],
  directoryId: string,
  mapped: readonly MappedGrant[],
  now: Date,
): Grant[] {
  const wanted = mapped.map(({ role, because }) => ({ role, detail: because, until: null }));
  const unique = [...new Map(wanted.map((grant) => [`${grant.role}\n${grant.detail}`, grant])).values()];
  return replaceGrants(stored, { type: 'rule', sourceId: directoryId }, unique, now);
}

/** All grants but those some directory's rules gave. */
export function withoutRuleGrants(stored: readonly Grant[], directoryId: string): Grant[] {
  return stored.filter((grant) => grant.type !== 'rule' || grant.sourceId !== directoryId);
}
