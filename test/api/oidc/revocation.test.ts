import { expect } from 'chai';
import { findAccessToken } from '../../../src/auth/provider/access-token.js';
import { directoryActor, systemActor } from '../../../src/identity/actors.js';
import type { SettingsPatch } from '../../../src/identity/tenants/settings.js';
import type { Actor, Core } from '../../../src/identity/core.js';
import { endAccess, setEnabled } from '../../../src/identity/users/actions.js';
import { inputOf } from '../../../src/identity/users/input.js';
import { revokeSession } from '../../../src/identity/users/sessions.js';
import { updateUser } from '../../../src/identity/users/users.js';
import { deleteUser } from '../../../src/identity/users/removal.js';
import type { ApplicationDocument } from '../../../src/persistence/collections/applications.js';
import type { TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { eventually } from '../../support/eventually.js';
import {
  browserOf,
  callbackUri,
  introspect,
  makeApplication,
  makeUser,
  postAs,
  refresh,
  relyingParty,
  type RelyingParty,
} from '../../support/oidc.js';
import { givenTenant } from '../../support/people.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';

/** The next change is at a later instant than everything before it. */
const nextInstant = async (): Promise<void> => {
  const start = Date.now();
  await eventually(() => Date.now() > start, 'a later instant', { pauseMs: 1 });
};

describe('OpenID provider: the end of access', () => {
  let app: TestApp;
  let core: Core;
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
    app = await startApp({ config: { allowPrivateIssuers: true } });
    core = app.core;
  });
  after(async () => {
    await app.stop();
    await receiver.stop();
  });

  interface Scene {
    tenant: TenantDocument;
    application: ApplicationDocument & { secret: string };
    party: RelyingParty;
    user: UserDocument;
    receiver: Receiver;
  }
  async function scene(settings: SettingsPatch = {}, over: Partial<UserDocument> = {}): Promise<Scene> {
    const tenant = await givenTenant(core, settings);
    const application = await makeApplication(core, tenant, { backchannelLogoutUri: receiver.url });
    const user = await makeUser(core, tenant, over);
    return { tenant, application, user, party: await relyingParty(core, application), receiver };
  }
  const logoutsOf = (userId: string): number =>
    receiver.received.filter((form) => {
      const [, payload] = form.get('logout_token')!.split('.');
      return Buffer.from(payload!, 'base64url').toString().includes(userId);
    }).length;
  const untilTold = (userId: string) => eventually(() => logoutsOf(userId) > 0, 'a logout token');
  const userinfo = async (token: string): Promise<number> =>
    (await fetch(`${app.url}/oidc/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status;

  /** The directory that manages users of this tenant, as an actor. */
  async function directoryOf(tenant: TenantDocument): Promise<Actor> {
    const directory = await core.store
      .tenant(tenant._id)
      .collection('directories')
      .insert({
        _id: `directory-${tenant._id}`,
        tenantId: tenant._id,
        name: 'Directory',
        dialect: 'auto',
        learnedDialect: null,
        enabled: true,
        roleRules: [],
      });
    return directoryActor(directory, { name: 'token' });
  }

  const paths: Record<string, (tenant: TenantDocument, user: UserDocument) => Promise<unknown>> = {
    'a directory deactivates the user (SCIM active:false)': async (tenant, user) =>
      setEnabled(core, await directoryOf(tenant), user._id, false),
    'a directory deletes the user (SCIM DELETE)': async (tenant, user) => {
      const directory = await directoryOf(tenant);
      await core.store
        .tenant(tenant._id)
        .collection('users')
        .update(user._id, (stored) => ({ ...stored, directoryId: directory.directoryId }));
      await deleteUser(core, directory, user._id);
    },
    'an administrator disables the user where that revokes at once': (tenant, user) =>
      setEnabled(core, systemActor(tenant._id), user._id, false),
    'an administrator ends the user’s sessions': (tenant, user) =>
      endAccess(core, systemActor(tenant._id), user._id),
    'the password changes': (tenant, user) =>
      updateUser(core, systemActor(tenant._id), user._id, (stored) => ({
        ...inputOf(stored),
        password: 'another correct horse',
      })),
    'the access period is over': (tenant, user) =>
      updateUser(core, systemActor(tenant._id), user._id, (stored) => ({
        ...inputOf(stored),
        accessExpiresAt: new Date(Date.now() - 1),
      })),
  };
  for (const [what, act] of Object.entries(paths)) {
    it(`kills session, code, tokens and tells the application when ${what}`, async () => {
      const { tenant, application, party, user } = await scene({ 'sessions.revokeOnDisable': true });
      const browser = await browserOf(core, user);
      const tokens = await party.signIn(browser);
      const request = await party.request();
      const waiting = await browser.follow(request.url, callbackUri);
      await nextInstant();
      await act(tenant, user);
      expect(await userinfo(tokens.access_token)).to.equal(401);
      expect(await findAccessToken(core, tokens.access_token)).to.equal(undefined);
      expect(await introspect(core, application, tokens.access_token)).to.deep.equal({ active: false });
      expect(await introspect(core, application, tokens.refresh_token!)).to.deep.equal({ active: false });
      expect((await refresh(core, application, tokens.refresh_token)).body['error']).to.equal(
        'invalid_grant',
      );
      const exchanged = await postAs(core, application, '/token', {
        grant_type: 'authorization_code',
        code: waiting.url.searchParams.get('code')!,
        redirect_uri: callbackUri,
        code_verifier: request.verifier,
      });
      expect(exchanged.status).to.equal(400);
      const silent = await browser.get((await party.request({ prompt: 'none' })).url);
      expect(silent.headers.get('location')).to.include('login_required');
      await untilTold(user._id);
      const left = core.store.server.collection('oidc_payloads');
      expect((await left.find({ accountId: user._id })).map(({ _id }) => _id)).to.deep.equal([]);
    });
  }

  it('is dead at once, before the clean-up runs', async () => {
    const { tenant, application, party, user } = await scene();
    const tokens = await party.signIn(await browserOf(core, user));
    await nextInstant();
    await core.store
      .tenant(tenant._id)
      .collection('users')
      .update(user._id, (stored) => ({
        ...stored,
        accessRevokedAt: new Date(),
      }));
    expect(await userinfo(tokens.access_token)).to.equal(401);
    expect(await introspect(core, application, tokens.access_token)).to.deep.equal({ active: false });
    expect((await refresh(core, application, tokens.refresh_token)).status).to.equal(400);
  });

  it('revives nothing when the user is enabled again; a new sign-in works', async () => {
    const { tenant, application, party, user } = await scene();
    const browser = await browserOf(core, user);
    const tokens = await party.signIn(browser);
    await nextInstant();
    const directory = await directoryOf(tenant);
    await setEnabled(core, directory, user._id, false);
    await setEnabled(core, directory, user._id, true);
    expect(await userinfo(tokens.access_token)).to.equal(401);
    expect((await refresh(core, application, tokens.refresh_token)).status).to.equal(400);
    const silent = await browser.get((await party.request({ prompt: 'none' })).url);
    expect(silent.headers.get('location')).to.include('login_required');
    await nextInstant();
    const fresh = await party.signIn(await browserOf(core, user));
    expect(await userinfo(fresh.access_token)).to.equal(200);
    await untilTold(user._id);
    expect(await userinfo(fresh.access_token)).to.equal(200);
  });

  it('leaves a session to run out where sessions.revokeOnDisable is false: tokens go on with it, nothing new begins (M1-6)', async () => {
    const { tenant, application, party, user } = await scene({ 'sessions.revokeOnDisable': false });
    const browser = await browserOf(core, user);
    const tokens = await party.signIn(browser);
    await nextInstant();
    await setEnabled(core, systemActor(tenant._id), user._id, false);
    const sessions = core.store.tenant(tenant._id).collection('sessions');
    // A minute without use: one that were prolonged would end a minute later than before.
    const [unused] = await sessions.find({ userId: user._id });
    const before = await sessions.update(unused!._id, (stored) => ({
      ...stored,
      lastSeenAt: new Date(stored.lastSeenAt.getTime() - 60_000),
      expiresAt: new Date(stored.expiresAt.getTime() - 60_000),
    }));
    const next = await refresh(core, application, tokens.refresh_token);
    expect(next.status).to.equal(200);
    const [after] = await sessions.find({ userId: user._id });
    expect(after!.expiresAt).to.deep.equal(before!.expiresAt);
    const silent = await browser.get((await party.request({ prompt: 'none' })).url);
    expect(silent.headers.get('location')).to.include('login_required');
    await sessions.update(after!._id, (stored) => ({ ...stored, expiresAt: new Date(Date.now() - 1) }));
    expect((await refresh(core, application, next.body['refresh_token'])).status).to.equal(400);
  });

  it('ends one session without touching the user’s others', async () => {
    const { application, party, user } = await scene();
    const [one, other] = [
      await party.signIn(await browserOf(core, user)),
      await party.signIn(await browserOf(core, user)),
    ];
    const actor = systemActor(user.tenantId);
    await revokeSession(core, actor, user, one.claims()!['sid'] as string);
    expect((await refresh(core, application, one.refresh_token)).status).to.equal(400);
    await untilTold(user._id);
    expect(logoutsOf(user._id)).to.equal(1);
    expect((await refresh(core, application, other.refresh_token)).status).to.equal(200);
  });

  it('refuses tokens while the user waits for activation, and gives none of the roles while waiting for approval (B2)', async () => {
    const { party, user, application, tenant } = await scene({ 'approval.required': true });
    const tokens = await party.signIn(await browserOf(core, user));
    const users = core.store.tenant(tenant._id).collection('users');
    await users.update(user._id, (stored) => ({ ...stored, approved: false }));
    const answer = await introspect(core, application, tokens.access_token);
    expect(answer).to.deep.include({ active: true, approved: false, roles: [], permissions: [] });
    await users.update(user._id, (stored) => ({ ...stored, activatedAt: null }));
    expect((await introspect(core, application, tokens.access_token))['active']).to.equal(false);
  });

  it('ends tokens with the session’s idle end; a refresh before counts as use', async () => {
    const { application, party, user, tenant } = await scene();
    const tokens = await party.signIn(await browserOf(core, user));
    const sessions = core.store.tenant(tenant._id).collection('sessions');
    const age = async (seconds: number): Promise<void> => {
      const [session] = await sessions.find({ userId: user._id });
      await sessions.update(session!._id, (stored) => ({
        ...stored,
        lastSeenAt: new Date(stored.lastSeenAt.getTime() - seconds * 1000),
        expiresAt: new Date(stored.expiresAt.getTime() - seconds * 1000),
      }));
    };
    await age(600);
    const next = await refresh(core, application, tokens.refresh_token);
    expect(next.status).to.equal(200);
    await age(600);
    expect(await userinfo(next.body['access_token']!)).to.equal(200);
    await age(301);
    expect(await userinfo(next.body['access_token']!)).to.equal(401);
    expect((await refresh(core, application, next.body['refresh_token'])).status).to.equal(400);
  });

  it('an application that hangs does not hold up the others’ notices', async () => {
    const silent = await startReceiver(() => undefined);
    try {
      const { tenant, user } = await scene();
      for (let count = 0; count < 5; count += 1) {
        const hanging = await makeApplication(core, tenant, { backchannelLogoutUri: silent.url });
        const someone = await makeUser(core, tenant);
        await (await relyingParty(core, hanging)).signIn(await browserOf(core, someone));
        await nextInstant();
        await endAccess(core, systemActor(tenant._id), someone._id);
      }
      const good = await makeApplication(core, tenant, { backchannelLogoutUri: receiver.url });
      await (await relyingParty(core, good)).signIn(await browserOf(core, user));
      await nextInstant();
      await endAccess(core, systemActor(tenant._id), user._id);
      await untilTold(user._id);
    } finally {
      await silent.stop();
    }
  });
});
