import { directoryActor, systemActor } from '../../src/identity/actors.js';
import type { Actor, Core } from '../../src/identity/core.js';
import { createDirectory, type DirectoryDocument } from '../../src/identity/directories/directories.js';
import type { RoleRuleInput } from '../../src/identity/grants/rules.js';
import { createRole } from '../../src/identity/roles/roles.js';
import { createApplication } from '../../src/identity/applications/applications.js';
import type { Config } from '../../src/infrastructure/config-schema.js';
import { ManualClock } from './clock.js';
import { silentLog, testConfig, testCoreOf } from './core-parts.js';
import { openTestStore } from './store.js';

/** A core without HTTP, on a store of its own and a clock that stands still. */
export async function openTestCore(config: Partial<Config> = {}): Promise<Core & { clock: ManualClock }> {
  const clock = new ManualClock();
  const store = await openTestStore(clock);
  return { ...testCoreOf({ config: { ...testConfig(), ...config }, clock, store, log: silentLog }), clock };
}

/** Somebody of the tenant with these management permissions and no user record behind. */
export function actorWith(tenantId: string, permissions: readonly string[], id = 'someone'): Actor {
  return {
    party: { type: 'user', id, label: id },
    tenantId,
    permissions: new Set(permissions),
    directoryId: null,
    requestId: null,
    ip: null,
  };
}

/** An application `crm` with the roles `agent` and `lead`. */
export async function givenCrm(core: Core, tenantId: string): Promise<void> {
  const system = systemActor(tenantId);
  const redirectUris = ['https://crm.test/callback'];
  await createApplication(core, system, { key: 'crm', name: 'CRM', redirectUris });
  for (const key of ['agent', 'lead']) {
    const permissions = [`calls.${key === 'agent' ? 'read' : 'manage'}`];
    await createRole(core, system, { key, applicationKey: 'crm', name: key, description: '', permissions });
  }
}

export interface GivenDirectory {
  directory: DirectoryDocument;
  /** Who writes through it. */
  actor: Actor;
}

export async function givenDirectory(
  core: Core,
  tenantId: string,
  roleRules: readonly RoleRuleInput[] = [],
  name = 'Acme Okta',
): Promise<GivenDirectory> {
  const directory = await createDirectory(core, systemActor(tenantId), { name, roleRules });
  return { directory, actor: directoryActor(directory, { name: 't1' }) };
}
