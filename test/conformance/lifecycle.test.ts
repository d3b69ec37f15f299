import { expect } from 'chai';
import { systemActor } from '../../src/identity/actors.js';
import { activateUser } from '../../src/identity/users/actions.js';
import { systemClock } from '../../src/shared/clock.js';
import { silentNarrator } from '../../src/sim/narrator.js';
import { makeGroup, makePerson, type Person } from '../../src/sim/person.js';
import { profileNamed } from '../../src/sim/profiles/by-name.js';
import { profileNames } from '../../src/sim/profiles/profile.js';
import { runSteps, type Pusher } from '../../src/sim/run-steps.js';
import type { Step } from '../../src/sim/step.js';
import { openBrowser, type Browser } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { patch, schemas, startProvider, type Json, type Provider } from '../support/provider.js';
import { signIn } from '../support/sign-in.js';

const password = 'a-Password-of-9-words';

/** Signs somebody in with a password, so that there is a session to lose. */
async function openSession(provider: Provider, id: string, userName: string): Promise<Browser> {
  const { core, url } = provider.app;
  const replace = patch({ op: 'replace', path: 'password', value: password });
  await provider.send('PATCH', `/Users/${id}`, replace);
  const tenant = await core.store.server.collection('tenants').findOne({ slug: 'acme' });
  await activateUser(core, systemActor(tenant?._id ?? ''), id);
  const browser = openBrowser(url);
  await signIn(browser, userName, password);
  expect(await isSignedIn(browser), `${userName} signs in`).to.equal(true);
  return browser;
}

const isSignedIn = async (browser: Browser): Promise<boolean> =>
  (await browser.get('/api/v1/me')).status === 200;

/** Roles with the kinds of their sources: `crm:agent by rule`. */
async function rolesOf(provider: Provider, id: string): Promise<string[]> {
  const { roles } = await provider.api('GET', `/users/${id}`);
  return (roles as { role: string; sources: { type: string }[] }[])
    .flatMap(({ role, sources }) => sources.map(({ type }) => `${role} by ${type}`))
    .sort();
}

for (const name of profileNames) {
  const profile = profileNamed(name);

  describe(`a working life as ${profile.title} sends it`, () => {
    let provider: Provider;
    let pusher: Pusher;
    const person = makePerson('Ada Lovelace', `${name}.example`, 'Support');
    const group = makeGroup('Support', `${name}.example`);
    const play = (...steps: Step[]): Promise<number> =>
      runSteps(pusher, steps, {
        clock: systemClock,
        narrator: silentNarrator,
        assert: true,
        pauseMs: 0,
      });
    const found = async (who: Person): Promise<Json | undefined> => {
      const list = await provider.expect(200, 'GET', `/Users?filter=userName eq "${who.userName}"`);
      return list['Resources'][0] as Json | undefined;
    };

    before(async () => {
      const path = profile.pushesGroups ? 'groups.displayName' : `${schemas.enterprise}:department`;
      const rules = [{ when: { path, is: 'Support' }, grant: ['crm:agent'] }];
      provider = await startProvider('auto', { 'content-type': 'application/scim+json' }, rules);
      pusher = { target: provider, headers: profile.headers, memory: new Map() };
    });
    after(() => provider.stop());

    it('unassigns to inactive and listed, with no session left; assigns again with the roles, and no session comes back', async () => {
      await play(...profile.join(person), ...profile.pushGroup(group), ...profile.addMember(group, person));
      const { id } = (await found(person)) ?? {};
      await provider.api('PATCH', `/users/${id}`, { roles: ['crm:manager'] });
      const roles = await rolesOf(provider, id);
      expect(roles).to.deep.equal(['crm:agent by rule', 'crm:manager by manual']);
      const browser = await openSession(provider, id, person.userName);

      await play(...profile.suspend(person));
      expect(await isSignedIn(browser)).to.equal(false);
      expect(await found(person)).to.deep.include({ id, active: false });
      expect((await provider.api('GET', `/users/${id}`))['status']).to.equal('disabled');

      await play(...profile.resume(person));
      expect(await found(person)).to.deep.include({ id, active: true });
      expect(await rolesOf(provider, id)).to.deep.equal(roles);
      expect(await isSignedIn(browser), 'what ended stays ended').to.equal(false);
      const again = openBrowser(provider.app.url);
      await signIn(again, person.userName, password);
      expect(await isSignedIn(again)).to.equal(true);
    });

    it('assigns an existing person: finds, links and revives the same person', async () => {
      const { id } = (await found(person)) ?? {};
      await play(...profile.suspend(person));
      pusher.memory.clear();
      await play(...profile.join(person));
      expect(await found(person)).to.deep.include({ id, active: true });
    });

    it('deletes for good where it deletes at all, and hires a new person under the old name', async () => {
      const before = (await found(person)) ?? {};
      await play(...profile.remove(person));
      if (profile.remove(person).length === 0) return;
      expect(await found(person)).to.equal(undefined);
      await provider.expect(404, 'GET', `/Users/${before['id']}`);
      await play(...profile.join(person));
      const after = (await found(person)) ?? {};
      expect(after['id']).not.to.equal(before['id']);
      expect(await rolesOf(provider, after['id']), 'nothing is inherited by hand').not.to.include(
        'crm:manager by manual',
      );
    });
  });
}

