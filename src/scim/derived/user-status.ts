import { tenantConfig } from '../../identity/tenants/config.js';
import { statusOf, type UserStatus } from '../../identity/grants/user-status.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { ScimContext } from '../exchange/request.js';
import type { AttributePath } from '../protocol/attribute-path.js';
import type { Projection } from '../protocol/projection.js';
import { gatehouseUserUrn } from '../protocol/urns.js';

/** What Gatehouse's extension tells on request: derived from more than the user's own document. */
export interface Standing {
  readonly status: UserStatus;
  readonly lockedUntil?: string;
}

const derived: ReadonlySet<string> = new Set(['status', 'lockedUntil']);

/** Whether a path of a filter or sort order ends at what has to be derived. */
export function isStanding({ extension, attribute }: AttributePath): boolean {
  return extension?.urn === gatehouseUserUrn && derived.has(attribute.name);
}

/** Whether an answer shows what has to be derived. */
export function showsStanding({ mode, extensions }: Projection): boolean {
  if (mode !== 'only') return false;
  const selected = extensions.get(gatehouseUserUrn);
  return selected === 'all' || [...(selected?.keys() ?? [])].some((name) => derived.has(name));
}

/** The standing of each of these users now: one query for all of them. */
export async function standingsOf(
  { core, tenantId }: ScimContext,
  users: readonly UserDocument[],
): Promise<Map<string, Standing>> {
  const now = core.clock.now();
  const { settings } = await tenantConfig(core, tenantId);
  const credentials = await core.store
    .tenant(tenantId)
    .collection('credentials')
    .find({ _id: { $in: users.map((user) => user._id) } }, { fields: ['lockedUntil'] });
  const locks = new Map(credentials.map(({ _id, lockedUntil }) => [_id, lockedUntil]));
  return new Map(
    users.map((user) => {
      const lockedUntil = locks.get(user._id) ?? null;
      const isLocked = lockedUntil !== null && lockedUntil > now;
      const status = statusOf(user, settings, now, lockedUntil);
      return [user._id, { status, ...(isLocked && { lockedUntil: lockedUntil.toISOString() }) }];
    }),
  );
}
