import { putServerRole, listServerRoles } from '../applications/application-roles.js';
import { serverActor } from './actor.js';
import { applyApplication } from './entries.js';
import { pick } from './entry-places.js';
import type { EntryPlace, Ledger } from './ledger.js';
import { positionOf } from './read.js';
import { all, applyEntry, at, digestsOf, type Run } from './run.js';
import type { BootstrapFile, BootstrapRole, BootstrapServerApplication } from './schema.js';
import { serverOwner } from '../tenants/server-applications.js';
import { fullKeyOf } from '../roles/roles.js';
import type { WriteOptions } from '../versions.js';

/** Under this name the ledger keeps a digest of all that an entry holds. */
export const whole = '*';

const serverApplicationPlace = ({ key }: BootstrapServerApplication): EntryPlace => ({
  kind: 'application',
  tenantId: serverOwner,
  key,
});

/** The server applications of a file whose entry is not, to the letter, the one that was last applied. */
export async function changedServerApplications(
  ledger: Ledger,
  { applications = [] }: Pick<BootstrapFile, 'applications'>,
  read: Ledger['find'] = ledger.peek,
): Promise<BootstrapServerApplication[]> {
  const changed: BootstrapServerApplication[] = [];
  for (const entry of applications) {
    const place = serverApplicationPlace(entry);
    const record = await read(place);
    const last = record?.fields.find(({ field }) => field === whole)?.digest;
    if (last !== ledger.digest(place, whole, entry)) changed.push(entry);
  }
  return changed;
}

async function applyServerRole(
  run: Run,
  entry: BootstrapRole,
  applicationKey: string,
  path: string,
): Promise<void> {
  const { core, actor } = run;
  const fullKey = fullKeyOf({ key: entry.key, applicationKey });
  const stored = () => listServerRoles(core, applicationKey);
  const put = (change: Partial<BootstrapRole>, options: WriteOptions = {}) =>
    putServerRole(core, actor, applicationKey, { ...change, key: entry.key }, options);
  await applyEntry(run, {
    place: { kind: 'role', tenantId: serverOwner, key: fullKey },
    path,
    fields: entry,
    idOf: ({ _id }) => _id,
    find: async () => (await stored()).find(({ key }) => key === entry.key),
    get: async (id) => (await stored()).find(({ _id }) => _id === id),
    create: async () => (await put(entry))._id,
    update: (_found, names, options) => put(pick(entry, names), options),
  });
}

type Plan = Pick<Run, 'core' | 'ledger' | 'outcomes' | 'again'>;

async function applyServerApplication(
  plan: Plan,
  entry: BootstrapServerApplication,
  path: string,
): Promise<void> {
  const { ledger } = plan;
  const place = serverApplicationPlace(entry);
  const run: Run = { ...plan, actor: serverActor(), applied: await ledger.ofTenant(serverOwner) };
  const id = await applyApplication(run, entry, path, applyServerRole);
  if (id === undefined) return;
  const kept = (await ledger.find(place))?.fields.map(({ field, digest }) => [field, digest] as const) ?? [];
  const digests = new Map([...kept, ...digestsOf(ledger, place, { [whole]: entry })]);
  await ledger.save({ place, documentId: id, digests, passwordSetAt: null });
}

/** Applies the applications of the server; the tenants they name are there. */
export function applyServerApplications(
  plan: Plan,
  file: Pick<BootstrapFile, 'applications'>,
  entries: readonly BootstrapServerApplication[],
): Promise<void> {
  return all(
    entries.map((entry) => {
      const path = `applications[${positionOf(entry) ?? file.applications?.indexOf(entry) ?? 0}]`;
      return () => at(path, () => applyServerApplication(plan, entry, path));
    }),
  );
}
