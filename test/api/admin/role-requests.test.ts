import { expect } from 'chai';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { setManualRoles } from '../../../src/identity/users/actions.js';
import { deleteUser } from '../../../src/identity/users/removal.js';
import type { UserDocument } from '../../../src/identity/users/users.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { eventually } from '../../support/eventually.js';
import { ManualClock } from '../../support/clock.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { unique } from '../../support/people.js';
import { sessionCall, type SessionCall } from '../../support/session-call.js';

interface Request {
  id: string;
  status: string;
  role: string;
  decision: { by: { label: string }; until: string | null } | null;
}

interface Person {
  user: UserDocument;
  call: SessionCall;
}

const hour = 3_600_000;

describe('role requests', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  let chief: Person;
  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app, { settings: { 'sessions.idleSeconds': 0, 'sessions.absoluteSeconds': 0 } });
    await acme.givenApplication('crm');
    chief = await person(['administrator']);
    const helper = {
      key: 'helper',
      name: 'Helper',
      permissions: ['users.read', 'roles.assign', 'users.update'],
    };
    await acme.call('post', '/roles').send(helper).expect(201);
  });
  after(() => app.stop());

  async function person(roles: string[] = []): Promise<Person> {
    const user = await acme.givenUser({ email: `${unique('person')}@acme.test`, roles });
    return { user, call: await sessionCall(app, user) };
  }
  const wanted = { role: 'crm:agent', reason: 'on call this week', seconds: 3600 };
  const ask = async ({ call }: Person, body: object = wanted): Promise<Request> => {
    const res = await call('post', '/role-requests').send(body);
    expect(res.status, res.text).to.equal(201);
    return res.body as Request;
  };
  const decide = (by: Person, id: string, how: 'approve' | 'deny' | 'cancel', body: object = {}) =>
    by.call('post', `/role-requests/${id}/${how}`).send(body);
  const rolesOf = async (id: string): Promise<string[]> => {
    const { body } = await acme.call('get', `/users/${id}`).expect(200);
    return (body as { roles: { role: string }[] }).roles.map(({ role }) => role);
  };

  it('are asked by a person, decided by another, and what they give ends by itself', async () => {
    const ada = await person();
    const request = await ask(ada);
    expect(request).to.deep.include({ status: 'pending', role: 'crm:agent', decision: null });
    clock.advance(600_000);
    const { body } = await decide(chief, request.id, 'approve', { message: 'take care' }).expect(200);
    const until = new Date(clock.now().getTime() + hour).toISOString();
    expect((body as Request).decision).to.deep.include({ until });
    expect(await rolesOf(ada.user._id)).to.deep.equal(['crm:agent']);
    clock.advance(hour);
    expect(await rolesOf(ada.user._id)).to.deep.equal([]);
  });

  it('reach those who may decide by mail, and the decision reaches the person', async () => {
    const ada = await person();
    const request = await ask(ada, { ...wanted, reason: 'to help <Bob> & co' });
    const link = `${app.url}/admin/role-requests/${request.id}`;
    const sent = async () => (await mailsTo(app.core, chief.user.userName)).find((one) => one.link === link);
    const mail = await eventually(sent, 'the mail to the approver');
    expect(mail).to.include({ template: 'role_request' });
    expect(mail.text).to.include('to help <Bob> & co').and.include(ada.user.userName);
    expect(mail.html).to.include('to help &lt;Bob&gt; &amp; co');
    await decide(chief, request.id, 'deny', { message: 'not this week' }).expect(200);
    const [answer] = await waitForMails(app.core, ada.user.userName);
    expect(answer).to.include({ template: 'role_request_denied' });
    expect(answer!.text).to.include('not this week');
    expect(await rolesOf(ada.user._id)).to.deep.equal([]);
  });

  it('speak the language of the person they go to', async () => {
    const ada = await person();
    await app.core.store
      .tenant(acme.tenant._id)
      .collection('users')
      .update(ada.user._id, (user) => ({
        ...user,
        attributes: { ...user.attributes, preferredLanguage: 'de-AT' },
      }));
    const { id } = await ask(ada);
    await decide(chief, id, 'approve').expect(200);
    const [mail] = await waitForMails(app.core, ada.user.userName);
    expect(mail).to.include({ template: 'role_request_approved', subject: 'Sie haben eine Rolle: Agent' });
    expect(mail!.text).to.include('Sie endet von selbst am');
  });

  it('mail nobody who may not give the role, who neither gives nor refuses it', async () => {
    const helper = await person(['helper']);
    const ada = await person();
    const request = await ask(ada, { ...wanted, role: 'administrator' });
    const isOfThis = ({ link = '' }) => link.endsWith(request.id);
    const sent = async () => (await mailsTo(app.core, chief.user.userName)).find(isOfThis);
    await eventually(sent, 'the mail to the approver');
    expect(await mailsTo(app.core, helper.user.userName)).to.deep.equal([]);
    for (const how of ['approve', 'deny', 'cancel'] as const) {
      const refused = await decide(helper, request.id, how);
      expect(refused.body).to.include({ status: 403, code: 'role.not_grantable' });
    }
    await decide(chief, request.id, 'approve').expect(200);
    expect(await rolesOf(ada.user._id)).to.include('administrator');
    await setManualRoles(app.core, acme.system, ada.user._id, []);
  });

  it('are never decided by who asked, and not by whom they are for', async () => {
    const own = await ask(chief);
    const bob = await person(['helper']);
    const forBob = await ask(chief, { ...wanted, user: bob.user._id });
    for (const [by, { id }] of [
      [chief, own],
      [chief, forBob],
      [bob, forBob],
    ] as const) {
      for (const how of ['approve', 'deny'] as const) {
        const { body } = await decide(by, id, how);
        expect(body).to.include({ status: 403, code: 'role_request.own' });
      }
    }
    await decide(chief, forBob.id, 'cancel').expect(200);
    expect((await decide(bob, own.id, 'approve')).body).to.include({ code: 'user.above_actor' });
    await decide(await person(['administrator']), own.id, 'approve').expect(200);
  });

  it('are not decided by a key that who asked has made, and not by whom made the key that asked', async () => {
    const fresh = await sessionCall(app, chief.user);
    const made = await fresh('post', '/api-keys').send({ name: unique('key'), role: 'administrator' });
    expect(made.status, made.text).to.equal(201);
    const { key } = made.body as { key: string };
    const refused = { status: 403, code: 'role_request.own' };
    const own = await ask(chief);
    expect((await acme.call('post', `/role-requests/${own.id}/approve`, key)).body).to.include(refused);
    await decide(chief, own.id, 'cancel').expect(200);
    const ada = await person();
    const asked = await acme.call('post', '/role-requests', key).send({ ...wanted, user: ada.user._id });
    const { id } = asked.body as Request;
    expect((await decide(chief, id, 'approve')).body).to.include(refused);
    await decide(await person(['administrator']), id, 'approve').expect(200);
  });

  it('are decided once, by however many at the same time', async () => {
    const ada = await person();
    const { id } = await ask(ada);
    const others = await Promise.all(Array.from({ length: 4 }, () => person(['administrator'])));
    const answers = await Promise.all([
      ...others.map((one) => decide(one, id, 'approve')),
      decide(chief, id, 'deny'),
      decide(ada, id, 'cancel'),
    ]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409, 409, 409, 409, 409]);
    const { items } = (await acme.call('get', `/audit-events?target=${id}`)).body as {
      items: { action: string }[];
    };
    expect(items).to.have.length(2);
    const won = answers.find(({ status }) => status === 200)!.body as Request;
    expect(await rolesOf(ada.user._id)).to.deep.equal(won.status === 'approved' ? ['crm:agent'] : []);
    for (const { user } of others) await setManualRoles(app.core, acme.system, user._id, []);
  });

  it('are open once for each role of a person, however often it is asked at once', async () => {
    const ada = await person();
    const send = () => ada.call('post', '/role-requests').send(wanted);
    const answers = await Promise.all(Array.from({ length: 4 }, send));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409, 409]);
    const { items } = (await ada.call('get', '/role-requests')).body as { items: Request[] };
    expect(items).to.have.length(1);
  });

  it('are too late to decide after two weeks, or when the wished time is over; then one may ask again', async () => {
    const ada = await person();
    const until = new Date(clock.now().getTime() + hour).toISOString();
    const { id } = await ask(ada, { role: 'crm:agent', reason: 'today', until });
    clock.advance(hour);
    const late = await decide(await person(['administrator']), id, 'approve');
    expect(late.body).to.include({ status: 409, code: 'role_request.closed' });
    const again = await person();
    await ask(again);
    clock.advance(14 * 24 * hour);
    const { body } = await again.call('get', '/role-requests?status=expired').expect(200);
    expect(body).to.include({ total: 1 });
    expect(await ask(again)).to.include({ status: 'pending' });
  });

  it('give the time the approver chooses, and never shorten what is held already', async () => {
    const ada = await person();
    const short = await ask(ada);
    const first = await decide(chief, short.id, 'approve', { seconds: 7200 }).expect(200);
    const { until } = (first.body as Request).decision!;
    expect(until).to.equal(new Date(clock.now().getTime() + 2 * hour).toISOString());
    const again = await ask(ada);
    const second = await decide(chief, again.id, 'approve').expect(200);
    expect((second.body as Request).decision).to.include({ until });
  });

  it('are made for others by those who may change them, their manager, and administrators of their group', async () => {
    const [ada, bob, eve] = [await person(), await person(), await person()];
    const forAda = { ...wanted, user: ada.user._id };
    expect((await bob.call('post', '/role-requests').send(forAda)).body).to.include({
      code: 'auth.forbidden',
    });
    await app.core.store
      .tenant(acme.tenant._id)
      .collection('users')
      .update(ada.user._id, (user) => {
        const enterprise = { manager: { value: bob.user._id } };
        return { ...user, attributes: { ...user.attributes, enterprise } };
      });
    const byManager = await ask(bob, forAda);
    await decide(ada, byManager.id, 'cancel').expect(200);
    const team = {
      displayName: unique('Team'),
      externalId: null,
      attributes: {},
      administratorIds: [eve.user._id],
    };
    const group = await createGroup(app.core, acme.system, team);
    await acme
      .call('post', `/groups/${group._id}/members`)
      .send({ members: [ada.user._id] })
      .expect(200);
    const byGroup = await ask(eve, forAda);
    await decide(eve, byGroup.id, 'cancel').expect(200);
    const byKey = await acme.call('post', '/role-requests').send(forAda);
    expect(byKey.status, byKey.text).to.equal(201);
  });

  it('are seen by those who may give roles, and their own by everybody else', async () => {
    const [ada, bob] = [await person(), await person()];
    const { id } = await ask(ada);
    expect((await ada.call('get', `/role-requests/${id}`).expect(200)).body).to.include({ id });
    expect((await bob.call('get', `/role-requests/${id}`)).status).to.equal(403);
    expect((await bob.call('get', '/role-requests').expect(200)).body).to.include({ total: 0 });
    expect((await decide(bob, id, 'cancel')).status).to.equal(403);
    expect((await decide(bob, id, 'approve')).status).to.equal(403);
    const { body } = await chief
      .call('get', `/role-requests?status=pending&user=${ada.user._id}`)
      .expect(200);
    expect((body as { items: Request[] }).items.map((one) => one.id)).to.deep.equal([id]);
    const offered = (await ada.call('get', '/requestable-roles').expect(200)).body as {
      items: { role: string }[];
    };
    expect(offered.items.map(({ role }) => role)).to.include('crm:agent');
  });

  it('hold to the version that was read', async () => {
    const { id } = await ask(await person());
    const stale = await decide(chief, id, 'approve').set('If-Match', 'W/"99"');
    expect(stale.status).to.equal(412);
  });

  it('go with the person', async () => {
    const ada = await person();
    const { id } = await ask(ada);
    await deleteUser(app.core, acme.system, ada.user._id);
    expect((await chief.call('get', `/role-requests/${id}`)).status).to.equal(404);
  });

  const odd: readonly [what: string, body: object, status: number, code: string][] = [
    ['no reason', { ...wanted, reason: ' ' }, 400, 'input.invalid'],
    ['no time', { role: 'crm:agent', reason: 'x' }, 400, 'input.invalid'],
    ['two times', { ...wanted, until: '2099-01-01T00:00:00Z' }, 400, 'input.invalid'],
    [
      'a time that has passed',
      { role: 'crm:agent', reason: 'x', until: '2020-01-01T00:00:00Z' },
      400,
      'input.invalid',
    ],
    ['a moment', { ...wanted, seconds: 1 }, 400, 'input.invalid'],
    ['a role that is not there', { ...wanted, role: 'crm:nobody' }, 400, 'input.invalid'],
    ['a person who is not there', { ...wanted, user: 'nobody' }, 404, 'user.not_found'],
  ];
  for (const [what, body, status, code] of odd) {
    it(`refuse ${what}`, async () => {
      expect((await chief.call('post', '/role-requests').send(body)).body).to.include({ status, code });
    });
  }

  it('refuse a role that is held without an end, and more than twenty at a time', async () => {
    const ada = await person(['crm:agent']);
    const held = await ada.call('post', '/role-requests').send(wanted);
    expect(held.body).to.include({ status: 409, code: 'role_request.held' });
    const roles = Array.from({ length: 21 }, (_, index) => `many${index}`);
    for (const key of roles) await acme.call('post', '/roles').send({ key, name: key }).expect(201);
    const statuses: number[] = [];
    for (const role of roles)
      statuses.push((await ada.call('post', '/role-requests').send({ ...wanted, role })).status);
    expect(statuses.filter((status) => status === 201)).to.have.length(20);
    expect(statuses.at(-1)).to.equal(409);
  });

  it('are refused where `roles.requests` is off', async () => {
    const ada = await person();
    await acme.call('patch', '/settings').send({ 'roles.requests': false }).expect(200);
    const refused = await ada.call('post', '/role-requests').send(wanted);
    expect(refused.body).to.include({ status: 403, code: 'role_request.off' });
    expect((await ada.call('get', '/requestable-roles')).body).to.include({ total: 0 });
    await acme.call('patch', '/settings').send({ 'roles.requests': true }).expect(200);
  });
});
