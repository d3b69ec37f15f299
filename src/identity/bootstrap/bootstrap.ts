import { fileActor, serverActor } from './actor.js';
import { applyInside } from './entries.js';
import { pick } from './entry-places.js';
import { applyOperatorKeys, changedOperatorKeys } from './operator-keys.js';
import { openLedger, withBootstrapLease, type EntryPlace, type Ledger } from './ledger.js';
import { positionOf } from './read.js';
import { all, applyEntry, at, digestsOf, type EntryOutcome, type Run } from './run.js';
import {
  BootstrapError,
  type BootstrapFile,
  type BootstrapOperatorKey,
  type BootstrapServerApplication,
  type BootstrapTenant,
} from './schema.js';
import { applyServerApplications, changedServerApplications, whole } from './server-applications.js';
import type { Core } from '../core.js';
import { ensureOperatorTenant } from '../operator/staff-tenant.js';
import { updateTenant, type TenantChange } from '../roles/tenant-change.js';
import { operatorTenant } from '../tenants/operator-tenant.js';
import { createTenant, findTenantBySlug, type TenantDocument } from '../tenants/tenants.js';
import type { SettingsPatch } from '../tenants/settings.js';

export { parseBootstrap } from './read.js';
export { BootstrapError, type BootstrapFile } from './schema.js';

/** How many entries of each kind of outcome. */
export interface BootstrapOutcome {
  created: number;
  updated: number;
  unchanged: number;
}

const settingField = (name: string): string => `settings.${name}`;

/** A tenant's own fields, each setting as one of its own. */
function fieldsOfTenant({ slug, name, preset, settings = {} }: BootstrapTenant): Record<string, unknown> {
  const flat = Object.entries(settings).map(([key, value]) => [settingField(key), value] as const);
  return { slug, name, preset, ...Object.fromEntries(flat) };
}

export const tenantPlace = ({ slug }: BootstrapTenant): EntryPlace => ({
  kind: 'tenant',
  tenantId: 'server',
  key: slug,
});

/** The operator's own tenant is built in: a file names it, and puts its staff there. */
async function makeOperatorTenant(core: Core, change: TenantChange): Promise<string> {
  const { _id } = await ensureOperatorTenant(core);
  await updateTenant(core, fileActor(_id), change);
  return _id;
}

async function applyTenantEntry(run: Run, entry: BootstrapTenant, path: string): Promise<string | undefined> {
  const { core } = run;
  const { slug, name, preset } = entry;
  const settings = (entry.settings ?? {}) as SettingsPatch;
  return applyEntry<TenantDocument>(run, {
    place: tenantPlace(entry),
    path,
    fields: fieldsOfTenant(entry),
    idOf: ({ _id }) => _id,
    find: () => findTenantBySlug(core, slug),
    get: (id) => core.store.tenant(id).collection('tenants').get(id),
    create: async () =>
      slug === operatorTenant.slug
        ? makeOperatorTenant(core, { name, preset, settings })
        : (await createTenant(core, { slug, name, preset: preset ?? 'default', settings }))._id,
    update: ({ _id }, names, options) => {
      const said = Object.entries(settings).filter(([key]) => names.has(settingField(key)));
      const change = { ...pick({ name, preset }, names), settings: Object.fromEntries(said) };
      return updateTenant(core, fileActor(_id), change, options);
    },
  });
}

type Plan = Pick<Run, 'core' | 'ledger' | 'outcomes' | 'again'>;

/** A tenant's entry and where it stands in the file. */
interface TenantAt {
  entry: BootstrapTenant;
  path: string;
}

/** What a tenant's own entry is applied with. */
async function runOf(plan: Plan, entry: BootstrapTenant): Promise<Run> {
  const record = await plan.ledger.find(tenantPlace(entry));
  return { ...plan, actor: serverActor(), applied: new Map(record && [[record._id, record]]) };
}

/**
 * Makes the tenants that are not there yet, so that an application of the server can name them. What is refused is told when the tenant's
 * whole entry is applied.
 */
async function makeTenants(plan: Plan, entries: readonly TenantAt[]): Promise<void> {
  for (const { entry, path } of entries) {
    try {
      await at(path, async () => applyTenantEntry(await runOf(plan, entry), entry, path));
    } catch (error) {
      if (!(error instanceof BootstrapError)) throw error;
    }
  }
}

async function applyTenant(plan: Plan, { entry, path }: TenantAt): Promise<void> {
  const { ledger } = plan;
  const place = tenantPlace(entry);
  const server = await runOf(plan, entry);
  const tenantId = await applyTenantEntry(server, entry, path);
  if (tenantId === undefined) return;
  const record = server.applied.get(ledger.idOf(place));
  const run: Run = {
    ...server,
    actor: fileActor(tenantId),
    applied: await ledger.ofTenant(tenantId),
  };
  await applyInside(run, entry, path);
  const digests = digestsOf(ledger, place, { ...fieldsOfTenant(entry), [whole]: entry });
  const kept = record?.fields.map(({ field, digest }) => [field, digest] as const) ?? [];
  await ledger.save({
    place,
    documentId: tenantId,
    digests: new Map([...kept, ...digests]),
    passwordSetAt: null,
  });
}

