import type { ApplicationDocument, Reach } from '../../persistence/collections/applications.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { enqueueJob } from '../jobs/queue.js';
import { isCustomer, operatorTenant } from '../tenants/operator-tenant.js';
import { isServerApplication, reachOf } from '../tenants/server-applications.js';

/** The list is read with each request of a tenant: more customers than this are `all`. */
const maxTenants = 1000;

/**
 * The tenants that a server application serves from now on, as they are stored.
 *
 * @param wanted - `all`, or slugs; absent: unchanged.
 * @returns the field to put; nothing for an application of a tenant.
 * @throws AppError `input.invalid` for a tenant that does not exist, and for tenants of a tenant's own application.
 */
export function* servedTenantsStep(
  tx: Transaction,
  application: Pick<ApplicationDocument, 'tenantId' | 'servedTenants'>,
  wanted: 'all' | readonly string[] | undefined,
): Step<{ servedTenants?: Reach }> {
  const refuse = (errors: { pointer: string; detail: string }[]): never => {
    throw new AppError('input.invalid', 'the application is not valid', { errors });
  };
  if (!isServerApplication(application)) {
    if (wanted === undefined) return {};
    return refuse([
      { pointer: '/tenants', detail: 'only the operator of the server has applications for several tenants' },
    ]);
  }
  if (wanted === undefined) {
    if (application.servedTenants !== undefined) return { servedTenants: application.servedTenants };
    return refuse([{ pointer: '/tenants', detail: 'must be "all" or a list of slugs' }]);
  }
  if (wanted === 'all') return { servedTenants: 'all' };
  if (wanted.length > maxTenants)
    return refuse([{ pointer: '/tenants', detail: `at most ${maxTenants} tenants; write "all" for more` }]);
  const found = yield* tx.server
    .collection('tenants')
    .find({ slug: { $in: [...wanted] }, ...isCustomer }, { fields: ['slug'] });
  const ids = new Map(found.map(({ slug, _id }) => [slug, _id]));
  const unknown = wanted.flatMap((slug, index) =>
    ids.has(slug) ? [] : [{ pointer: `/tenants/${index}`, detail: `there is no tenant ${slug}` }],
  );
  if (unknown.length > 0) refuse(unknown);
  return { servedTenants: [...new Set(wanted.map((slug) => ids.get(slug) ?? ''))].sort() };
}

/** The job that ends the tokens of tenants that an application does not serve any more. */
export const tenantsLeftJob = 'application.tenants_left';

/** Leaves that job where tenants are taken off an application. @param after - as it is stored. */
export function* endAccessOfLeft(
  tx: Transaction,
  before: ApplicationDocument,
  after: ApplicationDocument,
  now: Date,
): Step<void> {
  const [served, serves] = [reachOf(before), reachOf(after)];
  if (serves === 'all' || (served !== 'all' && served.every((id) => serves.includes(id)))) return;
  const payload = { applicationId: before._id };
  yield* enqueueJob(tx, operatorTenant.id, { kind: tenantsLeftJob, payload }, now);
}

/** The slugs of the tenants a server application serves, sorted; those that are gone are left out. */
export async function servedSlugs(core: Core, application: ApplicationDocument): Promise<'all' | string[]> {
  const reach = reachOf(application);
  if (reach === 'all') return 'all';
  const tenants = core.store.server.collection('tenants');
  const found = await tenants.find({ _id: { $in: [...reach] } }, { fields: ['slug'] });
  return found.map(({ slug }) => slug).sort();
}
