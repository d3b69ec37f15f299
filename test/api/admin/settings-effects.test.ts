import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { directoryActor } from '../../../src/identity/actors.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { sendPasswordReset } from '../../../src/identity/credentials/reset.js';
import { nameFaults } from '../../../src/identity/grants/name-rule.js';
import {
  settingsCatalogue,
  tenantSettings,
  type SettingsPatch,
} from '../../../src/identity/tenants/settings.js';
import { deleteUser } from '../../../src/identity/users/removal.js';
import { packageFolder } from '../../../src/infrastructure/package-info.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { waitForMails } from '../../support/mailbox.js';
import { givenProvisioned } from '../../support/people.js';
import { attempt } from '../../support/sign-in.js';

/** Where it is shown that a setting changes something, by its name; those without a place of their own are shown below. */
const shownIn: Readonly<Record<string, string>> = {
  'access.endSessionsAtExpiry': 'api/auth/sessions.test.ts',
  'api.requestsPerSecond': 'api/admin/administration.test.ts',
  'approval.required': 'api/oidc/revocation.test.ts',
  'audit.retentionDays': 'api/admin/audit-retention.test.ts',
  'branding.color': 'api/auth/branding.test.ts',
  'branding.logoUrl': 'api/auth/branding.test.ts',
  'branding.name': 'api/auth/branding.test.ts',
  'branding.supportEmail': 'api/auth/branding.test.ts',
  'branding.supportUrl': 'api/auth/branding.test.ts',
  'invites.method': 'api/admin/invitations.test.ts',
  'invites.provisioned': 'api/life-of-an-account.test.ts',
  'invites.rolesRequired': 'api/admin/invitation-contents.test.ts',
  'invites.temporaryAllowed': 'api/admin/invitations.test.ts',
  'lockout.adminUnlock': 'api/auth/lockout.test.ts',
  'lockout.countMode': 'api/auth/lockout.test.ts',
  'lockout.devicesApart': 'api/auth/lockout.test.ts',
  'lockout.lockSeconds': 'api/auth/lockout.test.ts',
  'lockout.minGapSeconds': 'api/auth/lockout.test.ts',
  'lockout.threshold': 'api/auth/lockout.test.ts',
  'mails.language': 'api/auth/mails.test.ts',
  'mails.securityNotices': 'api/auth/notices.test.ts',
  'passkeys.enabled': 'api/auth/passkeys.test.ts',
  'profile.adminCanEditEmail': 'api/identity/users.test.ts',
  'profile.adminCanEditName': 'api/identity/users.test.ts',
  'profile.fields': 'api/admin/own-profile.test.ts',
  'profile.userCanEditEmail': 'api/admin/own-profile.test.ts',
  'registration.self': 'api/auth/registration.test.ts',
  'roles.custom': 'api/admin/administration.test.ts',
  'roles.multiple': 'api/identity/users.test.ts',
  'roles.requests': 'api/admin/role-requests.test.ts',
  'scim.lockAttributes': 'api/admin/delegation.test.ts',
  'scim.requestsPerSecond': 'api/scim/limits.test.ts',
  'scim.unknownRole': 'api/scim/user-access.test.ts',
  'sessions.absoluteSeconds': 'api/auth/sessions.test.ts',
  'sessions.idleSeconds': 'api/auth/sessions.test.ts',
  'sessions.revokeOnDisable': 'api/auth/sessions.test.ts',
  'sessions.stepUpSeconds': 'api/auth/passkeys.test.ts',
  'terms.url': 'api/auth/password-reset.test.ts',
  'terms.version': 'api/auth/terms.test.ts',
  'twoFactor.mode': 'api/auth/required-second-factor.test.ts',
  'users.adding': 'api/identity/connections.test.ts',
  'users.deletion': 'api/identity/users.test.ts',
  'webhooks.disableAfterSeconds': 'api/admin/webhooks.test.ts',
};

