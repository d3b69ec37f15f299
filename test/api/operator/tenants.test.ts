import { expect } from 'chai';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { ensureOperatorTenant } from '../../../src/identity/operator/staff-tenant.js';
import { systemActor } from '../../../src/identity/actors.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { waitForMails } from '../../support/mailbox.js';
import { givenOperator, type TestOperator } from '../../support/operator.js';

interface Tenant {
  id: string;
  slug: string;
  name: string;
  externalId: string | null;
  status: string;
  users: number;
  createdAt: string;
  invitation?: { email: string; outcome: string } | null;
}

const unique = (): string => `c${newId().replaceAll('-', '')}`;

describe('/api/v1/tenants', () => {
  let app: TestApp;
  let operator: TestOperator;
  let other: ApiTenant;
  before(async () => {
    app = await startApp();
    operator = await givenOperator(app);
    other = await givenTenant(app);
  });
  after(() => app.stop());

  const create = (body: object) => operator.call('post', '/tenants').send(body);
  async function given(over: object = {}): Promise<Tenant> {
    const res = await create({ slug: unique(), name: 'Acme', ...over }).expect(201);
    return res.body as Tenant;
  }

  it('makes a tenant and invites its administrator, who then has a mail with the way in', async () => {
    const slug = unique();
    const email = `ada@${slug}.test`;
    const res = await create({
      slug,
      name: 'Acme GmbH',
      externalId: `crm-${slug}`,
      preset: 'contact-center',
      settings: { 'lockout.lockSeconds': 60 },
      administrator: { email, givenName: 'Ada', familyName: 'Lovelace' },
    }).expect(201);
    const made = res.body as Tenant;
    expect(made).to.deep.equal({
      id: made.id,
      slug,
      name: 'Acme GmbH',
      externalId: `crm-${slug}`,
      status: 'active',
      users: 1,
      createdAt: made.createdAt,
      invitation: { email, outcome: 'invited' },
    });
    const [mail] = await waitForMails(app.core, email);
    expect(mail?.link).to.contain(app.url);
    const users = await operator.call('get', '/users', slug).expect(200);
    const [ada] = (
      users.body as { items: { givenName: string; familyName: string; roles: { role: string }[] }[] }
    ).items;
    expect(ada).to.include({ givenName: 'Ada', familyName: 'Lovelace' });
    expect(ada?.roles.map(({ role }) => role)).to.deep.equal(['administrator']);
    const settings = await operator.call('get', '/settings', slug).expect(200);
    expect(settings.body).to.include({ 'lockout.lockSeconds': 60, 'lockout.minGapSeconds': 3 });
  });

  it('is told in the audit trail of the new tenant, with the operator as the actor', async () => {
    const { slug, id } = await given({ administrator: { email: 'ada@acme.test' } });
    await operator.call('patch', `/tenants/${id}`).send({ name: 'New' }).expect(200);
    const res = await operator.call('get', '/audit-events?sort=at', slug).expect(200);
    const events = (res.body as { items: { action: string; actor: { type: string; id: string } }[] }).items;
    const actions = events.map(({ action }) => action);
    expect(actions).to.include.members(['tenant.created', 'invitation.sent', 'settings.changed']);
    // The mail leaves by itself, some time later.
    for (const { actor, action } of events.filter((event) => event.action !== 'mail.sent'))
      expect(actor, action).to.include({ type: 'operator', id: operator.id });
  });

  it('answers the same externalId again with the tenant that stands, unchanged', async () => {
    const externalId = newId();
    const administrator = { email: 'ada@acme.test' };
    const first = await given({ externalId, administrator });
    const again = await create({ slug: unique(), name: 'Another', externalId, administrator }).expect(200);
    expect(again.body).to.deep.equal({
      ...first,
      invitation: { email: 'ada@acme.test', outcome: 'pending' },
    });
  });

  it('makes one tenant of 20 parallel calls with one externalId, and invites once', async () => {
    const [slug, externalId] = [unique(), newId()];
    const email = `ada@${slug}.test`;
    const calls = Array.from({ length: 20 }, () =>
      create({ slug, name: 'Acme', externalId, administrator: { email } }),
    );
    const answers = await Promise.all(calls);
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).to.deep.equal([...Array<number>(19).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => (body as Tenant).id)).size).to.equal(1);
    const outcomes = answers.map(({ body }) => (body as Tenant).invitation?.outcome);
    expect(outcomes.filter((outcome) => outcome === 'invited')).to.have.length(1);
    const invitations = await operator.call('get', '/invitations', slug).expect(200);
    expect(invitations.body).to.include({ total: 1 });
  });

  it('makes one tenant of parallel calls with one slug, and says 409 to the others', async () => {
    const slug = unique();
    const answers = await Promise.all(Array.from({ length: 5 }, () => create({ slug, name: 'Acme' })));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409, 409, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).to.include({ code: 'tenant.slug_taken' });
  });

  it('points at what is wrong, and makes nothing', async () => {
    const slug = unique();
    const cases: [object, number, string][] = [
      [{ slug: 'Not A Slug', name: 'x' }, 400, '/slug'],
      [{ slug: 'operator', name: 'x' }, 409, '/slug'],
      [{ slug, name: '' }, 400, '/name'],
      [{ slug, name: 'x', preset: 'no-such-preset' }, 400, '/preset'],
      [{ slug, name: 'x', preset: 'operator' }, 400, '/preset'],
      [{ slug, name: 'x', settings: { 'no.such': 1 } }, 400, '/settings/no.such'],
      [{ slug, name: 'x', administrator: { email: 'not an address' } }, 400, '/administrator/email'],
      [{ slug, name: 'x', unknown: true }, 400, '/unknown'],
    ];
    for (const [body, status, pointer] of cases) {
      const res = await create(body).expect(status);
      const { errors } = res.body as { errors: { pointer: string }[] };
      expect(errors.map((fault) => fault.pointer)).to.deep.equal([pointer]);
    }
    await operator.call('get', `/tenants/${slug}`).expect(404);
  });

  it('reads and changes a tenant by its id or slug, with ETag and If-Match', async () => {
    const { id, slug } = await given();
    const read = await operator.call('get', `/tenants/${slug}`).expect(200);
    expect((read.body as Tenant).id).to.equal(id);
    const etag = read.headers['etag'] ?? '';
    const externalId = newId();
    const changed = await operator
      .call('patch', `/tenants/${id}`)
      .set('If-Match', etag)
      .send({ name: 'Renamed', externalId, settings: { 'users.deletion': false } })
      .expect(200);
    expect(changed.body).to.include({ name: 'Renamed', externalId, slug });
    await operator.call('patch', `/tenants/${id}`).set('If-Match', etag).send({ name: 'Late' }).expect(412);
    const settings = await operator.call('get', '/settings', slug);
    expect(settings.body).to.include({ 'users.deletion': false });
    const second = await given();
    const taken = await operator.call('patch', `/tenants/${second.id}`).send({ externalId }).expect(409);
    expect(taken.body).to.include({ code: 'tenant.external_id_taken' });
    await operator.call('patch', `/tenants/${id}`).send({ externalId: null }).expect(200);
    await operator.call('patch', `/tenants/${second.id}`).send({ externalId }).expect(200);
  });

  it('lists tenants in pages, found by slug, name or externalId, and by status', async () => {
    const mark = unique();
    const made: Tenant[] = [];
    for (let n = 0; n < 5; n += 1)
      made.push(await given({ name: `Ünique ${mark} ${n}`, externalId: `${mark}-${n}` }));
    await operator.call('post', `/tenants/${made[1]!.id}/suspend`).expect(200);
    interface List {
      items: Tenant[];
      total: number;
      next: string | null;
    }
    const list = async (query: string) =>
      (await operator.call('get', `/tenants?${query}`).expect(200)).body as List;
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: List = await list(
        `q=${mark.toUpperCase()}&limit=2&sort=createdAt&cursor=${encodeURIComponent(cursor)}`,
      );
      expect(page.total).to.equal(5);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    }
    expect(seen).to.deep.equal(made.map(({ id }) => id));
    expect((await list(`q=${made[2]!.externalId}`)).items.map(({ id }) => id)).to.deep.equal([made[2]!.id]);
    expect((await list(`q=${made[3]!.slug}`)).items.map(({ id }) => id)).to.deep.equal([made[3]!.id]);
    expect((await list(`q=${mark}&status=suspended`)).items.map(({ id }) => id)).to.deep.equal([made[1]!.id]);
    expect((await list(`q=${mark}&status=active`)).total).to.equal(4);
    expect((await list('q=operator')).items.map(({ slug }) => slug)).not.to.include('operator');
  });

  it('is for the operator alone: keys of tenants get 403, whatever their role and tenant', async () => {
    await ensureOperatorTenant(app.core);
    const staffKey = await createApiKey(app.core, systemActor('operator'), {
      name: newId(),
      role: 'operator',
    });
    const { id } = await given();
    for (const key of [other.key, staffKey.key]) {
      await other.call('get', '/tenants', key).expect(403);
      await other.call('post', '/tenants', key).send({ slug: unique(), name: 'x' }).expect(403);
      await other.call('get', `/tenants/${id}`, key).expect(403);
      await other.call('delete', `/tenants/${id}?confirm=x`, key).expect(403);
    }
  });

  it('does not touch the tenant of the operator', async () => {
    await ensureOperatorTenant(app.core);
    await operator.call('get', '/tenants/operator').expect(404);
    await operator.call('post', '/tenants/operator/suspend').expect(404);
    await operator.call('delete', '/tenants/operator?confirm=operator').expect(404);
    await operator.call('post', '/settings/preset', 'operator').send({ preset: 'default' }).expect(400);
  });
});
