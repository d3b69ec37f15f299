import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { browserOf, makeApplication, makeRole, relyingParty, type RelyingParty } from '../../support/oidc.js';

type Cells = Readonly<Record<string, readonly string[]>>;
interface Told {
  roles: string[];
  permissions: string[];
  constraints?: Record<string, Record<string, string[]>[]>;
}

/** M0-26, row by row: the permissions that a cell means, for administrator, manager and viewer. */
const rows: readonly [row: string, administrator: string, manager: string, viewer: string][] = [
  ['Callback Status', 'callback_status.all', 'callback_status.all', 'callback_status.all'],
  ['Call Detail', 'call_detail.all', 'call_detail.all', 'call_detail.all'],
  ['Insights', 'insights.all', 'insights.all', 'insights.all'],
  ['Reports', 'reports.view reports.audit', 'reports.view reports.audit', 'reports.view'],
  ['Handoff', 'handoff.view handoff.edit', 'handoff.view handoff.edit', 'handoff.view'],
  ['Global Settings', 'global_settings.edit global_settings.messaging', 'global_settings.edit', ''],
  ['Call Targets', 'call_targets.edit', 'call_targets.edit', ''],
  ['Business Units', 'business_units.all', '', ''],
  ['Media Sets', 'media_sets.all', 'media_sets.all', ''],
  [
    'Phone Numbers',
    'phone_numbers.view phone_numbers.edit',
    'phone_numbers.view phone_numbers.edit',
    'phone_numbers.view',
  ],
  ['Scheduler', 'scheduler.all', 'scheduler.all', ''],
  [
    'Datastore',
    'datastore.all datastore.lookup_by_contact',
    'datastore.lookup_by_contact',
    'datastore.lookup_by_contact',
  ],
  ['Alerts', 'alerts.view alerts.acknowledge', 'alerts.view alerts.acknowledge', 'alerts.view'],
  ['User profile', 'profile.all', 'profile.all', 'profile.all'],
];
const column = (index: 1 | 2 | 3): string[] => rows.flatMap((row) => row[index].split(' ')).filter(Boolean);
const callback: Cells = {
  administrator: column(1),
  manager: column(2),
  viewer: column(3),
  agent: ['datastore.lookup_by_contact'],
};

const uses = ['products.access', 'campaigns.view'];
const campaigns = ['campaigns.create', 'campaigns.edit', 'campaigns.status'];
/** M4-6, for people without the switch "Access User Profiles". */
const growth: Cells = {
  administrator: [
    ...uses,
    ...campaigns,
    'campaigns.launch',
    'rules.edit',
    'profiles.view',
    'profiles.export',
  ],
  editor: [...uses, ...campaigns, 'campaigns.launch', 'rules.edit'],
  collaborator: [...uses, ...campaigns],
  viewer: [...uses, 'rules.edit'],
  outsourcer: ['rules.edit'],
  campaign_status_updater: ['campaigns.status'],
};
/** What the switch adds (M4-7, C-16). */
const bySwitch: Cells = {
  administrator: [],
  editor: ['profiles.view', 'profiles.export'],
  collaborator: ['profiles.view', 'profiles.export'],
  viewer: ['profiles.view'],
  outsourcer: ['profiles.view'],
  campaign_status_updater: ['profiles.view'],
};

