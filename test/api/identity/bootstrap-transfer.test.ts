import { expect } from 'chai';
import { exportBootstrap } from '../../../src/identity/bootstrap/export.js';
import { leftOutOf } from '../../../src/identity/bootstrap/left-out.js';
import { applyBootstrap, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { missingSecrets } from '../../../src/identity/bootstrap/secrets.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { createGroupWithMembers } from '../../../src/identity/groups/members.js';
import { createConnection } from '../../../src/identity/sso/connections.js';
import { findTenantBySlug } from '../../../src/identity/tenants/tenants.js';
import {
  createUser,
  findUserByLogin,
  updateUser,
  type UserDocument,
} from '../../../src/identity/users/users.js';
import { inputOf } from '../../../src/identity/users/input.js';
import { systemActor } from '../../../src/identity/actors.js';
import type { Core } from '../../../src/identity/core.js';
import { world } from '../../support/bootstrap.js';
import { openTestCore } from '../../support/core.js';

describe('an export and its import elsewhere', () => {
  let here: Core;
  let there: Core;
  let leftOut: string[];
  let exported: Awaited<ReturnType<typeof exportBootstrap>>;

  const actorIn = async (core: Core) => systemActor((await findTenantBySlug(core, 'acme'))!._id);
  const find = async (core: Core, email: string): Promise<UserDocument> =>
    (await findUserByLogin(core, (await actorIn(core)).tenantId, email))!;

  before(async () => {
    [here, there] = [await openTestCore(), await openTestCore()];
    const file = world('acme');
    file.tenants[0]!.apiKeys[0]!.key = 'gh_sk_a_key_of_acme_for_the_tests_01';
    await applyBootstrap(here, parseBootstrap(file));
    const actor = await actorIn(here);
    const person = (userName: string) => ({ userName, externalId: null, attributes: {}, active: true });
    await createUser(
      here,
      actor,
      { ...person('temp@home.test'), accessExpiresAt: new Date('2031-01-01T00:00:00Z') },
      { activated: true },
    );
    await createUser(here, actor, { ...person('pending@home.test'), roles: ['administrator'] });
    await createUser(
      here,
      actor,
      { ...person('unapproved@home.test'), approved: false },
      { activated: true },
    );
    await createUser(here, actor, { ...person('off@home.test'), active: false }, { activated: true });
    const invited = await createUser(
      here,
      actor,
      { ...person('invited@home.test'), roles: ['crm:agent'] },
      { invitationId: 'an-invitation', source: 'invite', activated: true },
    );
    await updateUser(here, actor, invited._id, (user) => ({ ...inputOf(user), roles: ['manager'] }));
    await createGroupWithMembers(
      here,
      actor,
      {
        displayName: 'Heads',
        externalId: null,
        attributes: {},
        roleIds: ['manager'],
        administratorIds: [(await find(here, 'ada@acme.test'))._id],
      },
      [(await find(here, 'temp@home.test'))._id],
    );
    await createDirectory(here, actor, { name: 'Another' });
    await createConnection(here, actor, { name: 'Aardvark', issuer: 'https://a.test', clientId: 'x' });
    exported = await exportBootstrap(here);
    leftOut = await leftOutOf(here);
    await applyBootstrap(there, parseBootstrap(JSON.parse(JSON.stringify(exported))));
  });

  const standing = ({ enabled, approved, activatedAt, accessExpiresAt, loginType }: UserDocument) => ({
    enabled,
    approved,
    isActivated: activatedAt !== null,
    accessExpiresAt,
    loginType,
  });
  for (const email of ['temp', 'pending', 'unapproved', 'off', 'invited'].map(
    (name) => `${name}@home.test`,
  )) {
    it(`lets ${email} in no further than before`, async () => {
      expect(standing(await find(there, email))).to.deep.equal(standing(await find(here, email)));
    });
  }

  it('keeps a confidential application confidential, and says that it needs a new secret', async () => {
    const { tenantId } = await actorIn(there);
    const [application] = await there.store.tenant(tenantId).collection('applications').find({});
    expect(application?.clientSecretHash).to.be.a('string');
    expect(missingSecrets(parseBootstrap(JSON.parse(JSON.stringify(exported))))).to.include(
      'tenants[0].applications[0]',
    );
  });

  it('tells roles by invitation from those given by hand, and loses neither', async () => {
    const entry = exported.tenants[0]?.users?.find(({ email }) => email === 'invited@home.test');
    expect(entry).to.deep.include({ roles: ['manager'], invitedRoles: ['crm:agent'] });
    const roles = (await find(there, 'invited@home.test')).grants.map(({ role }) => role);
    expect(roles.sort()).to.deep.equal(['crm:agent', 'manager']);
  });

  it('gives nobody a role by hand that a group gave', () => {
    const entry = exported.tenants[0]?.users?.find(({ email }) => email === 'temp@home.test');
    expect(entry?.roles).to.deep.equal([]);
  });

  it('takes groups made by hand along, with their roles, members and administrators', async () => {
    const temp = await find(there, 'temp@home.test');
    expect(temp.grants.map(({ role }) => role)).to.deep.equal(['manager']);
    const again = await exportBootstrap(there);
    expect(again.tenants[0]?.groups).to.deep.equal(exported.tenants[0]?.groups);
  });

  it('lists connections by name, whatever order they were made in', () => {
    expect(exported.tenants[0]?.ssoConnections?.map(({ name }) => name)).to.deep.equal([
      'Aardvark',
      'Acme Okta',
    ]);
  });

  it('says in words what is not in the file', () => {
    const text = leftOut.join('\n');
    for (const what of ['passwords', 'client secrets of applications', 'API keys', 'SCIM tokens']) {
      expect(text).to.contain(what);
    }
  });
});
