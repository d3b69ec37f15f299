import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditParty } from '../../persistence/collections/events.js';
import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import { collectionNames, type CollectionName } from '../../persistence/collections/index.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { operatorActor, type Origin } from '../actors.js';
import { recordEvent } from '../audit/audit.js';
import { auditHead } from '../audit/head.js';
import type { Actor, Core } from '../core.js';
import { enqueueJob, wakeJobs, type JobDocument } from '../jobs/queue.js';
import { operatorTenant } from '../tenants/operator-tenant.js';
import { touchServerApplications } from '../tenants/server-applications.js';
import { requireVersion, type WriteOptions } from '../versions.js';

/** Kind of the job that erases a tenant. */
export const tenantEraseJob = 'tenant.erase';
/** Kind of the job that looks once more for what a request under way may have written behind the erasure. */
export const tenantSweepJob = 'tenant.sweep';

/** Longer than any request takes. */
const sweepAfterSeconds = 60;
/** Documents removed by one write. */
const maxRemovedAtOnce = 500;

/** What the job works with. The proof is filled in before the first document goes, so that a run that was cut short loses nothing of it. */
interface Erasure {
  tenantId: string;
  slug: string;
  by: AuditParty;
  origin: Origin;
  proof?: { counts: Record<string, number>; auditHead: string };
}

const erasureOf = ({ payload }: JobDocument): Erasure => payload as typeof payload & Erasure;

/**
 * Closes a tenant for good and leaves the job that erases it. From this moment it is not found any more; its slug stays taken until the
 * job is done.
 *
 * @throws AppError `tenant.not_found`, `resource.version_mismatch`.
 */
export async function eraseCustomer(
  core: Core,
  operator: Actor,
  tenantId: string,
  options: WriteOptions = {},
): Promise<JobDocument> {
  const now = core.clock.now();
  const { party, requestId, ip } = operator;
  const job = await core.store.transaction(function* (tx): Step<JobDocument | undefined> {
    const tenants = tx.tenant(tenantId).collection('tenants');
    const tenant = yield* tenants.get(tenantId);
    if (!tenant || tenant.status === 'erasing') return undefined;
    requireVersion(tenant, options);
    yield* tenants.update(tenantId, (stored) => ({
      ...stored,
      status: 'erasing',
      externalId: null,
      accessRevokedAt: now,
    }));
    const { slug } = tenant;
    const erasure: Erasure = {
      tenantId,
      slug,
      by: { type: party.type, id: party.id, label: party.label },
      origin: { requestId, ip },
    };
    const id = yield* enqueueJob(
      tx,
      operatorTenant.id,
      { kind: tenantEraseJob, payload: { ...erasure } },
      now,
    );
    const target = { type: 'tenant', id: tenantId, label: slug };
    const actor = operatorActor(party, operatorTenant.id, { requestId, ip });
    yield* recordEvent(tx, actor, { action: 'tenant.erasure_requested', target }, now);
    return yield* tx.tenant(operatorTenant.id).collection('jobs').get(id);
  });
  if (!job) throw new AppError('tenant.not_found', 'there is no such tenant');
  wakeJobs(core);
  return job;
}

/** Counts what there is of a tenant and takes the hash of its trail, and keeps both with the job. */
async function takeProof(core: Core, job: JobDocument, erasure: Erasure): Promise<Required<Erasure>> {
  if (erasure.proof) return { ...erasure, proof: erasure.proof };
  const scope = core.store.tenant(erasure.tenantId);
  const counts: Record<string, number> = {};
  for (const name of collectionNames) {
    const count = await scope.collection(name).count({});
    if (count > 0) counts[name] = count;
  }
  const complete = { ...erasure, proof: { counts, auditHead: await auditHead(core, erasure.tenantId) } };
  await core.store
    .tenant(operatorTenant.id)
    .collection('jobs')
    .update(job._id, (stored) => ({ ...stored, payload: { ...complete } }));
  return complete;
}

/** Removes all of one collection, a part at a time. */
async function removeAll(core: Core, tenantId: string, name: CollectionName): Promise<void> {
  const documents = core.store.tenant(tenantId).collection(name);
  for (;;) {
    const found = await documents.find({}, { limit: maxRemovedAtOnce, fields: [] });
    if (found.length === 0) return;
    await documents.removeMany({ _id: { $in: found.map(({ _id }) => _id) } });
    await nextTurn();
  }
}

