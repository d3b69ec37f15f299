import { accountLevelOf } from '../identity/directories/ipsie-account.js';
import { listDirectories } from '../identity/directories/directories.js';
import type { Core } from '../identity/core.js';
import type { IpsieResult } from '../identity/ipsie.js';
import { listConnections } from '../identity/sso/connections.js';
import { sessionLevelOf } from '../identity/sso/ipsie-session.js';
import { tenantConfig } from '../identity/tenants/config.js';
import { listCustomers, type TenantDocument } from '../identity/tenants/tenants.js';
import { CommandError, exitCodes } from './command.js';

/** The level of one connection or directory. */
export interface IpsieFinding extends IpsieResult {
  tenant: string;
  kind: 'connection' | 'directory';
  id: string;
  name: string;
  /** Part of a connection's addresses; null: the id is. */
  key: string | null;
}

async function findingsOf(core: Core, { _id, slug }: TenantDocument): Promise<IpsieFinding[]> {
  const scope = core.store.tenant(_id);
  const config = await tenantConfig(core, _id);
  const [connections, directories, tokens, clients] = [
    await listConnections(core, _id),
    await listDirectories(core, _id),
    await scope.collection('scim_tokens').find({}),
    await scope.collection('scim_clients').find({}),
  ];
  const found: IpsieFinding[] = connections.map((connection) => ({
    ...{ tenant: slug, kind: 'connection', id: connection._id, name: connection.name },
    key: connection.key ?? null,
    ...sessionLevelOf(core, connection),
  }));
  for (const directory of directories) {
    const own = { directoryId: directory._id };
    const isOwn = ({ directoryId }: { directoryId: string }): boolean => directoryId === directory._id;
    const facts = {
      ...{ config, settings: config.settings, directory, connections },
      ...{ tokens: tokens.filter(isOwn), clients: clients.filter(isOwn) },
      groupsWithRoles: await scope.collection('groups').count({ ...own, roleIds: { $gt: '' } }),
    };
    found.push({
      ...{ tenant: slug, kind: 'directory', id: directory._id, name: directory.name },
      key: null,
      ...accountLevelOf(core, facts),
    });
  }
  return found;
}

/**
 * The levels of all connections and directories of the customers.
 *
 * @param named - only those of this name, key or id.
 * @throws CommandError when none is called so.
 */
export async function ipsieFindings(core: Core, named: string | undefined): Promise<IpsieFinding[]> {
  const found: IpsieFinding[] = [];
  for (const tenant of await listCustomers(core)) {
    const own = await findingsOf(core, tenant);
    found.push(...own.filter(({ id, name, key }) => named === undefined || [id, name, key].includes(named)));
  }
  if (named !== undefined && found.length === 0)
    throw new CommandError(exitCodes.failed, `no connection and no directory is called ${named}`);
  return found;
}

/** For people: the level, what is missing for the next one, and what the provider has to do. */
export function ipsieLines(findings: readonly IpsieFinding[]): string[] {
  if (findings.length === 0) return ['IPSIE: no connections and no directories yet'];
  return findings.flatMap(({ tenant, kind, name, level, unmet, requirements, notes }) => [
    '',
    `${tenant}, ${kind} ${name}: ${level ?? 'no level'}`,
    ...requirements.map((each) => `  ${each.met ? 'ok  ' : 'no  '} ${each.level}  ${each.requirement}`),
    ...(unmet === null ? [] : [`  next: ${unmet.remedy ?? ''}`]),
    ...notes.map((note) => `  provider: ${note}`),
  ]);
}
