import type { SetupLinkDocument, SetupStep } from '../../persistence/collections/setup-links.js';
import { AppError } from '../../shared/errors.js';
import { hashToken } from '../../shared/ids.js';
import { nowhere, operatorActor, type Origin } from '../actors.js';
import { apiKeyActor } from '../applications/key-authentication.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { statusWithoutLock } from '../grants/user-status.js';
import { may } from '../permissions.js';
import { tenantConfig, type TenantConfig } from '../tenants/config.js';
import { operatorTenant } from '../tenants/operator-tenant.js';
import { isOpen as isTenantOpen } from '../tenants/state.js';
import { userActor } from '../users/actor.js';
import { isOpen, partyOf } from './links.js';

/** The person behind an open link. */
export interface SetupHolder {
  link: SetupLinkDocument;
  /** The link an administrator made: itself, or the one it was made from. What is done is noted there. */
  root: SetupLinkDocument;
  /** The link, with what its maker may do now. */
  actor: Actor;
  config: TenantConfig;
}

async function personNow(core: Core, id: string, config: TenantConfig): Promise<Actor | undefined> {
  const user = await core.store.tenant(config.tenant._id).collection('users').get(id);
  const now = core.clock.now();
  const isIn = user && statusWithoutLock(user, config.settings, now) === 'active';
  return isIn ? userActor(user, config, now, nowhere) : undefined;
}

async function staffActor(
  core: Core,
  tenantId: string,
  id: string,
  label: string,
): Promise<Actor | undefined> {
  const key = await core.store.server.collection('operator_keys').get(id);
  const now = core.clock.now();
  if (key)
    return key.expiresAt === null || key.expiresAt > now ? operatorActor({ id, label }, tenantId) : undefined;
  const person = await personNow(core, id, await tenantConfig(core, operatorTenant.id));
  return person && may(person, 'tenants.manage') ? operatorActor({ id, label }, tenantId) : undefined;
}

/** The maker of a link as they are now; undefined: they are gone, or not let in any more. */
async function makerOf(
  core: Core,
  { maker, tenantId }: SetupLinkDocument,
  config: TenantConfig,
): Promise<Actor | undefined> {
  const { id, label, type } = maker;
  if (type === 'operator') return staffActor(core, tenantId, id, label);
  if (type === 'api_key') {
    const key = await core.store.tenant(tenantId).collection('api_keys').get(id);
    return key && apiKeyActor(core, key, nowhere, config);
  }
  return personNow(core, id, config);
}

/**
 * Who speaks by a link, and for what.
 *
 * @returns undefined for a link that is unknown, over or revoked, whose maker may not make it any more, and for every link of a closed tenant:
 *   the reason is not shown.
 */
export async function findSetupHolder(
  core: Core,
  token: string,
  { ip, requestId }: Origin,
): Promise<SetupHolder | undefined> {
  const link = await core.store.server.collection('setup_links').findOne({ tokenHash: hashToken(token) });
  const now = core.clock.now();
  if (!link || !isOpen(link, now)) return undefined;
  const root =
    link.parentId === null
      ? link
      : await core.store.tenant(link.tenantId).collection('setup_links').get(link.parentId);
  const config = await tenantConfig(core, link.tenantId);
  if (!root || !isOpen(root, now) || !isTenantOpen(config.tenant)) return undefined;
  const maker = await makerOf(core, root, config);
  if (!maker || !may(maker, 'sso.manage') || (link.purpose === 'scim' && !may(maker, 'scim.manage')))
    return undefined;
  return { link, root, config, actor: { ...maker, party: partyOf(link), ip, requestId } };
}

/** @throws AppError `auth.forbidden` for a link that is for other steps. */
export function requireStep({ link }: SetupHolder, step: SetupStep): void {
  if (!link.steps.includes(step)) throw new AppError('auth.forbidden', 'This link is for other steps.');
}

/** How often the use of a link is written down, at most. */
const noteEveryMs = 60_000;

/** Notes that a link was opened, the first time with an event: administrators see that the work has begun. */
export async function noteOpened(core: Core, { actor, link }: SetupHolder): Promise<void> {
  const now = core.clock.now();
  if (link.lastUsedAt !== null && now.getTime() - link.lastUsedAt.getTime() < noteEveryMs) return;
  await core.store.transaction(function* (tx) {
    const links = tx.tenant(link.tenantId).collection('setup_links');
    const before = yield* links.get(link._id);
    yield* links.update(link._id, (stored) => ({ ...stored, lastUsedAt: now }));
    if (before?.lastUsedAt === null)
      yield* recordEvent(tx, actor, { action: 'setup_link.opened', target: partyOf(link) }, now);
  });
}