/** The tenant's own documents but for itself, which keeps its slug until the end. */
async function removeOwned(core: Core, tenantId: string): Promise<void> {
  for (const name of collectionNames) if (name !== 'tenants') await removeAll(core, tenantId, name);
}

/** An application of the server without the tenant among those it serves. */
function withoutTenant(application: ApplicationDocument, tenantId: string): ApplicationDocument | undefined {
  const { servedTenants } = application;
  if (servedTenants === undefined || servedTenants === 'all') return undefined;
  return { ...application, servedTenants: servedTenants.filter((one) => one !== tenantId) };
}

/**
 * What belongs to the server and names the tenant, its people or its applications: sign-ins under way, what the OpenID provider keeps,
 * the applications of the server that serve it, and the note which document the tenant's entry of the bootstrap file was put on. That note stays without it, so that a start does not make
 * the tenant again.
 */
async function removeMentions(core: Core, tenantId: string): Promise<void> {
  const { server } = core.store;
  const scope = core.store.tenant(tenantId);
  const users = new Set<string>();
  for await (const { _id } of scope.collection('users').iterate({}, { fields: [] })) users.add(_id);
  const clients = new Set((await scope.collection('applications').find({})).map(({ clientId }) => clientId));
  const named = [tenantId, ...[...clients].map((clientId) => JSON.stringify(clientId))];
  const mentions = (text: string): boolean => named.some((name) => text.includes(name));
  for await (const { _id, accountId, clientId, payload } of server.collection('oidc_payloads').iterate({})) {
    if (users.has(accountId ?? '') || clients.has(clientId ?? '') || mentions(payload))
      await server.collection('oidc_payloads').remove(_id);
  }
  for await (const { _id, state } of server.collection('sign_in_flows').iterate({})) {
    if (mentions(JSON.stringify(state))) await server.collection('sign_in_flows').remove(_id);
  }
  for (const { _id } of await server.collection('applications').find({ servedTenants: tenantId }))
    await core.store.transaction(function* (tx) {
      yield* tx.server.collection('applications').update(_id, (stored) => withoutTenant(stored, tenantId));
      yield* touchServerApplications(tx);
    });
  const entries = server.collection('bootstrap_entries');
  for (const { _id } of await entries.find({ documentId: tenantId }))
    await entries.update(_id, (stored) => ({ ...stored, documentId: null }));
}

/** The tenant itself goes with the event that proves the erasure. */
async function finish(core: Core, { tenantId, slug, by, origin, proof }: Required<Erasure>): Promise<void> {
  const now = core.clock.now();
  const changes = [
    ...Object.entries(proof.counts).map(([name, count]) => ({ path: name, before: count, after: 0 })),
    { path: 'auditHead', before: proof.auditHead, after: null },
  ];
  const target = { type: 'tenant', id: tenantId, label: slug };
  const actor = operatorActor(by, operatorTenant.id, origin);
  await core.store.transaction(function* (tx) {
    if (!(yield* tx.tenant(tenantId).collection('tenants').remove(tenantId))) return;
    yield* recordEvent(tx, actor, { action: 'tenant.erased', target, changes }, now);
    const runAt = new Date(now.getTime() + sweepAfterSeconds * 1000);
    const sweep = { kind: tenantSweepJob, payload: { tenantId }, runAt };
    yield* enqueueJob(tx, operatorTenant.id, sweep, now);
  });
}

/**
 * `tenant.erase`: removes everything of a tenant. Bears being run twice.
 *
 * @param endAccess - ends its sessions and tokens, and tells its applications, before anything of it goes.
 */
export async function eraseTenant(
  core: Core,
  job: JobDocument,
  endAccess: (tenantId: string) => Promise<void>,
): Promise<void> {
  const erasure = await takeProof(core, job, erasureOf(job));
  await endAccess(erasure.tenantId);
  await removeMentions(core, erasure.tenantId);
  await removeOwned(core, erasure.tenantId);
  await finish(core, erasure);
}

/** `tenant.sweep`: what was written by requests that were under way while the tenant was erased. */
export function sweepTenant(core: Core, { payload }: JobDocument): Promise<void> {
  return removeOwned(core, String(payload['tenantId']));
}