interface Place {
  app: TestApp;
  clock: ManualClock;
  /** A tenant with these settings. */
  given: (settings: SettingsPatch) => Promise<ApiTenant>;
}

const soon = (clock: ManualClock, seconds: number): Date => new Date(clock.now().getTime() + seconds * 1000);

async function provisioned({ app }: Place, tenant: ApiTenant, deletes = false) {
  const directory = await createDirectory(app.core, tenant.system, { name: 'd' });
  const actor = directoryActor(directory, { name: 't' });
  const user = await givenProvisioned(app.core, actor);
  if (deletes) await deleteUser(app.core, actor, user._id);
  return app.core.store.tenant(tenant.tenant._id).collection('users').get(user._id);
}

/** By setting: two values, and what somebody sees of the difference. */
const effects: Readonly<
  Record<string, [SettingsPatch, SettingsPatch, (place: Place, tenant: ApiTenant) => Promise<unknown>]>
> = {
  'access.temporaryMaxSeconds': [
    { 'access.temporaryMaxSeconds': 0 },
    { 'access.temporaryMaxSeconds': 60 },
    async ({ clock }, tenant) => {
      const body = { email: 'temp@acme.test', accessExpiresAt: soon(clock, 3600).toISOString() };
      return (await tenant.call('post', '/users').send(body)).status;
    },
  ],
  'approval.autoApproveInvited': [
    { 'approval.required': true, 'approval.autoApproveInvited': true },
    { 'approval.required': true, 'approval.autoApproveInvited': false },
    async ({ app }, tenant) => {
      await tenant.givenInvitation();
      const users = await app.core.store.tenant(tenant.tenant._id).collection('users').find({});
      return users.map(({ approved }) => approved);
    },
  ],
  'approval.autoApproveScim': [
    { 'approval.required': true, 'approval.autoApproveScim': true },
    { 'approval.required': true, 'approval.autoApproveScim': false },
    async (place, tenant) => (await provisioned(place, tenant))?.approved,
  ],
  'groups.enabled': [
    { 'groups.enabled': true },
    { 'groups.enabled': false },
    async (_, tenant) => [
      (await tenant.call('get', '/groups')).status,
      (await tenant.call('post', '/groups').send({ displayName: 'G' })).status,
    ],
  ],
  'invites.ttlSeconds': [
    { 'invites.ttlSeconds': 60 },
    { 'invites.ttlSeconds': 7200 },
    async ({ clock }, tenant) => {
      await tenant.givenInvitation();
      clock.advance(600_000);
      const { body } = await tenant.call('get', '/invitations?status=expired');
      return (body as { total: number }).total;
    },
  ],
  'list.showDisabled': [
    { 'list.showDisabled': true },
    { 'list.showDisabled': false },
    async (_, tenant) => {
      const user = await tenant.givenUser();
      await tenant.call('post', `/users/${user._id}/disable`).send({});
      return ((await tenant.call('get', '/users')).body as { total: number }).total;
    },
  ],
  'list.showNonActivated': [
    { 'list.showNonActivated': true },
    { 'list.showNonActivated': false },
    async (_, tenant) => {
      await tenant.givenUser({ activated: false });
      return ((await tenant.call('get', '/users')).body as { total: number }).total;
    },
  ],
  'lockout.windowSeconds': [
    {
      'lockout.countMode': 'window',
      'lockout.threshold': 2,
      'lockout.minGapSeconds': 0,
      'lockout.windowSeconds': 60,
    },
    {
      'lockout.countMode': 'window',
      'lockout.threshold': 2,
      'lockout.minGapSeconds': 0,
      'lockout.windowSeconds': 900,
    },
    async ({ app, clock }, tenant) => {
      const { userName } = await tenant.givenUser({ password: 'a long enough password' });
      await attempt(app.url, userName, 'wrong', `?tenant=${tenant.tenant.slug}`);
      clock.advance(120_000);
      return (await attempt(app.url, userName, 'wrong', `?tenant=${tenant.tenant.slug}`)).status;
    },
  ],
  'password.minLength': [
    { 'password.minLength': 12 },
    { 'password.minLength': 40 },
    (_, tenant) =>
      tenant.givenUser({ password: 'a long enough password' }).then(
        () => 'taken',
        (error: unknown) => (error as Error).message,
      ),
  ],
  'password.resetTtlSeconds': [
    { 'password.resetTtlSeconds': 60 },
    { 'password.resetTtlSeconds': 7200 },
    async ({ app, clock }, tenant) => {
      const email = `reset-${tenant.tenant.slug}@acme.test`;
      const user = await tenant.givenUser({ email, password: 'a long enough password' });
      await sendPasswordReset(app.core, tenant.system, user);
      const [mail] = await waitForMails(app.core, email);
      clock.advance(600_000);
      const { status } = await openBrowser(app.url).get(mail!.link);
      return [status, /for (\d+ \w+)/.exec(mail!.text)?.[1]];
    },
  ],
  'profile.nameRule': [
    { 'profile.nameRule': 'strict' },
    { 'profile.nameRule': 'relaxed' },
    async ({ app }, { tenant }) => {
      const settings = await tenantSettings(app.core, tenant._id);
      return nameFaults(settings['profile.nameRule'], { givenName: 'Anne-Marie' });
    },
  ],
  'scim.deleteMode': [
    { 'scim.deleteMode': 'delete' },
    { 'scim.deleteMode': 'hide' },
    async (place, tenant) => (await provisioned(place, tenant, true)) === undefined,
  ],
  'sso.guardRequired': [
    { 'sso.guardRequired': true },
    { 'sso.guardRequired': false },
    async (_, tenant) => {
      const body = { name: 'guarded', issuer: 'http://127.0.0.1:9', clientId: 'g', mode: 'required' };
      return (await tenant.call('post', '/sso-connections').send(body)).status === 409;
    },
  ],
  'sso.jitProvisioning': [
    { 'sso.jitProvisioning': true },
    { 'sso.jitProvisioning': false },
    async (_, tenant) => {
      const body = { name: 'sso', issuer: 'http://127.0.0.1:9', clientId: 'x' };
      const plain = await tenant.call('post', '/sso-connections').send(body);
      const said = await tenant
        .call('post', '/sso-connections')
        .send({ ...body, name: 'said', clientId: 'y', jitProvisioning: false });
      expect(said.body).to.include({ jitProvisioning: false });
      return (plain.body as { jitProvisioning: boolean }).jitProvisioning;
    },
  ],
};