describe('what the tokens of a product hold, for each built-in role', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  async function product(preset: string, key: string): Promise<{ acme: ApiTenant; party: RelyingParty }> {
    const acme = await givenTenant(app, { preset, settings: { 'approval.required': false } });
    const application = await makeApplication(app.core, acme.tenant, { key });
    // It also makes what is remembered of the tenant void.
    await makeRole(app.core, acme.tenant, application, 'other', []);
    return { acme, party: await relyingParty(app.core, application) };
  }

  async function told(
    { acme, party }: Awaited<ReturnType<typeof product>>,
    roles: string[],
    access: object = {},
  ): Promise<Told> {
    const user = await acme.givenUser({ roles });
    if (Object.keys(access).length > 0)
      await acme.call('patch', `/users/${user._id}`).send(access).expect(200);
    const tokens = await party.signIn(await browserOf(app.core, user));
    return tokens.claims() as unknown as Told;
  }

  it('contact center: every cell of the table (M0-21 to M0-26, F-1)', async () => {
    const at = await product('contact-center', 'callback');
    for (const [role, cells] of Object.entries(callback)) {
      const { roles, permissions } = await told(at, [role]);
      expect(permissions, role).to.deep.equal([...cells].sort());
      expect(roles, role).to.deep.equal([]);
    }
  });

  it('contact center: smart rules where the operator has switched them on, for administrators and managers (M0-25)', async () => {
    const at = await product('contact-center', 'callback');
    const tenants = app.core.store.tenant(at.acme.tenant._id).collection('tenants');
    await tenants.update(at.acme.tenant._id, (tenant) => ({ ...tenant, features: { smartRules: true } }));
    for (const [role, has] of [
      ['administrator', true],
      ['manager', true],
      ['viewer', false],
    ] as const) {
      expect((await told(at, [role])).permissions.includes('smart_rules.all'), role).to.equal(has);
    }
  });

  it('contact center: a role made here gets nothing that is the operator’s own (M0-25)', async () => {
    const at = await product('contact-center', 'callback');
    const permissions = [
      'callback:global_settings.staff',
      'callback:smart_rules.all',
      'callback:insights.all',
    ];
    await at.acme.call('post', '/roles').send({ key: 'sly', name: 'Sly', permissions }).expect(201);
    expect((await told(at, ['sly'])).permissions).to.deep.equal(['insights.all']);
  });

  it('growth: every cell of the table, with and without access to profiles (M4-5, M4-6, M4-7)', async () => {
    const at = await product('growth', 'growth');
    for (const [role, cells] of Object.entries(growth)) {
      expect((await told(at, [role])).permissions, role).to.deep.equal([...cells].sort());
      const open = await told(at, [role], { userProfileAccess: true });
      expect(open.permissions, `${role} with the switch`).to.deep.equal(
        [...cells, ...bySwitch[role]!].sort(),
      );
    }
  });

  it('growth: which campaigns a collaborator may create, change and stop, and nobody else is limited (M4-6)', async () => {
    const at = await product('growth', 'growth');
    expect((await told(at, ['collaborator'])).constraints).to.deep.equal({
      'campaigns.create': [{ types: ['Test'] }],
      'campaigns.edit': [{ states: ['Passive', 'Draft', 'Test'] }],
      'campaigns.status': [{ from: ['Active'], to: ['Stopped', 'Paused'] }],
    });
    for (const role of ['administrator', 'editor', 'campaign_status_updater'])
      expect(await told(at, [role]), role).to.not.have.property('constraints');
  });

  it('marketing and records: the administrator has everything, a role made here what it says (M2-20, M3-16)', async () => {
    const marketing = await product('marketing', 'marketing');
    const all = ['data.manage', 'journeys.create', 'messages.send'];
    expect((await told(marketing, ['full_admin'])).permissions).to.deep.equal(all);
    expect((await told(marketing, ['restricted_access'])).permissions).to.deep.equal([]);
    const records = await product('records', 'records');
    expect((await told(records, ['administrator'])).permissions).to.have.members([
      'data.view',
      'data.edit',
      'data.download',
    ]);
    const clerk = { key: 'clerk', name: 'Clerk', permissions: ['records:data.view'] };
    await records.acme.call('post', '/roles').send(clerk).expect(201);
    expect((await told(records, ['clerk'])).permissions).to.deep.equal(['data.view']);
  });

  it('services: every application has ADMIN, CONTENT_EDITOR and the Reader of an assignment (M1-19, M1-27)', async () => {
    const at = await product('service-portal', 'kb');
    const cells: Cells = {
      ADMIN: ['config.edit', 'content.read'],
      CONTENT_EDITOR: ['content.create', 'content.edit', 'content.read'],
    };
    for (const [role, permissions] of Object.entries(cells))
      expect(await told(at, [`kb:${role}`])).to.deep.include({ roles: [role], permissions });
    const reader = await told(at, [], { services: ['kb'] });
    expect(reader).to.deep.include({ roles: [], permissions: ['content.read'] });
    expect(await told(at, ['account_manager', 'account'])).to.deep.include({ roles: [], permissions: [] });
  });

  it('are the same whatever else the tenant is: another preset, another application', async () => {
    const other = await product('default', 'callback');
    expect((await told(other, ['administrator'])).permissions).to.deep.equal([]);
    const crm = await product('contact-center', 'crm');
    expect((await told(crm, ['administrator'])).permissions).to.deep.equal([]);
  });
});

describe('roles with limits, made here', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app, { preset: 'growth' });
  });
  after(() => app.stop());

  const create = (body: object) => acme.call('post', '/roles').send(body);

  it('are copied from a built-in role with its permissions and limits, then changed (M2-3)', async () => {
    const { body } = await create({ key: 'trainee', name: 'Trainee', copyOf: 'collaborator' }).expect(201);
    const { permissions, constraints } = body as {
      permissions: string[];
      constraints: Record<string, unknown>;
    };
    expect(permissions).to.include('growth:campaigns.create');
    expect(constraints['growth:campaigns.create']).to.deep.equal({ types: ['Test'] });
    const limits = { 'growth:campaigns.view': { types: ['Test', 'Draft'] } };
    const less = { permissions: ['growth:campaigns.view'], constraints: limits };
    const changed = await acme.call('patch', '/roles/trainee').send(less).expect(200);
    expect((changed.body as { constraints: object }).constraints).to.deep.equal(limits);
    const gone = await acme.call('patch', '/roles/trainee').send({ permissions: [] }).expect(200);
    expect((gone.body as { constraints: object }).constraints).to.deep.equal({});
  });

  const odd: readonly [what: string, body: object, pointer: string][] = [
    [
      'limits of what it does not hold',
      { constraints: { 'growth:x': { types: ['A'] } } },
      '/constraints/growth:x',
    ],
    [
      'limits of a management permission',
      { permissions: ['users.read'], constraints: { 'users.read': { types: ['A'] } } },
      '/constraints/users.read',
    ],
    [
      'a limit without values',
      { permissions: ['growth:x'], constraints: { 'growth:x': { types: [] } } },
      '/constraints/growth:x/types',
    ],
    ['a copy of nothing', { copyOf: 'nobody' }, '/copyOf'],
  ];
  for (const [what, body, pointer] of odd) {
    it(`refuse ${what}`, async () => {
      const res = await create({ key: 'odd', name: 'Odd', ...body });
      expect(res.status, res.text).to.equal(400);
      expect((res.body as { errors: { pointer: string }[] }).errors[0]!.pointer).to.equal(pointer);
    });
  }

  it('stand in the matrix beside the permissions of the products (M3-25)', async () => {
    const { body } = await acme.call('get', '/permissions?limit=200').expect(200);
    const { items } = body as { items: { key: string; application: string | null }[] };
    expect(items).to.deep.include({
      ...{ key: 'growth:campaigns.launch', label: 'Launch campaigns' },
      ...{ application: 'growth', staffOnly: false },
    });
    expect(items.some(({ key }) => key === 'users.read')).to.equal(true);
  });
});
