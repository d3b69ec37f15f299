import type { TenantDocument } from '../../persistence/collections/tenants.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { fold } from '../../shared/fold.js';
import { newId } from '../../shared/ids.js';
import { systemActor } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { isCustomer } from './operator-tenant.js';
import { nestSettings, presetNames, type SettingsPatch } from './settings.js';
import { slugRule, slugShape } from './slug.js';

export type { TenantDocument } from '../../persistence/collections/tenants.js';

export interface TenantInput {
  /** Lower-case letters, digits and inner hyphens; unique over the server. */
  slug: string;
  name: string;
  preset: string;
  settings: SettingsPatch;
  /** How the operator's own system names it; unique over the server. */
  externalId?: string | null | undefined;
}

/** What the unique indexes of tenants mean. */
export const tenantDuplicates = {
  tenants_slug: { code: 'tenant.slug_taken', message: 'the slug is taken', pointer: '/slug' },
  tenants_external_id: {
    code: 'tenant.external_id_taken',
    message: 'another tenant has this externalId',
    pointer: '/externalId',
  },
} as const;

/** What the search for tenants looks at. */
export const searchKeyOf = ({
  slug,
  name,
  externalId,
}: Pick<TenantInput, 'slug' | 'name' | 'externalId'>): string =>
  fold([slug, name, externalId ?? ''].join(' '));

/** @throws AppError `input.invalid`. */
function requireSlug(slug: string): void {
  if (slugShape.test(slug)) return;
  throw new AppError('input.invalid', `the slug ${slugRule}`, {
    errors: [{ pointer: '/slug', detail: slugRule }],
  });
}

/** @throws AppError `input.invalid`. */
export function requirePreset(preset: string): void {
  if (presetNames.some((name) => name === preset)) return;
  throw new AppError('input.invalid', `there is no preset ${preset}`, {
    errors: [{ pointer: '/preset', detail: `must be one of ${presetNames.join(', ')}` }],
  });
}

/**
 * Makes the tenant an actor belongs to, as a step of a transaction. See {@link createTenant}.
 *
 * @throws AppError `input.invalid`; the store's `store.duplicate` for a taken slug.
 */
export function* createTenantStep(
  tx: Transaction,
  actor: Actor,
  input: TenantInput,
  now: Date,
): Step<TenantDocument> {
  requireSlug(input.slug);
  requirePreset(input.preset);
  const { tenantId: id } = actor;
  const tenant = yield* tx
    .tenant(id)
    .collection('tenants')
    .insert({
      _id: id,
      tenantId: id,
      slug: input.slug,
      name: input.name,
      preset: input.preset,
      settings: nestSettings(input.settings),
      externalId: input.externalId ?? null,
      searchKey: searchKeyOf(input),
    });
  const target = { type: 'tenant', id, label: tenant.slug };
  yield* recordEvent(tx, actor, { action: 'tenant.created', target }, now);
  return tenant;
}

/**
 * @param actor - who makes it; its tenant becomes the new one's id.
 * @throws AppError `tenant.slug_taken`, `tenant.external_id_taken`, `input.invalid`.
 */
export async function createTenant(
  core: Core,
  input: TenantInput,
  actor: Actor = systemActor(newId()),
): Promise<TenantDocument> {
  requireSlug(input.slug);
  requirePreset(input.preset);
  const now = core.clock.now();
  return refuseDuplicates(tenantDuplicates, () =>
    core.store.transaction(function* (tx) {
      return yield* createTenantStep(tx, actor, input, now);
    }),
  );
}

/** @throws AppError `tenant.not_found`. */
export async function getTenant(core: Core, tenantId: string): Promise<TenantDocument> {
  const tenant = await core.store.tenant(tenantId).collection('tenants').get(tenantId);
  if (!tenant) throw new AppError('tenant.not_found', 'there is no such tenant');
  return tenant;
}

export function findTenantBySlug(core: Core, slug: string): Promise<TenantDocument | undefined> {
  return core.store.server.collection('tenants').findOne({ slug });
}

/** The tenant of an id or a slug, as a caller names it. */
export async function findTenant(core: Core, idOrSlug: string): Promise<TenantDocument | undefined> {
  const byId = await core.store.tenant(idOrSlug).collection('tenants').get(idOrSlug);
  return byId ?? findTenantBySlug(core, idOrSlug);
}

/** All tenants in the order they were made, the operator's own among them. */
export function listTenants(core: Core): Promise<TenantDocument[]> {
  return core.store.server.collection('tenants').find({});
}

/** The tenants of customers in the order they were made. */
export function listCustomers(core: Core): Promise<TenantDocument[]> {
  return core.store.server.collection('tenants').find(isCustomer);
}
