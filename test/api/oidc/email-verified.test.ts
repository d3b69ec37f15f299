import { expect } from 'chai';
import { activateByToken, beginActivation } from '../../../src/identity/invitations/activation.js';
import { directoryActor, systemActor } from '../../../src/identity/actors.js';
import {
  createDirectory,
  deleteDirectory,
  getDirectory,
} from '../../../src/identity/directories/directories.js';
import { issueToken, type OneTimeTokenKind } from '../../../src/identity/credentials/one-time-tokens.js';
import { resetPassword } from '../../../src/identity/credentials/reset.js';
import { confirmAddress } from '../../../src/identity/users/actions.js';
import { inputOf, withProfile } from '../../../src/identity/users/input.js';
import { getUser, updateUser, type UserDocument } from '../../../src/identity/users/users.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import { startApp, type TestApp } from '../../support/app.js';
import { browserOf, makeApplication, relyingParty, type RelyingParty } from '../../support/oidc.js';
import { givenProvisioned, givenTenant, givenUser, unique } from '../../support/people.js';

const password = 'a password of one’s own';
const origin = { requestId: 'r', ip: '127.0.0.1' };

describe('OpenID provider: email_verified', () => {
  let app: TestApp;
  let tenant: TenantDocument;
  let party: RelyingParty;
  before(async () => {
    app = await startApp();
    tenant = await givenTenant(app.core);
    party = await relyingParty(app.core, await makeApplication(app.core, tenant));
  });
  after(() => app.stop());

  const system = () => systemActor(tenant._id);
  const isVerified = async ({ _id }: Pick<UserDocument, '_id'>): Promise<unknown> => {
    const user = await getUser(app.core, tenant._id, _id);
    return (await party.signIn(await browserOf(app.core, user))).claims()!['email_verified'];
  };
  /** As an administrator or a directory makes one: with a password, so active at once, and without any mail. */
  function made(email: string, actor = system()): Promise<UserDocument> {
    return givenProvisioned(app.core, actor, {
      userName: email,
      attributes: withProfile({}, { email }),
      password,
    });
  }
  const rename = (user: UserDocument, email: string) =>
    updateUser(app.core, system(), user._id, (stored) => ({
      ...inputOf(stored),
      userName: email,
      attributes: withProfile(stored.attributes, { email }),
    }));
  const mailed = (user: UserDocument, kind: OneTimeTokenKind): Promise<string> =>
    app.core.store.transaction((tx) =>
      issueToken(tx, user, { isMailed: true, kind, ttlSeconds: 900, now: app.core.clock.now() }),
    );
  const address = () => `${unique('ceo')}@bigcorp.example`;

  it('is false for whoever was only made active, and true once a mailed link was opened', async () => {
    const user = await made(address());
    expect(await isVerified(user)).to.equal(false);
    const result = await resetPassword(
      app.core,
      await mailed(user, 'password_reset'),
      'another good password',
      origin,
    );
    expect(result.kind).to.equal('done');
    expect(await isVerified(user)).to.equal(true);
  });

  it('is true for whoever activated the account by the mailed link, and not by a temporary password', async () => {
    const invited = await givenUser(app.core, tenant._id, { activated: false, password: null });
    await activateByToken(app.core, await mailed(invited, 'activation'), password, origin);
    expect(await isVerified(invited)).to.equal(true);
    const input = { passwordIsTemporary: true };
    const temporary = await givenUser(app.core, tenant._id, { activated: false, input });
    const path = await beginActivation(app.core, temporary);
    expect((await activateByToken(app.core, path!.split('/').pop()!, password, origin)).kind).to.equal(
      'done',
    );
    expect(await isVerified(temporary)).to.equal(false);
  });

  it('goes with the address: a new one is not verified, nor is the old one when it comes back', async () => {
    const user = await givenUser(app.core, tenant._id);
    expect(await isVerified(user)).to.equal(true);
    await rename(user, address());
    expect(await isVerified(user)).to.equal(false);
    await rename(user, user.email!);
    expect(await isVerified(user)).to.equal(false);
  });

  for (const [shown, taken] of [
    ['weiss', 'weiß'],
    ['weiß', 'weiss'],
    ['oσo', 'oςo'],
  ] as const) {
    it(`goes with the mailbox: whoever has shown ${shown}@ has not shown ${taken}@, which is the same name to sign in with`, async () => {
      const domain = `${unique('home')}.test`;
      const user = await givenUser(app.core, tenant._id, { email: `${shown}@${domain}` });
      expect(await isVerified(user)).to.equal(true);
      await rename(user, `${shown.charAt(0).toUpperCase()}${shown.slice(1)}@${domain.toUpperCase()}`);
      expect(await isVerified(user)).to.equal(true);
      await rename(user, `${taken}@${domain}`);
      expect(await isVerified(user)).to.equal(false);
    });
  }

  it('is not inherited by whoever takes an address over', async () => {
    const first = await givenUser(app.core, tenant._id);
    await rename(first, address());
    expect(await isVerified(await made(first.email!))).to.equal(false);
  });

  it('stays false for people of a directory on a domain nobody has proven, also when the directory is gone', async () => {
    const { _id } = await createDirectory(app.core, system(), { name: unique('directory') });
    const directory = directoryActor(await getDirectory(app.core, tenant._id, _id), { name: 'token' });
    const user = await made(address(), directory);
    expect(await isVerified(user)).to.equal(false);
    await deleteDirectory(app.core, system(), _id);
    expect(await isVerified(user)).to.equal(false);
  });

  it('is true when the company’s provider vouches for the address the user has, and for no other', async () => {
    const user = await made(address());
    await confirmAddress(app.core, system(), user._id, address());
    expect(await isVerified(user)).to.equal(false);
    await confirmAddress(app.core, system(), user._id, user.emailKey!);
    expect(await isVerified(user)).to.equal(true);
  });
});
