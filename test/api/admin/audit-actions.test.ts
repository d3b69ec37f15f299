import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import supertest, { type Test } from 'supertest';
import { packageFolder } from '../../../src/infrastructure/package-info.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenTwoFactor } from '../../support/audited-things.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { waitForMails } from '../../support/mailbox.js';
import { goodPassword, unique } from '../../support/people.js';
import { attempt, signIn } from '../../support/sign-in.js';
import { codeNow } from '../../support/totp.js';

interface Told {
  action: string;
  actor: { type: string; id: string; label: string };
  target: { type: string; id: string; label: string } | null;
  changes: { path: string; before: unknown; after: unknown }[];
  requestId: string | null;
  ip: string | null;
}

/** What has to be true of the event beside its target. */
type Mark = 'diff' | 'clock' | 'self';

/** An action of requirements B1: what leads to it, whom it is about, and what its event has. */
type Row = [action: string, produce: () => Promise<string | null>, ...marks: Mark[]];

/** Actions whose scenes take a provider, an operator, or more. */
const shownElsewhere: Readonly<Record<string, string>> = {
  'login.forwarded': 'api/auth/sso-sign-in.test.ts',
  'login.refused': 'api/auth/sso-sign-in.test.ts',
  'sso.domain_verified': 'api/admin/audit-walk-people.test.ts',
  'service.assigned': 'api/admin/audit-walk.test.ts',
  'service.removed': 'api/scim/user-access.test.ts',
  'service.roles_changed': 'api/scim/user-access.test.ts',
  'scim_token.rotated': 'support/audited-directories.ts',
};

