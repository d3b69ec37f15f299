import { expect } from 'chai';
import { updateAttribute, listAttributes } from '../../../src/identity/attributes/attributes.js';
import { systemActor } from '../../../src/identity/actors.js';
import { applyBootstrap, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { exportBootstrap } from '../../../src/identity/bootstrap/export.js';
import { overriddenBy } from '../../../src/identity/bootstrap/overrides.js';
import { planBootstrap } from '../../../src/identity/bootstrap/rehearsal.js';
import type { Core } from '../../../src/identity/core.js';
import { findTenantBySlug } from '../../../src/identity/tenants/tenants.js';
import { inputOf } from '../../../src/identity/users/input.js';
import { findUserByLogin, updateUser } from '../../../src/identity/users/users.js';
import { openTestCore } from '../../support/core.js';

const file = () => ({
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      attributes: [
        { name: 'badge', type: 'string', required: true, unique: true, description: 'On the badge' },
        { name: 'skills', type: 'string', multiValued: true },
      ],
      applications: [
        {
          key: 'crm',
          name: 'CRM',
          clientId: 'crm',
          redirectUris: ['https://crm.test/cb'],
          claims: [{ claim: 'number', from: 'badge' }],
        },
      ],
      users: [{ email: 'ada@acme.test', attributes: { badge: 'b1', skills: ['tea'] } }],
    },
  ],
});

describe('attributes of a tenant in the bootstrap file', () => {
  let core: Core;
  beforeEach(async () => {
    core = await openTestCore();
  });
  afterEach(() => core.store.close());

  const tenantId = async (): Promise<string> => (await findTenantBySlug(core, 'acme'))!._id;
  const problemsOf = (json: object): Promise<string> =>
    planBootstrap(core, json).then(
      () => '',
      (error: unknown) => String(error),
    );

  it('are made, with the values of users and the claims of applications, and exported as they were', async () => {
    await applyBootstrap(core, parseBootstrap(file()));
    const [tenant] = (await exportBootstrap(core, 'acme')).tenants;
    expect(tenant?.attributes).to.deep.equal([
      {
        name: 'badge',
        type: 'string',
        multiValued: false,
        required: true,
        unique: true,
        description: 'On the badge',
      },
      { name: 'skills', type: 'string', multiValued: true, required: false, unique: false },
    ]);
    expect(tenant?.users?.[0]?.attributes).to.deep.equal({ badge: 'b1', skills: ['tea'] });
    expect(tenant?.applications?.[0]?.claims).to.deep.equal([{ claim: 'number', from: 'badge' }]);
    expect(await overriddenBy(core, parseBootstrap(file()))).to.deep.equal([]);
  });

  it('stay as they were changed since, and the file is told so', async () => {
    const parsed = parseBootstrap(file());
    await applyBootstrap(core, parsed);
    const actor = systemActor(await tenantId());
    await updateAttribute(core, actor, 'badge', { required: false });
    const ada = await findUserByLogin(core, actor.tenantId, 'ada@acme.test');
    const attributes = { ...ada!.attributes, tenant: { badge: 'b2' } };
    await updateUser(core, actor, ada!._id, (user) => ({ ...inputOf(user), attributes }));
    await applyBootstrap(core, parsed);
    expect((await listAttributes(core, actor.tenantId))[0]?.required).to.equal(false);
    expect(await overriddenBy(core, parsed)).to.have.members([
      'tenants[0].attributes[0].required',
      'tenants[0].users[0].attributes',
    ]);
  });

  it('are checked before anything is applied, each fault at its place', async () => {
    const wrong = file();
    const [tenant] = wrong.tenants;
    tenant!.attributes.push({ name: 'a.b', type: 'string', multiValued: true });
    tenant!.users.push(
      { email: 'bob@acme.test', attributes: { badge: 'b1', skills: [] } },
      { email: 'cy@acme.test', attributes: { skills: ['tea'] } as never },
      { email: 'dee@acme.test', attributes: { badge: 'b4', level: 3 } as never },
    );
    tenant!.applications[0]!.claims.push({ claim: 'email', from: 'shoeSize' });
    const problems = await problemsOf(wrong);
    for (const place of [
      'tenants[0].attributes[2].name',
      'tenants[0].users[2].attributes.badge',
      'tenants[0].users[3].attributes.level',
      'tenants[0].applications[0].claims[1].claim',
      'tenants[0].applications[0].claims[1].from',
    ])
      expect(problems).to.include(place);
    expect(await findTenantBySlug(core, 'acme')).to.equal(undefined);
  });
});
