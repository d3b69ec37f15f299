import type { TenantDocument } from '../../persistence/collections/tenants.js';
import type { Query, Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { operatorActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { parseEmail } from '../email.js';
import { invite, type InvitationResult } from '../invitations/invite.js';
import { enqueueJob, wakeJobs } from '../jobs/queue.js';
import { containing } from '../search-text.js';
import { isCustomer, operatorTenant } from '../tenants/operator-tenant.js';
import { reservedSlug } from '../tenants/slug.js';
import { tenantAccessEndJob } from '../tenants/state.js';
import { createTenant, findTenant, type TenantInput } from '../tenants/tenants.js';
import { findUserByLogin } from '../users/users.js';

/** The role that every preset has. */
const administratorRole = 'administrator';

export const customerStatuses = ['active', 'suspended'] as const;
export type CustomerStatus = (typeof customerStatuses)[number];

/** Who administers a new tenant first. */
export interface FirstAdministrator {
  email: string;
  givenName?: string | undefined;
  familyName?: string | undefined;
}

export interface CustomerInput extends TenantInput {
  /** Absent: the operator invites a person later. */
  administrator?: FirstAdministrator | undefined;
}

/** What became of the call; `invitation` is null where no person was to be invited. */
export interface CreatedCustomer {
  tenant: TenantDocument;
  isNew: boolean;
  invitation: Pick<InvitationResult, 'email' | 'outcome'> | null;
}

/** The operator as it acts in one tenant, from wherever it calls. */
export const operatorIn = ({ party, requestId, ip }: Actor, tenantId: string): Actor => ({
  ...operatorActor(party, tenantId, { requestId, ip }),
  // A command of the operator is named as the command.
  ...(party.type === 'system' && { party }),
});

/** The tenant that has this externalId. One that is being erased has none. */
function findByExternalId(core: Core, externalId: string): Promise<TenantDocument | undefined> {
  return core.store.server.collection('tenants').findOne({ externalId });
}

/** Makes the tenant, or finds the one with the same externalId: of parallel calls one makes it. */
async function makeOrFind(
  core: Core,
  operator: Actor,
  input: CustomerInput,
): Promise<Pick<CreatedCustomer, 'tenant' | 'isNew'>> {
  const { externalId } = input;
  const find = async (): Promise<TenantDocument | undefined> =>
    typeof externalId === 'string' ? findByExternalId(core, externalId) : undefined;
  const known = await find();
  if (known) return { tenant: known, isNew: false };
  try {
    return { tenant: await createTenant(core, input, operatorIn(operator, newId())), isNew: true };
  } catch (error) {
    const isTaken = error instanceof AppError && error.status === 409;
    const winner = isTaken ? await find() : undefined;
    if (!winner) throw error;
    return { tenant: winner, isNew: false };
  }
}

/**
 * Invites the first administrator. A repeated call invites only where the first one could not: while the tenant has no users at all.
 */
async function inviteFirst(
  core: Core,
  actor: Actor,
  person: FirstAdministrator,
  isNew: boolean,
): Promise<CreatedCustomer['invitation']> {
  const { tenantId } = actor;
  const isEmpty =
    isNew ||
    (await core.store.tenant(tenantId).collection('users').findOne({}, { fields: [] })) === undefined;
  if (isEmpty) {
    const { email, ...profile } = person;
    const roles = [administratorRole];
    const [result] = await invite(core, actor, {
      emails: [email],
      roles,
      accessExpiresAt: null,
      message: '',
      profile,
    });
    return result ? { email: result.email, outcome: result.outcome } : null;
  }
  const user = await findUserByLogin(core, tenantId, person.email);
  if (!user) return null;
  return { email: person.email, outcome: user.activatedAt === null ? 'pending' : 'already_user' };
}

/**
 * Makes a tenant for a customer and invites its first administrator. The same `externalId` again answers with the tenant that has it, and
 * changes nothing of it.
 *
 * @throws AppError `tenant.slug_taken`, `input.invalid`.
 */
export async function createCustomer(
  core: Core,
  operator: Actor,
  input: CustomerInput,
): Promise<CreatedCustomer> {
  if (input.slug === operatorTenant.slug) {
    throw new AppError('tenant.slug_taken', `the slug ${reservedSlug}`, {
      errors: [{ pointer: '/slug', detail: reservedSlug }],
    });
  }
  const { administrator } = input;
  if (administrator && !parseEmail(administrator.email)) {
    const errors = [{ pointer: '/administrator/email', detail: 'must be a valid email address' }];
    throw new AppError('input.invalid', 'the administrator has no valid address', { errors });
  }
  const { tenant, isNew } = await makeOrFind(core, operator, input);
  const invitation = administrator
    ? await inviteFirst(core, operatorIn(operator, tenant._id), administrator, isNew)
    : null;
  return { tenant, isNew, invitation };
}

/**
 * The tenant of a customer by its id or slug. One that is being erased is gone already.
 *
 * @throws AppError `tenant.not_found`.
 */
export async function getCustomer(core: Core, idOrSlug: string): Promise<TenantDocument> {
  const tenant = await findTenant(core, idOrSlug);
  if (!tenant || tenant._id === operatorTenant.id || tenant.status === 'erasing')
    throw new AppError('tenant.not_found', 'there is no such tenant');
  return tenant;
}

const statusQueries: Readonly<Record<CustomerStatus, Query>> = {
  active: { status: null },
  suspended: { status: 'suspended' },
};

/** A page of customers' tenants in the order of their making, and how many match in all; `q` is found in slug, name or externalId. */
export async function searchCustomers(
  core: Core,
  filter: { q?: string | undefined; status?: CustomerStatus | undefined },
  page: {
    descending: boolean;
    limit: number;
    until?: (read: unknown) => boolean;
    afterId?: string | undefined;
  },
): Promise<{ items: TenantDocument[]; total: number }> {
  const anywhere = filter.q === undefined ? undefined : containing(filter.q);
  const query: Query = {
    ...isCustomer,
    ...(filter.status ? statusQueries[filter.status] : { status: { $ne: 'erasing' } }),
    ...(anywhere && { $or: [{ searchKey: anywhere }, { slug: anywhere }] }),
  };
  const tenants = core.store.server.collection('tenants');
  const [items, total] = await Promise.all([
    tenants.find(query, {
      sort: { _id: page.descending ? -1 : 1 },
      limit: page.limit,
      ...(page.until && { until: page.until }),
      ...(page.afterId !== undefined && { after: { _id: page.afterId } }),
    }),
    tenants.count(query),
  ]);
  return { items, total };
}

export const customerStatusOf = ({ status }: TenantDocument): CustomerStatus =>
  status === undefined ? 'active' : 'suspended';

/** How many users tenants have, in their order. */
export function countUsersOfEach(core: Core, tenantIds: readonly string[]): Promise<number[]> {
  return core.store.server.collection('users').countEach(tenantIds.map((tenantId) => ({ tenantId })));
}

/** @returns the tenant; the very same version when it is in this state already. */
async function setStatus(
  core: Core,
  operator: Actor,
  tenantId: string,
  status: CustomerStatus,
): Promise<TenantDocument> {
  const now = core.clock.now();
  const wanted = status === 'suspended' ? status : undefined;
  const actor = operatorIn(operator, tenantId);
  const tenant = await core.store.transaction(function* (tx): Step<TenantDocument | undefined> {
    const tenants = tx.tenant(tenantId).collection('tenants');
    const before = yield* tenants.get(tenantId);
    if (!before || before.status === 'erasing') return undefined;
    if (before.status === wanted) return before;
    const after = yield* tenants.update(tenantId, ({ status: _, ...stored }) => ({
      ...stored,
      ...(wanted && { status: wanted }),
      accessRevokedAt: now,
    }));
    if (wanted) yield* enqueueJob(tx, tenantId, { kind: tenantAccessEndJob, payload: {} }, now);
    const target = { type: 'tenant', id: tenantId, label: before.slug };
    const action = wanted ? 'tenant.suspended' : 'tenant.resumed';
    yield* recordEvent(tx, actor, { action, target }, now);
    return after;
  });
  if (!tenant) throw new AppError('tenant.not_found', 'there is no such tenant');
  wakeJobs(core);
  return tenant;
}

/**
 * Closes a tenant: sign-ins, tokens and keys are refused, every session and token ends.
 *
 * @throws AppError `tenant.not_found`.
 */
export function suspendCustomer(core: Core, operator: Actor, tenantId: string): Promise<TenantDocument> {
  return setStatus(core, operator, tenantId, 'suspended');
}

/**
 * Opens a tenant again. What ended stays ended: people sign in again.
 *
 * @throws AppError `tenant.not_found`.
 */
export function resumeCustomer(core: Core, operator: Actor, tenantId: string): Promise<TenantDocument> {
  return setStatus(core, operator, tenantId, 'active');
}
