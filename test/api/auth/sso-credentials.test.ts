import { expect } from 'chai';
import type { SsoConnectionDocument, SsoConnectionInput } from '../../../src/identity/sso/connections.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { idpClient, startIdp, type Idp } from '../../support/idp.js';
import { mailsTo, waitForMails } from '../../support/mailbox.js';
import { unique } from '../../support/people.js';
import { givenConnection, signInAtProvider } from '../../support/sso.js';

const day = 86_400_000;

describe('what a connection shows its provider who we are by', () => {
  const clock = new ManualClock(new Date().toISOString());
  let app: TestApp;
  let idp: Idp;
  let acme: ApiTenant;

  before(async () => {
    [app, idp] = await Promise.all([startApp({ clock, config: { allowPrivateIssuers: true } }), startIdp()]);
    acme = await givenTenant(app);
  });
  after(() => Promise.all([app.stop(), idp.stop()]));
  beforeEach(() => {
    idp.clientKeysUri = undefined;
    idp.clientSecret = undefined;
  });

  const connect = (input: Partial<SsoConnectionInput> = {}): Promise<SsoConnectionDocument> =>
    givenConnection(app.core, acme.tenant._id, idp, { jitProvisioning: true, ...input });
  const read = async ({ _id }: SsoConnectionDocument) =>
    (await acme.call('get', `/sso-connections/${_id}`).expect(200)).body;
  const change = ({ _id }: SsoConnectionDocument, body: object) =>
    acme.call('patch', `/sso-connections/${_id}`).send(body);
  const eventsOf = async ({ _id }: SsoConnectionDocument, action: string) =>
    (await acme.call('get', `/audit-events?action=${action}&target=${_id}`).expect(200)).body.items as {
      changes: { path: string; after: unknown }[];
    }[];

  /** The status of our answer to somebody who comes from the provider. */
  async function arrive({ verifiedDomains }: SsoConnectionDocument): Promise<number> {
    const email = `${unique('ann')}@${verifiedDomains[0]!}`;
    idp.person = { sub: unique('sub'), email };
    return (await signInAtProvider(openBrowser(app.url), email)).status;
  }

  it('may be a key of ours, which the provider reads at an address: no secret is kept that expires', async () => {
    const connection = await connect({ clientSecret: null, clientAuthMethod: 'private_key_jwt' });
    const shown = await read(connection);
    expect(shown).to.include({ hasClientSecret: false, clientAuthMethod: 'private_key_jwt' });
    expect(shown.expiries).to.deep.equal([]);
    const keys = (await (await fetch(shown.clientKeysUri as string)).json()) as { keys: object[] };
    expect(keys.keys).to.have.length(2);
    for (const key of keys.keys) expect(key).to.have.all.keys('kty', 'n', 'e', 'kid', 'alg', 'use');
    idp.clientKeysUri = shown.clientKeysUri;
    expect(await arrive(connection)).to.equal(303);
    expect(idp.secretsBy.at(-1)).to.equal('key');
    await change(connection, { clientSecret: 'a secret' }).expect(400);
    const tested = await acme.call('post', `/sso-connections/${connection._id}/test`).expect(200);
    expect(tested.body).to.include({ ok: true });
  });

  it('rotates its key without anybody kept out: the next one was published before, the last one is tried after it', async () => {
    const connection = await connect({ clientAuthMethod: 'private_key_jwt', clientSecret: null });
    const { clientKeysUri, clientKeys } = await read(connection);
    const published = await (await fetch(clientKeysUri as string)).text();
    const rotate = () => acme.call('post', `/sso-connections/${connection._id}/rotate-client-key`);
    const rotated = (await rotate().expect(200)).body;
    expect(rotated.clientKeys[0]).to.deep.equal({ kid: clientKeys[1].kid, state: 'current' });
    expect(rotated.clientKeys[2]).to.deep.equal({ kid: clientKeys[0].kid, state: 'previous' });
    idp.clientKeysUri = clientKeysUri;
    expect(await arrive(connection)).to.equal(303);
    // A provider that still knows the keys of before the second rotation.
    await rotate().expect(200);
    idp.clientKeysUri = `data:application/json,${encodeURIComponent(published)}`;
    expect(await arrive(connection)).to.equal(303);
    expect(await eventsOf(connection, 'sso.credentials_refused')).to.have.length(1);
    await change(connection, { clientAuthMethod: null }).expect(200);
    await rotate().expect(400);
    expect((await fetch(clientKeysUri as string)).status).to.equal(404);
  });

  it('may be two secrets for a week: the new one, and the one before it where the provider does not know it yet', async () => {
    const connection = await connect();
    await change(connection, { clientSecret: 'the new one' }).expect(200);
    for (const secret of [idpClient.clientSecret, 'the new one']) {
      idp.clientSecret = secret;
      expect(await arrive(connection), secret).to.equal(303);
    }
    expect(await eventsOf(connection, 'sso.credentials_refused')).to.have.length(1);
    idp.clientSecret = undefined;
    const tested = await acme.call('post', `/sso-connections/${connection._id}/test`).expect(200);
    expect(tested.body).to.include({ ok: false });
    await change(connection, { previousClientSecret: null }).expect(200);
    expect(await arrive(connection)).to.equal(502);
    expect(await read(connection)).to.include({ previousClientSecretUntil: null });
  });

  it('never sends the secret before to another provider', async () => {
    const connection = await connect();
    await change(connection, { clientSecret: 'the new one' }).expect(200);
    await change(connection, { issuer: 'https://idp.other.test', clientSecret: 'its own' }).expect(200);
    expect(await read(connection)).to.include({ previousClientSecretUntil: null });
  });

  it('is told 30, 7 and 1 days before a secret expires, and at its end, once each, by mail and event', async () => {
    const { email } = await acme.givenUser({ roles: ['administrator'] });
    const connection = await connect({ mode: 'optional' });
    const clientSecretExpiresAt = new Date(clock.now().getTime() + 40 * day).toISOString();
    const shown = (await change(connection, { clientSecretExpiresAt }).expect(200)).body;
    expect(shown).to.include({ clientSecretExpiresAt });
    expect(shown.expiries).to.deep.equal([
      { what: 'client_secret', expiresAt: clientSecretExpiresAt, daysLeft: 40 },
    ]);
    expect(shown.warnings).to.deep.equal([]);
    for (const [count, days] of [
      [1, 10],
      [2, 23],
      [3, 6],
      [4, 1],
    ] as const) {
      clock.advance(days * day + 1000);
      const mails = await waitForMails(app.core, email!, count);
      expect(mails.at(-1)).to.include({ template: 'sso_expiry' });
    }
    const told = await eventsOf(connection, 'sso.credential_expires');
    expect(told).to.have.length(3);
    expect(await eventsOf(connection, 'sso.credential_expired')).to.have.length(1);
    const { warnings } = await read(connection);
    expect(warnings.map(({ code }: { code: string }) => code)).to.include('expired');
    expect(await (await fetch(`${app.url}/metrics`)).text()).to.match(
      /sso_connections_expiring\{state="expired"\} [1-9]/,
    );
    // A renewed secret has its own end, and nothing is told of it yet.
    const renewed = new Date(clock.now().getTime() + 90 * day).toISOString();
    await change(connection, { clientSecret: 'renewed', clientSecretExpiresAt: renewed }).expect(200);
    await eventually(async () => (await read(connection)).warnings.length === 0, 'no warnings');
    expect((await mailsTo(app.core, email!)).length).to.equal(4);
  });

  it('is optional again where it became required and nobody who tried came in for the time it says', async () => {
    const { email } = await acme.givenUser({ roles: ['administrator'] });
    const optional = { mode: 'optional' } as const;
    const [broken, quiet, good] = [await connect(optional), await connect(optional), await connect(optional)];
    for (const each of [broken, quiet, good]) {
      const { body } = await change(each, { mode: 'required', fallbackMinutes: 30 }).expect(200);
      expect(body).to.include({ mode: 'required', fallbackMinutes: 30 });
    }
    const failAt = async (connection: SsoConnectionDocument) => {
      idp.misbehaviour = { tokenError: { status: 401, error: 'invalid_client' } };
      expect(await arrive(connection)).to.equal(502);
      idp.misbehaviour = {};
    };
    const fallsBack = async (connection: SsoConnectionDocument, count: number) => {
      clock.advance(30 * 60_000 + 1000);
      const mails = await waitForMails(app.core, email!, count);
      expect(mails.at(-1)).to.include({ template: 'sso_fell_back' });
      expect(await read(connection)).to.include({ mode: 'optional', fallbackMinutes: 30 });
      const [event] = await eventsOf(connection, 'sso.fell_back');
      expect(event?.changes).to.deep.equal([{ path: 'mode', before: 'required', after: 'optional' }]);
    };
    expect(await arrive(good)).to.equal(303);
    await failAt(broken);
    await fallsBack(broken, 1);
    for (const each of [quiet, good]) expect(await read(each)).to.include({ mode: 'required' });
    await failAt(good);
    await failAt(quiet);
    await fallsBack(quiet, 2);
    expect(await read(good)).to.include({ mode: 'required' });
    for (const fallbackMinutes of [4, 10_081, 30.5]) await change(good, { fallbackMinutes }).expect(400);
  });
});
