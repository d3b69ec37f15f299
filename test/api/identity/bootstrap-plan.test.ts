import { expect } from 'chai';
import fc from 'fast-check';
import { directoryActor } from '../../../src/identity/actors.js';
import { applyBootstrap, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { applyPlanned, planFile } from '../../../src/identity/bootstrap/plan.js';
import type { Core } from '../../../src/identity/core.js';
import { recomputeGrants } from '../../../src/identity/directories/recompute-job.js';
import { listDirectories } from '../../../src/identity/directories/directories.js';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { changeMembers } from '../../../src/identity/groups/members.js';
import { startJobWorker } from '../../../src/identity/jobs/queue.js';
import { findTenantBySlug } from '../../../src/identity/tenants/tenants.js';
import { recomputeJob } from '../../../src/identity/users/recompute.js';
import { openTestCore } from '../../support/core.js';
import { givenProvisioned } from '../../support/people.js';
import { countsOf, lookAtPeople, whatHappened } from '../../support/planned.js';

const rule = (path: string, is: string, ...grant: string[]) => ({ when: { path, is }, grant });
const allRules = [
  rule('title', 'sales', 'crm:agent'),
  rule('title', 'chief', 'administrator'),
  rule('groups.displayName', 'Team', 'crm:lead', 'clerk'),
];

interface Draft {
  rules: typeof allRules;
  mode: 'off' | 'optional' | 'required';
  approval: boolean;
  clerk: string[];
  roles: string[];
  extra: boolean;
}

/** A bootstrap file of one tenant. */
const fileOf = ({ rules, mode, approval, clerk, roles, extra }: Draft) => ({
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      settings: { 'approval.required': approval },
      roles: [{ key: 'clerk', name: 'Clerk', permissions: clerk }],
      applications: [
        {
          ...{ key: 'crm', name: 'CRM', clientId: 'crm', clientSecret: 'a secret of the crm' },
          redirectUris: ['http://localhost:4000/cb'],
          roles: [
            { key: 'agent', name: 'Agent', permissions: ['calls.read'] },
            { key: 'lead', name: 'Lead', permissions: ['calls.read', 'calls.manage'] },
          ],
        },
      ],
      users: [
        {
          email: 'root@acme.test',
          givenName: 'Root',
          password: 'a long enough one',
          roles: ['administrator'],
        },
        { email: 'ada@home.test', givenName: 'Ada', password: 'a long enough one', roles },
        ...(extra
          ? [{ email: 'new@acme.test', givenName: 'New', password: 'a long enough one', roles }]
          : []),
      ],
      directories: [{ name: 'Okta', tokens: [], roleRules: rules }],
      ssoConnections: [
        {
          ...{ name: 'Okta', issuer: 'https://acme.okta.com', clientId: 'gh', clientSecret: 'secret of gh' },
          ...{ domains: [{ domain: 'acme.test', verified: true }], mode },
        },
      ],
    },
  ],
});
const first: Draft = {
  ...{ rules: allRules.slice(0, 1), mode: 'optional', approval: false },
  ...{ clerk: ['users.read'], roles: ['crm:agent'], extra: false },
};

describe('the plan of a bootstrap file', () => {
  let core: Core;
  let tenantId: string;
  before(async () => {
    core = await openTestCore();
    await applyBootstrap(core, parseBootstrap(fileOf(first)));
    tenantId = (await findTenantBySlug(core, 'acme'))!._id;
    const [directory] = await listDirectories(core, tenantId);
    const actor = directoryActor(directory!, { name: 't' });
    const ids: string[] = [];
    for (const [index, title] of ['sales', 'sales', 'chief', 'none'].entries()) {
      const input = { userName: `p${index}@acme.test`, attributes: { title } };
      ids.push((await givenProvisioned(core, actor, input))._id);
    }
    const group = await createGroup(core, actor, { displayName: 'Team', externalId: null, attributes: {} });
    await changeMembers(core, actor, group._id, { add: ids.slice(1, 4) });
  });

  async function settle(): Promise<void> {
    const worker = startJobWorker(core, { [recomputeJob]: (job) => recomputeGrants(core, job) });
    await worker.drain();
    await worker.stop();
  }

  it('counts what applying it does, whatever was applied before (property)', async function () {
    this.timeout(120_000);
    const draft = fc.record<Draft>({
      rules: fc.subarray(allRules),
      mode: fc.constantFrom('off', 'optional', 'required'),
      approval: fc.boolean(),
      clerk: fc.subarray(['users.read', 'audit.read', 'crm:calls.read']),
      roles: fc.subarray(['crm:agent', 'crm:lead', 'clerk']),
      extra: fc.boolean(),
    });
    for (const one of fc.sample(draft, { numRuns: 12, seed: 7 })) {
      const json = fileOf(one);
      const before = await lookAtPeople(core, tenantId);
      const plan = await planFile(core, json);
      expect(await lookAtPeople(core, tenantId)).to.deep.equal(before);
      const applied = await applyPlanned(core, json, plan.id);
      expect(applied?.outcome).to.deep.equal(plan.outcome);
      await settle();
      const happened = whatHappened(before, await lookAtPeople(core, tenantId));
      expect(countsOf(plan.tenants[0] ?? { changes: [] }), JSON.stringify(one)).to.deep.equal(happened);
    }
  });

  it('says nothing of a file that was applied, and holds for it', async () => {
    const json = fileOf(first);
    await applyBootstrap(core, parseBootstrap(json));
    await settle();
    const plan = await planFile(core, json);
    expect(plan).to.deep.include({ tenants: [] });
    expect(plan.outcome).to.include({ created: 0, updated: 0 });
    expect(await applyPlanned(core, json, plan.id)).to.deep.include({ outcome: plan.outcome });
  });

  it('is stale once something else would happen: another file, other people, other rules', async () => {
    const json = fileOf({ ...first, rules: allRules.slice(1) });
    const plan = await planFile(core, json);
    expect(await applyPlanned(core, fileOf({ ...first, rules: [] }), plan.id)).to.equal(undefined);
    const [directory] = await listDirectories(core, tenantId);
    await givenProvisioned(core, directoryActor(directory!, { name: 't' }), {
      attributes: { title: 'sales' },
    });
    expect(await applyPlanned(core, json, plan.id)).to.equal(undefined);
    expect((await listDirectories(core, tenantId))[0]!.roleRules).to.have.length(1);
  });

  it('tells of a tenant that is not there yet: everybody in it is added', async () => {
    const [acme] = fileOf(first).tenants;
    const connection = { ...acme!.ssoConnections[0]!, domains: [] };
    const application = { ...acme!.applications[0]!, clientId: 'crm-of-globex' };
    const globex = { ...acme!, slug: 'globex', ssoConnections: [connection], applications: [application] };
    const { tenants } = await planFile(core, { tenants: [globex] });
    expect(tenants[0]!.summary).to.deep.equal([
      '2 users are added',
      '1 gains administrator',
      '1 gains crm:agent',
    ]);
  });
});
