import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { sealNextRun } from '../../../src/identity/audit/seal.js';
import { verifyAuditTrail } from '../../../src/identity/audit/verify.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { createToken } from '../../../src/identity/directories/tokens.js';
import { collectionNames } from '../../../src/persistence/collections/index.js';
import { requestLogOf } from '../../../src/scim/log/request-log.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { unique } from '../../support/people.js';
import { newUser, urn } from '../../support/scim-data.js';
import { newId } from '../../../src/shared/ids.js';
import supertest from 'supertest';

interface Made {
  id: string;
  address: string;
  former: string;
  token: string;
}

describe('the erasure of a person', () => {
  let app: TestApp;
  let clock: ManualClock;
  before(async () => {
    clock = new ManualClock();
    app = await startApp({ clock });
  });
  after(() => app.stop());

  const scim = (token: string, method: 'post' | 'patch' | 'get', path: string, body?: object) => {
    const call = supertest(`${app.url}/scim/v2`)[method](path).set('Authorization', `Bearer ${token}`);
    return body ? call.set('Content-Type', 'application/scim+json').send(JSON.stringify(body)) : call;
  };

  async function tokenOf(acme: ApiTenant): Promise<string> {
    const actor = systemActor(acme.tenant._id);
    const directory = await createDirectory(app.core, actor, { name: unique('dir') });
    const token = `gh_scim_${unique('a-token-that-is-long-enough')}`;
    await createToken(app.core, actor, directory._id, { name: 't', token });
    return token;
  }

  /** Somebody with traces everywhere: provisioned, renamed, invited, mailed, in a group, giver of a role. */
  async function givenTraces(acme: ApiTenant): Promise<Made> {
    const token = await tokenOf(acme);
    const former = `${unique('former')}@acme.test`;
    const address = `${unique('ada')}@acme.test`;
    const person = newUser({ userName: former, displayName: 'Ada Lovelace', emails: [{ value: former }] });
    const made = await scim(token, 'post', '/Users', { ...person, roles: [{ value: 'nothing' }] });
    const { id } = made.body as { id: string };
    await scim(token, 'patch', `/Users/${id}`, {
      schemas: [urn.patch],
      Operations: [
        { op: 'replace', value: { userName: address, emails: [{ value: address, primary: true }] } },
      ],
    });
    await scim(token, 'get', `/Users?filter=${encodeURIComponent(`userName eq "${address}"`)}`);
    const group = { displayName: unique('G'), members: [id] };
    await acme.call('post', '/groups').send(group).expect(201);
    await acme.call('post', `/users/${id}/password-reset`);
    await acme.call('patch', `/users/${id}`).send({ accessExpiresAt: '2099-01-01T00:00:00Z' }).expect(200);
    await requestLogOf(app.core).flush();
    return { id, address, former, token };
  }

  /** Where these texts still stand: everything the store holds of every tenant. */
  async function found(texts: readonly string[]): Promise<string[]> {
    const places: string[] = [];
    for (const name of collectionNames) {
      for await (const document of app.core.store.server.collection(name).iterate({})) {
        const json = JSON.stringify(document).toLowerCase();
        if (texts.some((text) => json.includes(text.toLowerCase()))) places.push(`${name}: ${json}`);
      }
    }
    return places;
  }

  const jobsOf = (acme: ApiTenant, kind: string) =>
    app.core.store.tenant(acme.tenant._id).collection('jobs').findOne({ kind });

  /** Erases by the API and waits until the second look is all that is left. */
  async function erase(acme: ApiTenant, id: string): Promise<void> {
    const res = await acme.call('post', `/users/${id}/erase`).send({ confirm: id });
    expect(res.status, res.text).to.equal(202);
    await eventually(
      async () => !(await jobsOf(acme, 'person.erase')) && (await jobsOf(acme, 'person.sweep')),
      'the erasure is done',
    );
  }

  it('leaves no address or name anywhere, and every seal and noted head of the audit trail holds (M3-24)', async () => {
    const acme = await givenTenant(app);
    const { id, address, former, token } = await givenTraces(acme);
    const invited = await acme
      .call('post', '/invitations')
      .send({ emails: [unique('other') + '@acme.test'] });
    expect(invited.status).to.equal(200);
    clock.advance(180_000);
    await sealNextRun(app.core, acme.tenant._id);
    const { head } = await verifyAuditTrail(app.core, acme.tenant._id);
    const rename = { op: 'replace', path: 'name.givenName', value: 'Augusta' };
    await scim(token, 'patch', `/Users/${id}`, { schemas: [urn.patch], Operations: [rename] });
    await requestLogOf(app.core).flush();
    expect((await found([address, former])).length).to.be.greaterThan(5);

    await erase(acme, id);

    expect(await found([address, former, 'Lovelace', 'Augusta'])).to.deep.equal([]);
    expect((await acme.call('get', `/users/${id}`)).status).to.equal(404);
    const trail = await acme.call('get', `/audit-events?target=${id}&limit=100`);
    const { items } = trail.body as { items: { action: string; target: { label: string } }[] };
    expect(items.map(({ action }) => action)).to.include.members(['user.created', 'user.erased']);
    expect(new Set(items.map(({ target }) => target.label))).to.deep.equal(
      new Set([`erased-${id.slice(-8)}`]),
    );
    const verdict = await verifyAuditTrail(app.core, acme.tenant._id, head ?? '');
    expect(verdict).to.deep.include({ broken: null });
    clock.advance(180_000);
    await sealNextRun(app.core, acme.tenant._id);
    const later = await verifyAuditTrail(app.core, acme.tenant._id, head ?? '');
    expect(later).to.deep.include({ broken: null, unsealed: 0 });
  });

  it('keeps what was decided about the account, and what belongs to others', async () => {
    const acme = await givenTenant(app);
    const { id } = await givenTraces(acme);
    const other = await acme.givenUser({ givenName: 'Grace', familyName: 'Hopper' });
    await erase(acme, id);
    const events = await acme.call('get', `/audit-events?target=${id}&action=user.access_period_changed`);
    const [event] = (events.body as { items: { changes: { after: unknown }[] }[] }).items;
    expect(event?.changes[0]?.after).to.equal('2099-01-01T00:00:00.000Z');
    const kept = await acme.call('get', `/users/${other._id}`);
    expect(kept.body).to.include({ givenName: 'Grace', familyName: 'Hopper' });
  });

  it('takes mails out of the outbox and out of the queue', async () => {
    const acme = await givenTenant(app);
    const user = await acme.givenUser({ activated: false });
    await acme.call('post', `/users/${user._id}/resend-activation`).expect(200);
    await waitForMails(app.core, user.email ?? '');
    await erase(acme, user._id);
    expect(await mailsTo(app.core, user.email ?? '')).to.deep.equal([]);
  });

  it('leaves a disabled user without a name where nobody is deleted (M3-21)', async () => {
    const acme = await givenTenant(app, { preset: 'records' });
    const user = await acme.givenUser({ email: 'grace@acme.test' });
    await erase(acme, user._id);
    const stored = await app.core.store.tenant(acme.tenant._id).collection('users').get(user._id);
    expect(stored).to.deep.include({ enabled: false, email: null, attributes: {}, grants: [] });
    expect(stored?.userName).to.equal(`erased-${user._id.slice(-8)}`);
    const again = await acme.givenUser({ email: 'grace@acme.test' });
    expect(again._id).not.to.equal(user._id);
  });

  it('finds a seal that was amended without the key', async () => {
    const acme = await givenTenant(app);
    const user = await acme.givenUser();
    clock.advance(180_000);
    await sealNextRun(app.core, acme.tenant._id);
    await erase(acme, user._id);
    const seals = app.core.store.tenant(acme.tenant._id).collection('audit_seals');
    const [seal] = await seals.find({});
    expect(seal?.amended).not.to.equal(undefined);
    await seals.update(seal!._id, (stored) => ({ ...stored, amended: { ...stored.amended!, digest: 'x' } }));
    const { broken } = await verifyAuditTrail(app.core, acme.tenant._id);
    expect(broken).to.deep.equal({ sequence: 1, reason: 'its amendment was changed' });
  });

  it('is refused without confirmation, above oneself, and for the last administrator', async () => {
    const acme = await givenTenant(app);
    const boss = await acme.givenUser({ roles: ['administrator'] });
    const user = await acme.givenUser();
    const unconfirmed = await acme.call('post', `/users/${user._id}/erase`).send({ confirm: 'yes' });
    expect(unconfirmed.status).to.equal(400);
    const few = await acme.givenKey(['users.read', 'users.delete']);
    const above = await acme.call('post', `/users/${boss._id}/erase`, few).send({ confirm: boss._id });
    expect(above.body).to.include({ code: 'user.above_actor' });
    const last = await acme.call('post', `/users/${boss._id}/erase`).send({ confirm: boss._id });
    expect(last.body).to.include({ code: 'user.last_administrator' });
  });

  it('gives out all there is of a person, without secrets', async () => {
    const acme = await givenTenant(app);
    const { id, address } = await givenTraces(acme);
    const at = clock.now();
    await app.core.store
      .tenant(acme.tenant._id)
      .collection('sso_sign_ins')
      .insert({
        ...{ _id: newId(), tenantId: acme.tenant._id, connectionId: 'c', kind: 'sign_in', state: 'admitted' },
        expiresAt: new Date(at.getTime() + 60_000),
        ...{ startedAt: at, finishedAt: at, stage: null, reason: null, hint: null, reference: null },
        ...{ userId: id, person: address, ip: null, trip: null, linkHash: null, report: null },
      });
    const res = await acme.call('get', `/users/${id}/export`);
    expect(res.status).to.equal(200);
    expect(res.headers['content-disposition']).to.equal(`attachment; filename="person-${id}.json"`);
    const data = res.body as Record<string, unknown[]> & { user: Record<string, unknown> };
    expect(data.user).to.include({ id, email: address });
    expect(data['groups']).to.have.length(1);
    expect(data['forwardedSignIns']).to.have.length(1);
    expect(data['provisioning']).to.have.length.greaterThan(1);
    expect(data['auditEvents']).to.have.length.greaterThan(3);
    expect(res.text).not.to.match(/passwordHash|tokenHash|argon2/);
    const few = await acme.givenKey(['users.read']);
    expect((await acme.call('get', `/users/${id}/export`, few)).status).to.equal(403);
  });
});