describe('names and addresses that change', () => {
  let provider: Provider;
  before(async () => {
    provider = await startProvider('auto', { 'content-type': 'application/scim+json' });
  });
  after(() => provider.stop());

  const user = (userName: string, more: object = {}): object => ({
    schemas: [schemas.user],
    userName,
    emails: [{ value: userName, type: 'work', primary: true }],
    active: true,
    ...more,
  });
  const create = async (userName: string, more: object = {}): Promise<string> =>
    (await provider.expect(201, 'POST', '/Users', user(userName, more)))['id'];
  const count = async (filter: string): Promise<number> =>
    (await provider.expect(200, 'GET', `/Users?filter=${filter}`))['totalResults'];

  it('a new userName and address keep the person, the session and the manual roles, and free the old name', async () => {
    const id = await create('maiden@acme.example', { externalId: 'e-1' });
    await provider.api('PATCH', `/users/${id}`, { roles: ['crm:manager'] });
    const browser = await openSession(provider, id, 'maiden@acme.example');
    const renamed = user('married@acme.example', { externalId: 'e-1' });
    expect((await provider.expect(200, 'PUT', `/Users/${id}`, renamed))['id']).to.equal(id);
    expect(await isSignedIn(browser)).to.equal(true);
    expect(await rolesOf(provider, id)).to.deep.equal(['crm:manager by manual']);
    expect(await count('userName eq "maiden@acme.example"')).to.equal(0);
    expect(await count('userName eq "married@acme.example"')).to.equal(1);
    expect(await create('maiden@acme.example')).not.to.equal(id);
    const later = openBrowser(provider.app.url);
    await signIn(later, 'married@acme.example', password);
    expect(await isSignedIn(later)).to.equal(true);
  });

  it('a PATCH of userName alone, as Entra sends it, leaves the address', async () => {
    const id = await create('upn@acme.example');
    const rename = patch({ op: 'Replace', path: 'userName', value: 'upn2@acme.example' });
    await provider.expect(200, 'PATCH', `/Users/${id}`, rename);
    const read = await provider.expect(200, 'GET', `/Users/${id}`);
    expect(read['userName']).to.equal('upn2@acme.example');
    expect(read['emails'][0].value).to.equal('upn@acme.example');
  });

  it('a new address alone is what the person is found and written to by', async () => {
    const id = await create('box@acme.example');
    const move = patch({ op: 'replace', path: 'emails[type eq "work"].value', value: 'post@acme.example' });
    await provider.expect(200, 'PATCH', `/Users/${id}`, move);
    expect(await count('emails[type eq "work"].value eq "post@acme.example"')).to.equal(1);
    expect(await count('emails.value eq "box@acme.example"')).to.equal(0);
    expect((await provider.api('GET', `/users/${id}`))['email']).to.equal('post@acme.example');
  });

  it('a name or address of another user is 409 uniqueness on every way to it, and changes nothing', async () => {
    await create('taken@acme.example');
    const id = await create('free@acme.example');
    const attempts: [string, string, object][] = [
      ['POST', '/Users', user('Taken@acme.example')],
      ['PUT', `/Users/${id}`, user('TAKEN@acme.example')],
      ['PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'userName', value: 'taken@ACME.example' })],
      [
        'PATCH',
        `/Users/${id}`,
        patch({ op: 'replace', value: { emails: [{ value: 'taken@acme.example' }] } }),
      ],
    ];
    for (const [method, path, body] of attempts) {
      const error = await provider.expect(409, method, path, body);
      expect(error['scimType']).to.equal('uniqueness');
    }
    expect((await provider.expect(200, 'GET', `/Users/${id}`))['userName']).to.equal('free@acme.example');
  });

  it('an inactive person keeps the name: the next creation is 409, the lookup finds whom to revive', async () => {
    const id = await create('left@acme.example');
    await provider.expect(200, 'PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: false } }));
    await provider.expect(409, 'POST', '/Users', user('left@acme.example'));
    const list = await provider.expect(200, 'GET', '/Users?filter=userName eq "left@acme.example"');
    expect(list['Resources'][0]).to.deep.include({ id, active: false });
  });
});

describe('groups that are renamed', () => {
  let provider: Provider;
  let member: string;
  before(async () => {
    provider = await startProvider('auto', { 'content-type': 'application/scim+json' }, [
      { when: { path: 'groups.displayName', is: 'Support' }, grant: ['crm:agent'] },
      { when: { path: 'groups.externalId', is: 'g-1' }, grant: ['crm:manager'] },
    ]);
    const user = { schemas: [schemas.user], userName: 'member@acme.example' };
    member = (await provider.expect(201, 'POST', '/Users', user))['id'];
  });
  after(() => provider.stop());

  const renames: [title: string, body: (id: string, displayName: string) => [method: string, body: object]][] =
    [
      ['Okta (id inside the value)', (id, displayName) => ['PATCH', patch({ op: 'replace', value: { id, displayName } })]],
      ['Okta’s wizard applications (PUT)', (id, displayName) => ['PUT', { schemas: [schemas.group], id, displayName, externalId: 'g-1', members: [{ value: member }] }]],
      ['Entra', (_id, displayName) => ['PATCH', patch({ op: 'Replace', path: 'displayName', value: displayName })]],
      ['JumpCloud, OneLogin and Ping', (_id, displayName) => ['PATCH', patch({ op: 'replace', path: 'displayName', value: displayName })]],
    ]; // prettier-ignore
  for (const [title, renameBy] of renames) {
    it(`by ${title}: roles by externalId stay, roles by name follow the name`, async () => {
      const { id } = await provider.expect(201, 'POST', '/Groups', {
        schemas: [schemas.group],
        displayName: 'Support',
        externalId: 'g-1',
        members: [{ value: member }],
      });
      const rename = async (displayName: string): Promise<string[]> => {
        const [method, body] = renameBy(id, displayName);
        const { status } = await provider.send(method, `/Groups/${id}`, body);
        expect(status).to.be.oneOf([200, 204]);
        return rolesOf(provider, member);
      };
      expect(await rolesOf(provider, member)).to.deep.equal(['crm:agent by rule', 'crm:manager by rule']);
      expect(await rename('Helpdesk')).to.deep.equal(['crm:manager by rule']);
      expect(await rename('support')).to.deep.equal(['crm:agent by rule', 'crm:manager by rule']);
      await provider.expect(204, 'DELETE', `/Groups/${id}`);
      expect(await rolesOf(provider, member)).to.deep.equal([]);
    });
  }

  it('by id: a rule that names the group’s id does not mind either', async () => {
    const { id } = await provider.expect(201, 'POST', '/Groups', {
      schemas: [schemas.group],
      displayName: 'By id',
      members: [{ value: member }],
    });
    const { items } = await provider.api('GET', '/directories');
    const rule = { when: { path: 'groups.id', is: id }, grant: ['crm:manager'] };
    await provider.api('POST', `/directories/${items[0].id}/rules`, rule);
    await provider.send(
      'PATCH',
      `/Groups/${id}`,
      patch({ op: 'replace', value: { displayName: 'Another' } }),
    );
    await provider.send('PATCH', `/Users/${member}`, patch({ op: 'replace', value: { title: 'x' } }));
    expect(await rolesOf(provider, member)).to.deep.equal(['crm:manager by rule']);
  });
});

describe('a company that changes its identity provider', () => {
  let provider: Provider;
  let authorization: string;
  before(async () => {
    provider = await startProvider('auto', { 'content-type': 'application/scim+json' }, [
      { when: { path: 'roles.value', is: 'Agent' }, grant: ['crm:agent'] },
    ]);
    const { id } = await provider.api('POST', '/directories', { name: 'The new one' });
    const { token } = await provider.api('POST', `/directories/${id}/tokens`, { name: 't' });
    authorization = `Bearer ${token}`;
  });
  after(() => provider.stop());

  it('hides the people of the old directory from the new one until the old one is deleted, then lets it take them over', async () => {
    const user = { schemas: [schemas.user], userName: 'mover@acme.example', roles: [{ value: 'Agent' }] };
    const { id } = await provider.expect(201, 'POST', '/Users', user);
    const group = { schemas: [schemas.group], displayName: 'Moving', members: [{ value: id }] };
    const { id: groupId } = await provider.expect(201, 'POST', '/Groups', group);
    await provider.api('PATCH', `/users/${id}`, { roles: ['crm:manager'] });
    const asNew = (method: string, path: string, body?: object): Promise<{ status: number; body: Json }> =>
      provider.send(method, path, body, { authorization });
    const lookup = '/Users?filter=userName eq "mover@acme.example"';

    expect((await asNew('GET', lookup)).body['totalResults']).to.equal(0);
    expect((await asNew('GET', `/Users/${id}`)).status).to.equal(404);
    const refused = await asNew('POST', '/Users', user);
    expect([refused.status, refused.body['scimType']]).to.deep.equal([409, 'uniqueness']);

    const { items } = await provider.api('GET', '/directories?q=Directory');
    const old = items.find(({ name }: Json) => name === 'Directory') as Json;
    await provider.api('DELETE', `/directories/${old['id']}`);
    expect((await provider.send('GET', lookup)).status, 'the old token').to.equal(401);

    await eventually(async () => {
      const { Resources } = (await asNew('GET', lookup)).body;
      return Resources?.[0]?.id === id;
    }, 'the new directory sees the user');
    expect((await asNew('PUT', `/Users/${id}`, user)).status).to.equal(200);
    const linked = await provider.api('GET', `/users/${id}`);
    expect(linked['directory'].name).to.equal('The new one');
    const groups = (await asNew('GET', '/Groups?filter=displayName eq "Moving"')).body['Resources'];
    expect(groups.map((one: Json) => one['id'])).to.deep.equal([groupId]);
    const add = patch({ op: 'add', path: 'members', value: [{ value: id }] });
    expect((await asNew('PATCH', `/Groups/${groupId}`, add)).status).to.equal(204);
    expect((await provider.api('GET', `/groups/${groupId}`))['directory'].name).to.equal('The new one');
    await eventually(async () => {
      return (await rolesOf(provider, id)).join() === 'crm:manager by manual';
    }, 'what the old rules gave is gone');
  });
});