/** How many entries stand in a tenant's, itself among them. */
function entriesIn(entry: BootstrapTenant): number {
  const {
    applications = [],
    applicationAccess = [],
    directories = [],
    roles = [],
    ssoConnections = [],
    users = [],
    groups = [],
    apiKeys = [],
  } = entry;
  const inside = [
    ...applications.map((item) => item.roles),
    ...directories.flatMap(({ tokens, clients }) => [tokens, clients]),
  ];
  return [
    [entry],
    applications,
    applicationAccess,
    directories,
    roles,
    ssoConnections,
    users,
    groups,
    apiKeys,
    ...inside,
  ].reduce((sum, list) => sum + (list?.length ?? 0), 0);
}

/** Entries of a file. */
interface Entries {
  tenants: BootstrapTenant[];
  applications: BootstrapServerApplication[];
  operatorKeys: BootstrapOperatorKey[];
}

/** How many entries stand at the top of a file. */
export const countEntries = ({ tenants, applications = [], operatorKeys = [] }: BootstrapFile): number =>
  tenants.length + applications.length + operatorKeys.length;

/** What of a file is not, to the letter, what was last applied. */
export async function changedEntries(
  ledger: Ledger,
  file: BootstrapFile,
  read: Ledger['find'] = ledger.peek,
): Promise<Entries> {
  return {
    tenants: await changedTenants(ledger, file, read),
    applications: await changedServerApplications(ledger, file, read),
    operatorKeys: await changedOperatorKeys(ledger, file, read),
  };
}

/** The tenants of a file whose entry is not, to the letter, the one that was last applied. */
async function changedTenants(
  ledger: Ledger,
  file: Pick<BootstrapFile, 'tenants'>,
  read: Ledger['find'] = ledger.peek,
): Promise<BootstrapTenant[]> {
  const changed: BootstrapTenant[] = [];
  for (const entry of file.tenants) {
    const place = tenantPlace(entry);
    const record = await read(place);
    const last = record?.fields.find(({ field }) => field === whole)?.digest;
    if (last !== ledger.digest(place, whole, entry)) changed.push(entry);
  }
  return changed;
}

const countOf = (outcomes: ReadonlyMap<string, EntryOutcome>, wanted: EntryOutcome): number =>
  [...outcomes.values()].filter((outcome) => outcome === wanted).length;

/** Tenants applied side by side: their writes share commits. */
const maxTenantsAtOnce = 8;

/**
 * Applies all there is until nothing more can be: what one gives up (a domain, a client id) another may take, in whatever order they stand.
 * First several tenants at a time; where anything is refused, then one after the other, so that the refusals are the same every time.
 */
async function applyEntries(
  plan: Plan,
  file: BootstrapFile,
  { tenants, applications, operatorKeys }: Entries,
  firstAtOnce: number,
): Promise<void> {
  const entries = tenants.map((entry) => {
    return { entry, path: `tenants[${positionOf(entry) ?? file.tenants.indexOf(entry)}]` };
  });
  for (let atOnce = firstAtOnce; ; atOnce = 1) {
    const before = countOf(plan.outcomes, 'created') + countOf(plan.outcomes, 'updated');
    try {
      if (applications.length > 0) await makeTenants(plan, entries);
      await all([
        () => applyOperatorKeys(plan, file, operatorKeys),
        () => applyServerApplications(plan, file, applications),
        () =>
          all(
            entries.map((one) => () => at(one.path, () => applyTenant(plan, one))),
            atOnce,
          ),
      ]);
      return;
    } catch (error) {
      const after = countOf(plan.outcomes, 'created') + countOf(plan.outcomes, 'updated');
      const isFinal = atOnce === 1 && after === before;
      if (!(error instanceof BootstrapError) || isFinal) throw error;
    }
  }
}

/** All entries of a file, those of its tenants included. */
export function totalEntries({ tenants, applications = [], operatorKeys = [] }: BootstrapFile): number {
  const ofServer = applications.reduce((sum, { roles = [] }) => sum + 1 + roles.length, operatorKeys.length);
  return tenants.reduce((sum, entry) => sum + entriesIn(entry), ofServer);
}

/**
 * Makes the store hold what the file declares. Each field of each entry is applied when the entry is new here, or when its value in the file
 * is another than the one last applied: what was changed, revoked or deleted here since then stays. Entries are found by their key
 * (`slug`, `key`, `email`, `name`); what is not in the file is left alone.
 *
 * Look before with `rehearseBootstrap`: what is refused here leaves the rest applied.
 *
 * @param options - `again`: apply everything as if it were new here; `inOrder`: one tenant after the other, in the order of the file.
 * @throws BootstrapError naming the JSON path of every entry that was refused.
 */
export async function applyBootstrap(
  core: Core,
  file: BootstrapFile,
  { again = false, inOrder = false }: { again?: boolean; inOrder?: boolean } = {},
): Promise<BootstrapOutcome> {
  const ledger = await openLedger(core);
  const { tenants, applications = [], operatorKeys = [] } = file;
  const everything: Entries = { tenants, applications, operatorKeys };
  const planned = again ? everything : await changedEntries(ledger, file);
  const outcomes = new Map<string, EntryOutcome>();
  if (countEntries(planned) > 0) {
    await withBootstrapLease(core, async () => {
      // Another process may have applied them while this one waited.
      const still = again ? planned : await changedEntries(ledger, planned, ledger.find);
      await applyEntries({ core, ledger, outcomes, again }, file, still, inOrder ? 1 : maxTenantsAtOnce);
    });
  }
  const [created, updated] = [countOf(outcomes, 'created'), countOf(outcomes, 'updated')];
  return { created, updated, unchanged: totalEntries(file) - created - updated };
}
