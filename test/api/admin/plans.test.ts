import { expect } from 'chai';
import fc from 'fast-check';
import { directoryActor } from '../../../src/identity/actors.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { changeMembers } from '../../../src/identity/groups/members.js';
import { createConnection } from '../../../src/identity/sso/connections.js';
import { setApproved } from '../../../src/identity/users/actions.js';
import { withProfile } from '../../../src/identity/users/input.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { eventually } from '../../support/eventually.js';
import { givenProvisioned, unique } from '../../support/people.js';
import { countsOf, lookAtPeople, whatHappened, type PlanAnswer } from '../../support/planned.js';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type Change = [Method, path: string, body?: object];

interface Scene {
  acme: ApiTenant;
  directory: string;
  connection: string;
}

const rule = (path: string, is: string, ...grant: string[]) => ({ when: { path, is }, grant });
const sales = rule('title', 'sales', 'crm:agent');
const rules = [
  sales,
  rule('title', 'chief', 'administrator', 'crm:lead'),
  rule('title', 'clerk', 'clerk'),
  rule('groups.displayName', 'Team', 'crm:lead', 'clerk'),
];

describe('a change that is planned', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  /** A dozen people: some by hand, some from a directory with rules, some in groups, some not approved. */
  async function scene(): Promise<Scene> {
    const acme = await givenTenant(app);
    const { core } = app;
    await acme.givenApplication('crm');
    const lead = {
      key: 'lead',
      name: 'Lead',
      application: 'crm',
      permissions: ['calls.read', 'calls.manage'],
    };
    await acme.call('post', '/roles').send(lead).expect(201);
    await acme
      .call('post', '/roles')
      .send({ key: 'clerk', name: 'Clerk', permissions: ['users.read'] })
      .expect(201);
    const made = await createDirectory(core, acme.system, { name: 'Okta', roleRules: [sales] });
    const domain = `${unique('company')}.test`;
    const connection = await createConnection(core, acme.system, {
      ...{ name: 'C', issuer: 'https://login.acme.test', clientId: 'x', clientSecret: 's', mode: 'optional' },
      domains: [{ domain, verified: true }],
    });
    const actor = directoryActor(made, { name: 't' });
    const titles = ['sales', 'sales', 'chief', 'clerk', 'none'];
    const pushed = [];
    for (const [index, title] of titles.entries()) {
      const email = `p${index}@${index % 2 === 0 ? domain : 'home.test'}`;
      const attributes = { ...withProfile({}, { email }), title };
      pushed.push(await givenProvisioned(core, actor, { userName: email, attributes }));
    }
    const team = { displayName: 'Team', externalId: null, attributes: {} };
    const group = await createGroup(core, actor, team);
    await changeMembers(core, actor, group._id, { add: [pushed[3]!._id, pushed[4]!._id] });
    await acme.givenUser({ roles: ['administrator'] });
    const second = await acme.givenUser({ email: `boss@${domain}`, roles: ['administrator', 'clerk'] });
    const agent = await acme.givenUser({ roles: ['crm:agent'] });
    const local = { displayName: 'Local', externalId: null, attributes: {}, roleIds: ['crm:lead'] };
    const ours = await createGroup(core, acme.system, local);
    await acme
      .call('post', `/groups/${ours._id}/members`)
      .send({ members: [agent._id] })
      .expect(200);
    for (const user of [second, agent, pushed[0]!]) await setApproved(core, acme.system, user._id, false);
    return { acme, directory: made._id, connection: connection._id };
  }

  const send = ({ acme }: Scene, [method, path, body]: Change, query: string) =>
    acme.call(method, `${path}?${query}`).send(body);
  async function planOf(at: Scene, change: Change): Promise<PlanAnswer> {
    const res = await send(at, change, 'dryRun=true');
    expect(res.status, res.text).to.equal(200);
    return res.body as PlanAnswer;
  }
  const people = ({ acme }: Scene) => lookAtPeople(app.core, acme.tenant._id);

  async function settle({ acme }: Scene): Promise<void> {
    const jobs = app.core.store.tenant(acme.tenant._id).collection('jobs');
    const isUnderWay = () => [{ leasedUntil: { $ne: null } }, { runAt: { $lte: app.core.clock.now() } }];
    const due = () => jobs.count({ kind: 'grants.recompute', $or: isUnderWay() });
    await eventually(async () => (await due()) === 0, 'the roles are worked out');
  }

  /** Plans it, makes it, and compares. */
  async function check(at: Scene, change: Change): Promise<PlanAnswer> {
    const before = await people(at);
    const plan = await planOf(at, change);
    expect(await people(at)).to.deep.equal(before);
    const done = await send(at, change, `plan=${plan.plan}`);
    expect(done.status, done.text).to.be.lessThan(300);
    await settle(at);
    const happened = whatHappened(before, await people(at));
    expect(countsOf(plan), JSON.stringify(change)).to.deep.equal(happened);
    return plan;
  }

  it('says in sentences who gains and loses roles, is forwarded, or locked out', async () => {
    const at = await scene();
    const listed = { rules: [rules[1]!] };
    const moved = await check(at, ['put', `/directories/${at.directory}/rules`, listed]);
    expect(moved.summary).to.include.members([
      '1 loses crm:agent',
      '1 gains crm:lead',
      '1 gains administrator',
    ]);
    // The other one in sales is not activated.
    expect(moved.later).to.deep.include({ kind: 'role.lost', what: 'crm:agent', users: 1 });
    const forwarded = await check(at, ['patch', `/sso-connections/${at.connection}`, { mode: 'required' }]);
    expect(forwarded.summary).to.deep.equal(['4 will be forwarded']);
    const held = await check(at, ['patch', '/settings', { 'approval.required': true }]);
    expect(held.summary).to.include.members([
      '1 administrator would be locked out',
      '3 become pending approval',
    ]);
    const edited = await check(at, [
      'patch',
      '/roles/crm:lead',
      { permissions: ['calls.read', 'calls.delete'] },
    ]);
    expect(edited.summary).to.include('1 gains the permission crm:calls.delete');
  });

  it('does what its plan says, whatever was changed before (property)', async function () {
    this.timeout(120_000);
    const at = await scene();
    const rulesPath = `/directories/${at.directory}/rules`;
    const step = fc.oneof(
      fc.subarray(rules).map((some): Change => ['put', rulesPath, { rules: some }]),
      fc
        .constantFrom('off', 'optional', 'required')
        .map((mode): Change => ['patch', `/sso-connections/${at.connection}`, { mode }]),
      fc.boolean().map((on): Change => ['patch', '/settings', { 'approval.required': on }]),
      fc
        .subarray(['users.read', 'audit.read', 'crm:calls.read'])
        .map((permissions): Change => ['patch', '/roles/clerk', { permissions }]),
      fc
        .subarray(['calls.read', 'calls.manage'])
        .map((permissions): Change => ['patch', '/roles/crm:lead', { permissions }]),
      fc
        .constantFrom('default', 'contact-center', 'service-portal')
        .map((preset): Change => ['post', '/settings/preset', { preset }]),
    );
    for (const change of fc.sample(step, { numRuns: 25, seed: 20261 })) await check(at, change);
    await check(at, ['delete', `/directories/${at.directory}`]);
    await check(at, ['delete', `/sso-connections/${at.connection}`]);
  });

  it('is refused with the plan of another moment, and of another change', async () => {
    const at = await scene();
    const change: Change = ['put', `/directories/${at.directory}/rules`, { rules: [] }];
    const { plan } = await planOf(at, change);
    const other = await send(at, [change[0], change[1], { rules: [rules[2]!] }], `plan=${plan}`);
    expect(other.body).to.include({ status: 409, code: 'plan.stale' });
    const { _id } = await at.acme.givenUser({ email: `${unique('late')}@home.test` });
    expect((await planOf(at, change)).plan).to.equal(plan);
    const made = { ...sales, grant: ['crm:lead'] };
    await at.acme.call('post', `/directories/${at.directory}/rules`).send(made).expect(201);
    await settle(at);
    const late = await send(at, change, `plan=${plan}`);
    expect(late.body).to.include({ status: 409, code: 'plan.stale' });
    const anew = await planOf(at, change);
    await at.acme.call('delete', `/users/${_id}`).expect(204);
    await send(at, change, `plan=${anew.plan}`).expect(200);
  });

  it('is refused in its plan with what it would be refused with', async () => {
    const at = await scene();
    const key = await at.acme.givenKey(['account.settings', 'scim.manage', 'roles.edit']);
    const tries: readonly [Change, number, string, string?][] = [
      [['patch', '/settings', { 'lockout.threshold': 0 }], 400, 'input.invalid'],
      [['post', '/settings/preset', { preset: 'growth' }], 400, 'input.invalid'],
      [['put', `/directories/${at.directory}/rules`, { rules: [rules[1]!] }], 403, 'role.not_grantable', key],
      [['delete', '/roles/clerk'], 409, 'role.in_use'],
      [['delete', '/roles/administrator'], 403, 'role.built_in'],
      [['patch', '/roles/nothing', {}], 404, 'role.not_found'],
      [['patch', '/roles/clerk', { permissions: ['audit.read'] }], 403, 'role.not_grantable', key],
      [['patch', '/roles/clerk', {}], 403, 'auth.forbidden', await at.acme.givenKey(['users.read'])],
    ];
    for (const [[method, path, body], status, code, by] of tries) {
      const res = await at.acme.call(method, `${path}?dryRun=true`, by).send(body);
      expect(res.body, path).to.include({ status, code });
    }
    const stale = at.acme
      .call('patch', '/roles/clerk?dryRun=true')
      .set('If-Match', 'W/"99"')
      .send({ name: 'X' });
    expect((await stale).status).to.equal(412);
  });

  it('leaves no trace in its plan: nothing stored, no event, no job, no version', async () => {
    const at = await scene();
    const scope = app.core.store.tenant(at.acme.tenant._id);
    const trace = async () => ({
      events: await scope.collection('audit_events').count({}),
      jobs: await scope.collection('jobs').count({}),
      tenant: await scope.collection('tenants').get(at.acme.tenant._id),
      directories: await scope.collection('directories').find({}),
      connections: await scope.collection('sso_connections').find({}),
      roles: await scope.collection('roles').find({}),
    });
    await settle(at);
    const before = await trace();
    const changes: Change[] = [
      ['put', `/directories/${at.directory}/rules`, { rules }],
      ['post', `/directories/${at.directory}/rules`, sales],
      ['patch', `/directories/${at.directory}`, { name: 'Other' }],
      ['delete', `/directories/${at.directory}`],
      ['post', '/settings/preset', { preset: 'service-portal' }],
      ['patch', '/settings', { 'approval.required': true }],
      ['patch', '/roles/clerk', { permissions: [] }],
      ['delete', '/roles/crm:lead'],
      ['patch', `/sso-connections/${at.connection}`, { mode: 'off' }],
      ['delete', `/sso-connections/${at.connection}`],
      ['post', '/sso-connections', { name: 'N', issuer: 'https://n.test', clientId: 'n', clientSecret: 's' }],
    ];
    for (const change of changes) {
      const { status } = await send(at, change, 'dryRun=true');
      expect(status, change[1]).to.be.oneOf([200, 409]);
    }
    expect(await trace()).to.deep.equal(before);
    expect((await at.acme.call('get', '/settings').expect(200)).body).to.include({
      'approval.required': false,
    });
  });

  it('adds a new user to its own effects: a plan holds while nothing else would happen', async () => {
    const at = await scene();
    const change: Change = ['patch', '/settings', { 'approval.required': true }];
    const { plan, users, settings } = await planOf(at, change);
    expect(settings).to.deep.equal([{ name: 'approval.required', before: false, after: true }]);
    const { _id } = await at.acme.givenUser();
    expect(await planOf(at, change)).to.include({ plan, users: users + 1 });
    await setApproved(app.core, at.acme.system, _id, false);
    expect((await planOf(at, change)).plan).to.not.equal(plan);
  });
});
