import { expect } from 'chai';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { newCredential } from '../../../src/identity/users/credentials.js';
import { createToken } from '../../../src/identity/directories/tokens.js';
import type { SsoConnectionDocument } from '../../../src/persistence/collections/sso-connections.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { goodPassword, unique } from '../../support/people.js';
import { atProvider, givenConnection } from '../../support/sso.js';

interface Clash {
  id: string;
  source: string;
  incoming: string;
  user: { id: string } | null;
  reason: string;
  times: number;
  state: string;
  decision: string | null;
}

describe('accounts that sign-ins and directories meet', () => {
  let app: TestApp;
  let idp: Idp;
  let acme: ApiTenant;
  let connection: SsoConnectionDocument;

  before(async () => {
    [app, idp] = await Promise.all([startApp({ config: { allowPrivateIssuers: true } }), startIdp()]);
    acme = await givenTenant(app);
    connection = await givenConnection(app.core, acme.tenant._id, idp, { mode: 'optional' });
  });
  after(() => Promise.all([app.stop(), idp.stop()]));

  const address = (): string => `${unique('ann')}@${connection.verifiedDomains[0]!}`;
  const arrive = async (sub: string, email: string): Promise<number> => {
    idp.person = { sub, email };
    const browser = openBrowser(app.url);
    return (await atProvider(browser, await browser.get(`/sso/${connection._id}/start`))).status;
  };
  const list = async (query = ''): Promise<Clash[]> =>
    (await acme.call('get', `/account-clashes${query}`).expect(200)).body.items;
  const clashOf = async (userId: string): Promise<Clash> =>
    (await list()).find(({ user }) => user?.id === userId)!;
  const decide = (id: string, body: object, key = acme.key) =>
    acme.call('post', `/account-clashes/${id}/decide`, key).send(body);

  /** An administrator with a password, whom an optional connection does not link without a proof. */
  async function met(): Promise<{ user: UserDocument; sub: string; clash: Clash }> {
    const [sub, email] = [unique('sub'), address()];
    const user = await acme.givenUser({ email, password: goodPassword, roles: ['administrator'] });
    expect(await arrive(sub, email)).to.equal(403);
    return { user, sub, clash: await clashOf(user._id) };
  }

  it('are listed once each, and linked by the word of an administrator', async () => {
    const { user, sub, clash } = await met();
    expect(await arrive(sub, user.email!)).to.equal(403);
    expect(await clashOf(user._id)).to.include({
      ...{ source: 'sso', incoming: user.email, reason: 'proof_needed', times: 2, state: 'open' },
    });
    const weak = await acme.givenKey(['users.read', 'users.update']);
    expect((await decide(clash.id, { decision: 'link' }, weak).expect(403)).body.code).to.equal(
      'user.above_actor',
    );
    expect((await clashOf(user._id)).state).to.equal('open');
    await decide(clash.id, { decision: 'link' }).expect(200);
    expect(await arrive(sub, user.email!)).to.equal(303);
    await decide(clash.id, { decision: 'link' }).expect(409);
    expect((await list('?state=open')).map(({ id }) => id)).to.not.include(clash.id);
    const { body } = await acme.call('get', '/audit-events?action=user.clash_decided').expect(200);
    expect(body.items[0]).to.deep.include({
      target: { type: 'user', id: user._id, label: user.email },
      changes: [{ path: 'decision', before: null, after: 'link' }],
    });
  });

  it('a passkey is a way in of one’s own as a password is', async () => {
    const email = address();
    const user = await acme.givenUser({ email, roles: ['administrator'] });
    const credentials = app.core.store.tenant(acme.tenant._id).collection('credentials');
    await credentials.remove(user._id);
    await credentials.insert({
      ...newCredential(acme.tenant._id, user._id),
      passkeys: [
        {
          ...{ id: unique('key'), publicKey: 'AA', counter: 0, transports: [], name: 'Laptop' },
          ...{ isBackedUp: false, addedAt: new Date(), lastUsedAt: null },
        },
      ],
    });
    expect(await arrive(unique('sub'), email)).to.equal(403);
    expect((await clashOf(user._id)).reason).to.equal('proof_needed');
  });

  it('a link takes the place of an earlier identity of the same connection', async () => {
    const email = address();
    const user = await acme.givenUser({ email });
    expect(await arrive(unique('old'), email)).to.equal(303);
    const sub = unique('new');
    expect(await arrive(sub, email)).to.equal(403);
    const clash = await clashOf(user._id);
    expect(clash.reason).to.equal('identity_taken');
    await decide(clash.id, { decision: 'link' }).expect(200);
    expect(await arrive(sub, email)).to.equal(303);
    const { body } = await acme.call('get', `/users/${user._id}/identities`).expect(200);
    expect(body.items.map(({ subject }: { subject: string }) => subject)).to.deep.equal([sub]);
  });

  it('kept apart they stay out, and are not asked about again', async () => {
    const { user, sub, clash } = await met();
    await decide(clash.id, { decision: 'apart' }).expect(200);
    expect(await arrive(sub, user.email!)).to.equal(403);
    expect(await clashOf(user._id)).to.include({ state: 'decided', decision: 'apart', times: 2 });
    await decide(clash.id, { decision: 'link' }).expect(200);
    expect(await arrive(sub, user.email!)).to.equal(303);
  });

  it('renamed, the account leaves its name to what came', async () => {
    const { user, sub, clash } = await met();
    await decide(clash.id, { decision: 'rename' }).expect(400);
    const taken = await acme.givenUser({});
    await decide(clash.id, { decision: 'rename', userName: taken.userName }).expect(409);
    const name = `${unique('admin')}@home.test`;
    await decide(clash.id, { decision: 'rename', userName: name, email: name }).expect(200);
    const { body } = await acme.call('get', `/users/${user._id}`).expect(200);
    expect(body).to.include({ userName: name, email: name });
    const next = await acme.givenUser({ email: user.email! });
    expect(await arrive(sub, user.email!)).to.equal(303);
    expect((await acme.call('get', `/users/${next._id}/identities`)).body.items).to.have.length(1);
  });

  it('merged, the account that stays has its roles, groups and identity; the other is gone', async () => {
    const { user, sub, clash } = await met();
    const { body: group } = await acme
      .call('post', '/groups')
      .send({ displayName: unique('group'), members: [user._id] })
      .expect(201);
    const staying = await acme.givenUser({});
    await decide(clash.id, { decision: 'merge' }).expect(400);
    await decide(clash.id, { decision: 'merge', into: user._id }).expect(409);
    await decide(clash.id, { decision: 'merge', into: 'unknown' }).expect(404);
    await decide(clash.id, { decision: 'merge', into: staying._id }).expect(200);
    await acme.call('get', `/users/${user._id}`).expect(404);
    const { body } = await acme.call('get', `/users/${staying._id}`).expect(200);
    expect(body.roles.map(({ role }: { role: string }) => role)).to.include('administrator');
    expect(body.groups.map(({ id }: { id: string }) => id)).to.deep.equal([group.id]);
    expect(await arrive(sub, user.email!)).to.equal(303);
    expect((await acme.call('get', `/users/${staying._id}/identities`)).body.items).to.have.length(1);
  });

  it('of two who decide at once, one does', async () => {
    const { clash } = await met();
    const answers = await Promise.all([1, 2, 3].map(() => decide(clash.id, { decision: 'link' })));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409, 409]);
  });

  describe('of directories', () => {
    async function directory(grant: string[] = []) {
      const roleRules = grant.length === 0 ? [] : [{ when: { path: 'active', is: 'true' }, grant }];
      const made = await createDirectory(app.core, acme.system, { name: unique('okta'), roleRules });
      const { token } = await createToken(app.core, acme.system, made._id, { name: 'tests' });
      const post = async (userName: string): Promise<number> => {
        const answer = await fetch(`${app.url}/scim/v2/Users`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
          body: JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName }),
        });
        await answer.text();
        return answer.status;
      };
      return { made, post };
    }

    it('the directory gets the account it met', async () => {
      const { made, post } = await directory();
      const user = await acme.givenUser({ email: `${unique('bob')}@home.test` });
      expect(await post(user.userName)).to.equal(409);
      const clash = await clashOf(user._id);
      expect(clash).to.include({ source: 'scim', reason: 'user.name_taken' });
      await decide(clash.id, { decision: 'link' }).expect(200);
      const { body } = await acme.call('get', `/users/${user._id}`).expect(200);
      expect(body.directory).to.deep.equal({ id: made._id, name: made.name });
      expect(await post(user.userName)).to.equal(409);
      expect((await clashOf(user._id)).state).to.equal('decided');
    });

    it('what another directory gave ends with it', async () => {
      await acme.givenApplication('crm');
      const [first, second] = [await directory(['crm:agent']), await directory()];
      const name = `${unique('bob')}@home.test`;
      expect(await first.post(name)).to.equal(201);
      const [user] = await app.core.store
        .tenant(acme.tenant._id)
        .collection('users')
        .find({ loginKeys: name });
      expect(user!.grants).to.have.length(1);
      expect(await second.post(name)).to.equal(409);
      await decide((await clashOf(user!._id)).id, { decision: 'link' }).expect(200);
      const { body } = await acme.call('get', `/users/${user!._id}`).expect(200);
      expect(body.directory.id).to.equal(second.made._id);
      expect(body.roles).to.deep.equal([]);
    });

    it('no directory gets somebody who manages something by hand', async () => {
      const { post } = await directory();
      const user = await acme.givenUser({ email: `${unique('eve')}@home.test`, roles: ['administrator'] });
      expect(await post(user.userName)).to.equal(409);
      await decide((await clashOf(user._id)).id, { decision: 'link' }).expect(409);
    });
  });

  it('are decided by the file of their export, line by line', async () => {
    const [one, two] = [await met(), await met()];
    const { text } = await acme.call('get', '/account-clashes/export.csv').expect(200);
    expect(text).to.contain(one.clash.id).and.to.contain('Decision');
    const content = [
      'Id,Decision,Into,New userName',
      `${one.clash.id},link,,`,
      `${two.clash.id},,,`,
      `${two.clash.id},nonsense,,`,
      'unknown,apart,,',
    ].join('\r\n');
    const { body } = await acme.call('post', '/account-clashes/decisions').send({ content }).expect(200);
    expect(
      body.results.map(({ line, outcome }: { line: number; outcome: string }) => [line, outcome]),
    ).to.eql([
      [2, 'done'],
      [4, 'failed'],
      [5, 'failed'],
    ]);
    expect(await arrive(one.sub, one.user.email!)).to.equal(303);
    expect((await clashOf(two.user._id)).state).to.equal('open');
  });

  it('are one tenant’s own', async () => {
    const { clash } = await met();
    const other = await givenTenant(app);
    await other.call('post', `/account-clashes/${clash.id}/decide`).send({ decision: 'link' }).expect(404);
    expect((await other.call('get', '/account-clashes').expect(200)).body.items).to.deep.equal([]);
  });
});