describe('every setting of a tenant', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let place: Place;

  before(async () => {
    app = await startApp({ clock, config: { allowPrivateIssuers: true } });
    place = { app, clock, given: (settings) => givenTenant(app, { settings }) };
  });
  after(() => app.stop());

  for (const name of Object.keys(settingsCatalogue)) {
    it(`has an effect that a test shows: ${name}`, async () => {
      const effect = effects[name];
      if (effect) {
        const [one, other, look] = effect;
        const [first, second] = [
          await look(place, await place.given(one)),
          await look(place, await place.given(other)),
        ];
        expect(first, JSON.stringify(first)).to.not.deep.equal(second);
        return;
      }
      const file = shownIn[name];
      expect(file, 'no test is named for it').to.be.a('string');
      const text = readFileSync(join(packageFolder, 'test', file!), 'utf8');
      const key = name.split('.')[1]!;
      expect(text.includes(name) || text.includes(key), file).to.equal(true);
    });
  }

  it('is known to the API by this catalogue alone: one that does nothing is refused', async () => {
    const tenant = await place.given({});
    for (const gone of ['sso.staffBypass', 'profile.unknown']) {
      const res = await tenant.call('patch', '/settings').send({ [gone]: true });
      expect([res.status, (res.body as { code: string }).code], gone).to.deep.equal([400, 'input.invalid']);
    }
    const { body } = await tenant.call('get', '/settings');
    expect(Object.keys(body as object).sort()).to.deep.equal(Object.keys(settingsCatalogue).sort());
  });
});
