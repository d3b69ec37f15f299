import type { Grant } from '../../persistence/collections/users.js';
import type { FieldChange } from '../changes.js';

/** A grant as audit events keep it: who had what, since when, by which source. */
export interface RecordedGrant {
  readonly role: string;
  readonly type: Grant['type'];
  readonly detail: string;
  /** ISO 8601. */
  readonly since: string;
  readonly until: string | null;
}

/** The path of these in the changes of an event. */
export const grantsPath = 'grants';

const recorded = (grants: readonly Grant[]): RecordedGrant[] =>
  grants.map(({ role, type, detail, since, until }) => ({
    ...{ role, type, detail },
    since: since.toISOString(),
    until: until?.toISOString() ?? null,
  }));

const keyOf = ({ role, type, sourceId, until }: Grant): string =>
  JSON.stringify([role, type, sourceId, until]);
const keysOf = (grants: readonly Grant[]): string => JSON.stringify(grants.map(keyOf).sort());

/** What an event says of changed grants; nothing where the same sources give the same roles. */
export function grantChanges(before: readonly Grant[], after: readonly Grant[]): FieldChange[] {
  if (before === after || keysOf(before) === keysOf(after)) return [];
  return [{ path: grantsPath, before: recorded(before), after: recorded(after) }];
}