describe('the actions of the audit trail (requirements B1)', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
    await acme.givenUser({ roles: ['administrator'] });
    await acme.givenApplication('crm');
  });
  after(() => app.stop());

  const day = 86_400_000;
  const query = () => `?tenant=${acme.tenant.slug}`;
  const made = async (test: Test): Promise<string> => ((await test).body as { id: string }).id;
  const user = async (more: object = {}): Promise<string> => (await acme.givenUser(more))._id;
  const act = async (id: string, path: string, body?: object): Promise<string> => {
    const res = await acme.call('post', `/users/${id}/${path}`).send(body ?? {});
    expect(res.status, res.text).to.be.oneOf([200, 202, 204]);
    return id;
  };
  const patch = async (body: object): Promise<string> => {
    const id = await user();
    await acme.call('patch', `/users/${id}`).send(body).expect(200);
    return id;
  };

  /** Somebody who is signed in, with calls in their name. */
  async function person() {
    const { _id: id, userName } = await acme.givenUser({ password: goodPassword });
    const browser = openBrowser(app.url);
    await signIn(browser, userName, goodPassword, query());
    const cookie = await browser.jar.getCookieString(app.url);
    const me = await browser.get('/api/v1/me');
    const token = me.headers.get('x-csrf-token') ?? '';
    const call = (method: 'get' | 'post' | 'delete', path: string): Test =>
      supertest(app.url)[method](`/api/v1${path}`).set('Cookie', cookie).set('X-CSRF-Token', token);
    return { id, userName, browser, call };
  }

  async function invitation(): Promise<{ id: string; userId: string; email: string }> {
    const email = `${unique('guest')}@acme.test`;
    await acme
      .call('post', '/invitations')
      .send({ emails: [email] })
      .expect(200);
    const { items } = (await acme.call('get', `/invitations?q=${email}`)).body as { items: { id: string }[] };
    const users = (await acme.call('get', `/users?q=${email}&showNonActivated=true`)).body as {
      items: { id: string }[];
    };
    return { id: items[0]!.id, userId: users.items[0]!.id, email };
  }

  async function linkIn(address: string): Promise<string> {
    const [mail] = (await waitForMails(app.core, address)).slice(-1);
    return new URL(mail!.link).pathname;
  }

  async function choosePassword(path: string): Promise<void> {
    const browser = openBrowser(app.url);
    const page = await browser.get(path);
    await browser.post(path, { ...page.fields, password: goodPassword, password2: goodPassword });
  }

  async function enrolled() {
    const one = await person();
    const { secret } = (await one.call('post', '/me/2fa').expect(200)).body as { secret: string };
    const confirmed = await one
      .call('post', '/me/2fa/confirm')
      .send({ code: codeNow(secret, clock) })
      .expect(200);
    return { ...one, ...(confirmed.body as { backupCodes: string[] }) };
  }

  async function directoryToken(): Promise<[string, string]> {
    const id = await made(acme.call('post', '/directories').send({ name: unique('D') }));
    return [id, await made(acme.call('post', `/directories/${id}/tokens`).send({ name: 't' }))];
  }

  async function resetAsked(): Promise<{ id: string; path: string }> {
    const { _id: id, userName } = await acme.givenUser({ password: goodPassword });
    await act(id, 'password-reset');
    return { id, path: await linkIn(userName) };
  }

  const group = () => made(acme.call('post', '/groups').send({ displayName: unique('G') }));
  const role = () => made(acme.call('post', '/roles').send({ key: unique('r'), name: 'R', permissions: [] }));
  const connection = () =>
    made(
      acme
        .call('post', '/sso-connections')
        .send({ name: unique('S'), issuer: 'https://idp.example', clientId: 'x' }),
    );
  const remove = async (path: string, id: string): Promise<string> => {
    await acme.call('delete', `${path}/${id}`).expect(204);
    return id;
  };
  const change = async (path: string, id: string, body: object): Promise<string> => {
    await acme.call('patch', `${path}/${id}`).send(body).expect(200);
    return id;
  };

  const rows: Row[] = [
    ['user.invited', async () => (await invitation()).userId],
    ['user.created', () => made(acme.call('post', '/users').send({ email: `${unique('n')}@acme.test` }))],
    [
      'user.activated',
      async () => {
        const { userId, email } = await invitation();
        await choosePassword(await linkIn(email));
        return userId;
      },
      'diff',
      'self',
    ],
    ['user.approved', async () => act(await patch({ approved: false }), 'approve'), 'diff'],
    ['user.unapproved', () => patch({ approved: false }), 'diff'],
    ['user.enabled', async () => act(await act(await user(), 'disable'), 'enable'), 'diff'],
    ['user.disabled', async () => act(await user(), 'disable'), 'diff'],
    ['user.updated', () => patch({ givenName: 'Augusta' }), 'diff'],
    ['user.email_changed', () => patch({ email: `${unique('m')}@acme.test` }), 'diff'],
    ['user.roles_changed', () => patch({ roles: ['crm:agent'] }), 'diff'],
    ['user.deleted', async () => remove('/users', await user()), 'diff'],
    ['user.access_period_changed', () => patch({ accessExpiresAt: '2099-01-01T00:00:00Z' }), 'diff'],
    [
      'user.expired',
      async () => {
        const id = await patch({ accessExpiresAt: new Date(clock.now().getTime() + day).toISOString() });
        clock.advance(day);
        return id;
      },
      'clock',
    ],
    [
      'user.locked',
      async () => {
        const { _id: id, userName } = await acme.givenUser({ password: goodPassword });
        for (let i = 0; i < 5; i += 1) await attempt(app.url, userName, 'wrong', query());
        return id;
      },
      'diff',
      'self',
    ],
    ['invitation.sent', async () => (await invitation()).userId],
    [
      'invitation.resent',
      async () => {
        const { id, userId } = await invitation();
        await acme.call('post', `/invitations/${id}/resend`).expect(200);
        return userId;
      },
    ],
    [
      'invitation.revoked',
      async () => {
        const { id, userId } = await invitation();
        await acme.call('post', `/invitations/${id}/revoke`).expect(200);
        return userId;
      },
    ],
    [
      'invitation.expired',
      async () => {
        const { userId } = await invitation();
        clock.advance(8 * day);
        return userId;
      },
      'clock',
    ],
    ['login.succeeded', async () => (await person()).id, 'self'],
    [
      'login.failed',
      async () => {
        const { _id: id, userName } = await acme.givenUser({ password: goodPassword });
        await attempt(app.url, userName, 'wrong', query());
        return id;
      },
      'diff',
      'self',
    ],
    [
      'logout',
      async () => {
        const { id, browser } = await person();
        const page = await browser.get('/account');
        await browser.post('/signout', { _csrf: page.fields['_csrf'] ?? '' });
        return id;
      },
      'self',
    ],
    [
      'session.revoked',
      async () => {
        const { id, userName, call } = await person();
        await signIn(openBrowser(app.url), userName, goodPassword, query());
        const { items } = (await call('get', '/me/sessions')).body as {
          items: { id: string; current: boolean }[];
        };
        await call('delete', `/me/sessions/${items.find(({ current }) => !current)!.id}`).expect(204);
        return id;
      },
      'self',
    ],
    ['sessions.invalidated', async () => act(await user(), 'end-sessions')],
    ['password.reset_requested', async () => (await resetAsked()).id],
    [
      'password.reset',
      async () => {
        const { id, path } = await resetAsked();
        await choosePassword(path);
        return id;
      },
      'self',
    ],
    [
      'password.changed',
      async () => {
        const { id, call } = await person();
        const body = { currentPassword: goodPassword, newPassword: 'another long enough phrase' };
        await call('post', '/me/password').send(body).expect(204);
        return id;
      },
      'self',
    ],
    ['twofactor.enrolled', async () => (await enrolled()).id, 'self'],
    [
      'twofactor.backup_used',
      async () => {
        const { id, userName, backupCodes } = await enrolled();
        const browser = openBrowser(app.url);
        const page = await signIn(browser, userName, goodPassword, query());
        await browser.post('/signin/2fa', { ...page.fields, code: backupCodes[0]! });
        return id;
      },
      'self',
    ],
    ['twofactor.reset', async () => act(await givenTwoFactor(app, acme), 'reset-2fa')],
    ['group.created', group],
    ['group.updated', async () => change('/groups', await group(), { displayName: unique('H') }), 'diff'],
    [
      'group.members_changed',
      async () => {
        const id = await group();
        await acme.call('post', `/groups/${id}/members`).send({ members: [await user()] });
        return id;
      },
      'diff',
    ],
    ['group.deleted', async () => remove('/groups', await group())],
    ['role.created', role],
    ['role.updated', async () => change('/roles', await role(), { name: 'Other' }), 'diff'],
    ['role.deleted', async () => remove('/roles', await role())],
    [
      'settings.changed',
      async () => {
        await acme.call('patch', '/settings').send({ 'lockout.lockSeconds': 901 }).expect(200);
        return acme.tenant._id;
      },
      'diff',
    ],
    ['sso.created', connection],
    ['sso.updated', async () => change('/sso-connections', await connection(), { mode: 'optional' }), 'diff'],
    ['sso.deleted', async () => remove('/sso-connections', await connection())],
    ['scim_token.created', async () => (await directoryToken())[1]],
    [
      'scim_token.revoked',
      async () => {
        const [id, tokenId] = await directoryToken();
        return remove(`/directories/${id}/tokens`, tokenId);
      },
    ],
    [
      'users.exported',
      async () => {
        await acme.call('get', '/users/export.csv').expect(200);
        return null;
      },
    ],
    [
      'audit.viewed',
      async () => {
        const { id, call } = await person();
        await acme
          .call('patch', `/users/${id}`)
          .send({ roles: ['administrator'] })
          .expect(200);
        await call('get', '/audit-events').expect(200);
        await call('get', '/audit-events').expect(200);
        return null;
      },
      'self',
    ],
  ];

  async function find(action: string, id: string | null): Promise<Told | undefined> {
    const target = id === null ? '' : `&target=${id}`;
    const res = await acme.call('get', `/audit-events?action=${action}${target}`);
    return (res.body as { items: Told[] }).items[0];
  }

  for (const [action, produce, ...marks] of rows) {
    it(`${action}: who, to whom, by which request${marks.includes('diff') ? ', and what changed' : ''}`, async () => {
      const id = await produce();
      const told = await eventually(() => find(action, id), `an event ${action} about ${id}`);
      expect(told.target?.id ?? null).to.equal(id);
      expect(told.actor.label).not.to.equal('');
      expect(told.actor.type).to.equal(
        marks.includes('clock') ? 'system' : marks.includes('self') ? told.actor.type : 'api_key',
      );
      expect(told.requestId !== null, 'the request').to.equal(!marks.includes('clock'));
      if (marks.includes('diff')) expect(told.changes).not.to.deep.equal([]);
    });
  }

  for (const [action, file] of Object.entries(shownElsewhere)) {
    it(`${action} is shown in ${file}`, () => {
      expect(readFileSync(join(packageFolder, 'test', file), 'utf8')).to.include(action);
    });
  }

  it('audit.viewed is told once an hour for each person', async () => {
    const res = await acme.call('get', '/audit-events?action=audit.viewed');
    expect((res.body as { total: number }).total).to.equal(1);
  });
});

describe('the filters of the audit trail', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
    const { _id: id } = await acme.givenUser();
    await acme.call('patch', `/users/${id}`).send({ givenName: 'X' }).expect(200);
    await acme.call('post', '/groups').send({ displayName: 'G' }).expect(201);
  });
  after(() => app.stop());

  const actionsOf = async (query: string): Promise<string[]> => {
    const res = await acme.call('get', `/audit-events?sort=at&${query}`);
    expect(res.status, res.text).to.equal(200);
    return (res.body as { items: Told[] }).items.map(({ action }) => action);
  };

  it('find all actions of a noun, and none of another that begins alike', async () => {
    expect(await actionsOf('action=user.*')).to.deep.equal(['user.created', 'user.updated']);
    expect(await actionsOf('action=use.*')).to.deep.equal([]);
  });

  it('find what was done from an address, and by a request', async () => {
    expect(await actionsOf('ip=127.0.0.1')).to.deep.equal(['user.updated', 'group.created']);
    const res = await acme.call('get', '/audit-events?action=group.created');
    const { requestId } = (res.body as { items: Told[] }).items[0]!;
    expect(await actionsOf(`requestId=${requestId}`)).to.deep.equal(['group.created']);
  });
});
