import {
  createOperatorKey,
  findOperatorKeyByValue,
  listOperatorKeys,
  replaceOperatorKey,
} from '../operator/keys.js';
import { operatorTenant } from '../tenants/operator-tenant.js';
import { fileActor } from './actor.js';
import type { EntryPlace, Ledger } from './ledger.js';
import { positionOf } from './read.js';
import { all, applyEntry, at, digestsOf, type Run } from './run.js';
import type { BootstrapFile, BootstrapOperatorKey } from './schema.js';

export const operatorKeyPlace = ({ name }: BootstrapOperatorKey): EntryPlace => ({
  kind: 'operatorKey',
  tenantId: operatorTenant.id,
  key: name,
});

/** The operator keys of a file that are not as they were last applied. */
export async function changedOperatorKeys(
  ledger: Ledger,
  { operatorKeys = [] }: Pick<BootstrapFile, 'operatorKeys'>,
  read: Ledger['find'] = ledger.peek,
): Promise<BootstrapOperatorKey[]> {
  const changed: BootstrapOperatorKey[] = [];
  for (const entry of operatorKeys) {
    const place = operatorKeyPlace(entry);
    const record = await read(place);
    const known = new Map(record?.fields.map(({ field, digest }) => [field, digest]));
    const digests = [...digestsOf(ledger, place, { ...entry })];
    if (digests.some(([field, digest]) => known.get(field) !== digest)) changed.push(entry);
  }
  return changed;
}

type Plan = Pick<Run, 'core' | 'ledger' | 'outcomes' | 'again'>;

async function applyOperatorKey(plan: Plan, entry: BootstrapOperatorKey, path: string): Promise<void> {
  const { core, ledger } = plan;
  const actor = fileActor(operatorTenant.id);
  const stored = () => listOperatorKeys(core);
  await applyEntry(
    { ...plan, actor, applied: await ledger.ofTenant(operatorTenant.id) },
    {
      place: operatorKeyPlace(entry),
      path,
      fields: { ...entry },
      idOf: ({ _id }) => _id,
      // The same key may stand in the file and in OPERATOR_KEY.
      find: async () =>
        (await stored()).find(({ name }) => name === entry.name) ?? findOperatorKeyByValue(core, entry.key),
      get: async (id) => (await stored()).find(({ _id }) => _id === id),
      create: async () => (await createOperatorKey(core, actor, entry)).document._id,
      update: ({ _id }, _names, options) => replaceOperatorKey(core, actor, _id, entry.key, options),
    },
  );
}

/** Applies the operator keys of a file. */
export function applyOperatorKeys(
  plan: Plan,
  file: Pick<BootstrapFile, 'operatorKeys'>,
  entries: readonly BootstrapOperatorKey[],
): Promise<void> {
  return all(
    entries.map((entry) => {
      const path = `operatorKeys[${positionOf(entry) ?? file.operatorKeys?.indexOf(entry) ?? 0}]`;
      return () => at(path, () => applyOperatorKey(plan, entry, path));
    }),
  );
}
