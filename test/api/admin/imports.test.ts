import { pbkdf2Sync } from 'node:crypto';
import { hashSync as bcrypt } from '@node-rs/bcrypt';
import { expect } from 'chai';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { createAttribute } from '../../../src/identity/attributes/attributes.js';
import { administratorPermissions } from '../../../src/identity/permissions.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { runBulk } from '../../support/bulk.js';
import { goodPassword, unique } from '../../support/people.js';
import { attempt } from '../../support/sign-in.js';

const hash = bcrypt(goodPassword, 4);
const salt = Buffer.from('0123456789abcdef');
const base64 = (bytes: Buffer): string => bytes.toString('base64');
const keycloakHash = base64(pbkdf2Sync(goodPassword, salt, 1000, 32, 'sha256'));

describe('the import of people', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
    await createAttribute(app.core, acme.system, { name: 'floor', type: 'integer' });
    await createGroup(app.core, acme.system, { displayName: 'Sales team', externalId: null, attributes: {} });
  });
  after(() => app.stop());

  const scope = () => app.core.store.tenant(acme.tenant._id);
  const byEmail = (email: string) => scope().collection('users').findOne({ emailKey: email });
  const credentialOf = async (email: string) =>
    scope()
      .collection('credentials')
      .get((await byEmail(email))?._id ?? '');
  const address = (): string => `${unique('in')}@import.test`;
  const importCsv = (lines: readonly string[], more: object = {}, key?: string) =>
    runBulk(acme, '/users/import', { format: 'csv', content: lines.join('\r\n'), ...more }, key);

  it('takes a CSV file with names, roles, groups, own attributes and hashes, whatever the columns are called', async () => {
    const [one, two] = [address(), address()];
    const { job, rows } = await importCsv([
      'E-Mail;First name;Last name;Role;Group;attributes.floor;password_hash;Active',
      `${one};Ada;"Byron; Countess";crm:agent;Sales team;3;${hash};yes`,
      `${two};Grace;;;;;;no`,
    ]);
    expect(job.counts).to.deep.equal({ done: 2, unchanged: 0, refused: 0 });
    expect(rows.map(({ label, line }) => [line, label])).to.deep.equal([
      [2, one],
      [3, two],
    ]);
    const res = await acme.call('get', `/users/${rows[0]!.userId}`).expect(200);
    expect(res.body).to.deep.include({
      ...{ email: one, givenName: 'Ada', familyName: 'Byron; Countess', status: 'active' },
      attributes: { floor: 3 },
    });
    const user = res.body as { roles: { role: string }[]; groups: { displayName: string }[] };
    expect(user.roles.map(({ role }) => role)).to.deep.equal(['crm:agent']);
    expect(user.groups.map(({ displayName }) => displayName)).to.deep.equal(['Sales team']);
    expect(await byEmail(two)).to.include({ enabled: false, activatedAt: null });
    expect(await credentialOf(two)).to.equal(undefined);
  });

  it('tells beforehand what would become of each line, and writes nobody', async () => {
    const [good, taken] = [address(), (await acme.givenUser()).email!];
    const lines = [
      'email,passwordHash,groups,roles,enabled',
      `${good},${hash},,,`,
      `${taken},,,,`,
      'no address,,,,',
      `${good.toUpperCase()},,,,`,
      `${address()},$2b$31$${'a'.repeat(53)},,,`,
      `${address()},plain-password,,,`,
      `${address()},,No such group,,`,
      `${address()},,,crm:nobody,`,
      `${address()},,,,perhaps`,
    ];
    const { job, rows } = await importCsv(lines, { dryRun: true });
    expect(job).to.deep.include({ dryRun: true, total: 9, counts: { done: 1, unchanged: 0, refused: 8 } });
    expect(rows.map(({ code, line }) => [line, code])).to.deep.equal([
      [2, null],
      [3, 'user.name_taken'],
      [4, 'input.invalid'],
      [5, 'input.repeated'],
      [6, 'password.not_taken'],
      [7, 'password.not_taken'],
      [8, 'group.not_found'],
      [9, 'input.invalid'],
      [10, 'input.invalid'],
    ]);
    expect(await byEmail(good)).to.equal(undefined);
    const real = await importCsv(lines);
    expect(real.job.counts).to.deep.equal(job.counts);
    expect(real.rows.map(({ code }) => code)).to.deep.equal(rows.map(({ code }) => code));
  });

  it('keeps no hash with the rows once they are done, and shows none', async () => {
    const { job } = await importCsv(['email,hash', `${address()},${hash}`]);
    const parts = await scope().collection('bulk_parts').find({ jobId: job.id });
    expect(JSON.stringify(parts)).to.not.contain(hash);
    const told = await acme.call('get', `/bulk/${job.id}/rows`);
    expect(told.text).to.not.contain('$2b$');
  });

  it('maps columns by their headings, and refuses a heading that is not there', async () => {
    const email = address();
    const columns = { email: 'Kontakt', familyName: 'Nachname' };
    const content = `Kontakt\tName\tNachname\n${email}\tignored\tLovelace\n`;
    const { rows } = await runBulk(acme, '/users/import', { format: 'csv', content, columns });
    const res = await acme.call('get', `/users/${rows[0]!.userId}`);
    expect(res.body).to.include({ familyName: 'Lovelace', givenName: null });
    const missing = { format: 'csv', content, columns: { email: 'Mail' } };
    const refused = await acme.call('post', '/users/import').send(missing).expect(400);
    expect((refused.body as { errors: object[] }).errors[0]).to.deep.equal({
      pointer: '/columns/email',
      detail: 'there is no column Mail; there are Kontakt, Name, Nachname',
    });
    for (const bad of ['', 'x,y\n1,2', 'email\n"open']) {
      await acme.call('post', '/users/import').send({ format: 'csv', content: bad }).expect(400);
    }
    await acme.call('post', '/users/import').send({ format: 'json', content: '{"a":' }).expect(400);
  });

  it('refuses columns of fields there are not, and more columns than a table of people has', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`);
    const attributes = Object.fromEntries(many(101).map((one) => [`attributes.${one}`, one]));
    const content = 'email,x\nada@import.test,1';
    const cases: [object, string][] = [
      [{ content, columns: { email: 'email', nonsense: 'x' } }, '/columns/nonsense'],
      [{ content, columns: { email: 'email', constructor: 'x' } }, '/columns/constructor'],
      [{ content, columns: { email: 'email', 'a/b': 'x' } }, '/columns/a~1b'],
      [{ content: many(101).join(), columns: attributes }, '/columns'],
      [{ content: ['email', ...many(500)].join() }, '/content'],
    ];
    for (const [body, pointer] of cases) {
      const res = await acme.call('post', '/users/import').send({ format: 'csv', ...body });
      const { errors } = res.body as { errors: { pointer: string }[] };
      expect([res.status, errors.map((one) => one.pointer)], pointer).to.deep.equal([400, [pointer]]);
    }
  });

  it('refuses a row with more roles or groups than a user is given at once, in few words', async () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `nobody-${index}`);
    const given = [{ roles: names(201) }, { groups: names(201) }, { roles: ['r'.repeat(201)] }];
    const people = [...given, { roles: names(200) }, { groups: ['g'.repeat(1000)] }];
    const content = JSON.stringify(people.map((one) => ({ email: address(), ...one })));
    const { rows } = await runBulk(acme, '/users/import', { format: 'json', content });
    expect(rows.slice(0, 3).map(({ reason }) => reason)).to.deep.equal([
      'at most 200 roles in a row',
      'at most 200 groups in a row',
      'the name of a role has at most 200 characters',
    ]);
    expect(rows.map(({ outcome }) => outcome)).to.deep.equal(Array(5).fill('refused'));
    expect(rows.slice(3).map(({ reason }) => reason?.length)).to.deep.equal([300, 300]);
    const line = `${address()},${names(201).join(' ')}`;
    const invited = await runBulk(acme, '/invitations/import', { content: `email,roles\n${line}` });
    expect(invited.rows.map(({ reason }) => reason)).to.deep.equal(['at most 200 roles in a row']);
  });

  it('takes names that every object has for what they are: no role and no flag', async () => {
    const [email, other] = [address(), address()];
    const users = [{ email, realmRoles: ['constructor', 'toString', 'sales'] }];
    const file = {
      format: 'keycloak',
      content: JSON.stringify({ users }),
      roleNames: { sales: 'crm:agent' },
    };
    await runBulk(acme, '/users/import', file);
    expect((await byEmail(email))?.grants.map(({ role }) => role)).to.deep.equal(['crm:agent']);
    const { rows } = await importCsv(['email,enabled', `${other},constructor`]);
    expect(rows.map(({ reason }) => reason)).to.deep.equal(['enabled must be true or false']);
  });

  it('takes exports of Auth0, Keycloak, Cognito and Firebase as they are', async () => {
    const [auth0, keycloak, cognito, firebase] = [address(), address(), address(), address()];
    const files = {
      auth0: `{"_id":{"$oid":"5d"},"email":"${auth0}","email_verified":true,"passwordHash":"${hash}","given_name":"Ada","blocked":false}\n`,
      keycloak: JSON.stringify({
        realm: 'r',
        users: [
          {
            username: 'grace',
            email: keycloak,
            firstName: 'Grace',
            lastName: 'Hopper',
            enabled: true,
            realmRoles: ['default-roles-r', 'sales'],
            credentials: [
              {
                type: 'password',
                secretData: JSON.stringify({ value: keycloakHash, salt: base64(salt) }),
                credentialData: JSON.stringify({ hashIterations: 1000, algorithm: 'pbkdf2-sha256' }),
              },
            ],
          },
        ],
      }),
      cognito: JSON.stringify({
        Users: [
          {
            Username: 'u1',
            Enabled: true,
            Attributes: [
              { Name: 'sub', Value: 's-1' },
              { Name: 'email', Value: cognito },
              { Name: 'given_name', Value: 'Alan' },
            ],
          },
        ],
      }),
      firebase: JSON.stringify({ users: [{ localId: 'f1', email: firebase, displayName: 'Edsger D' }] }),
    };
    for (const [format, content] of Object.entries(files)) {
      const more = format === 'keycloak' ? { roleNames: { sales: 'crm:agent' } } : {};
      const { job } = await runBulk(acme, '/users/import', { format, content, ...more });
      expect(job.counts, format).to.deep.equal({ done: 1, unchanged: 0, refused: 0 });
    }
    expect((await byEmail(keycloak))?.grants.map(({ role }) => role)).to.deep.equal(['crm:agent']);
    expect(await byEmail(keycloak)).to.include({ userName: 'grace' });
    expect(await byEmail(cognito)).to.include({ externalId: 's-1', activatedAt: null });
    for (const email of [auth0, keycloak])
      expect((await attempt(app.url, email, goodPassword)).location, email).to.equal(`${app.url}/account`);
  });

  it('lets people in by the password they have, and hashes it our way at the first right one', async () => {
    const email = address();
    await importCsv(['email,hash', `${email},${hash}`]);
    expect((await credentialOf(email))?.passwordHash).to.equal(hash);
    expect((await attempt(app.url, email, 'wrong wrong wrong')).status).to.equal(401);
    expect(await credentialOf(email)).to.include({ failureCount: 1, passwordHash: hash });
    const pages = await Promise.all([1, 2, 3].map(() => attempt(app.url, email, goodPassword)));
    expect(pages.map(({ location }) => location)).to.deep.equal(Array(3).fill(`${app.url}/account`));
    const credential = await credentialOf(email);
    expect(credential?.passwordHash).to.match(/^\$argon2id\$/);
    expect(credential?.failureCount).to.equal(0);
    expect((await attempt(app.url, email, goodPassword)).status).to.equal(303);
    expect((await attempt(app.url, email, 'wrong wrong wrong')).status).to.equal(401);
    const user = await byEmail(email);
    const events = await scope()
      .collection('audit_events')
      .count({ action: 'password.rehashed', 'target.id': user?._id });
    expect(events).to.equal(1);
  });

  it('locks an account that came with a hash like any other', async () => {
    const email = address();
    await importCsv(['email,hash', `${email},${hash}`]);
    const results: number[] = [];
    for (let guess = 0; guess < 5; guess += 1)
      results.push((await attempt(app.url, email, 'wrong wrong wrong')).status);
    expect(results).to.deep.equal([401, 401, 401, 401, 429]);
    expect((await attempt(app.url, email, goodPassword)).status).to.equal(429);
    expect((await credentialOf(email))?.passwordHash).to.equal(hash);
  });

  it('does not take a tenant’s word for whose an address is', async () => {
    const email = address();
    const content = JSON.stringify([{ email, emailVerified: true, passwordHash: hash }]);
    await runBulk(acme, '/users/import', { format: 'json', content });
    expect(await byEmail(email)).to.include({ verifiedEmailKey: null });
  });

  it('needs the permission of each thing a row asks for', async () => {
    const key = await acme.givenKey(['users.create', 'users.read']);
    const [plain, withRole, withHash] = [address(), address(), address()];
    const lines = [
      'email,roles,hash,groups',
      `${plain},,,`,
      `${withRole},crm:agent,,`,
      `${withHash},,${hash},`,
    ];
    const { rows } = await importCsv([...lines, `${address()},,,Sales team`], {}, key);
    expect(rows.map(({ code }) => code)).to.deep.equal([null, ...Array<string>(3).fill('auth.forbidden')]);
    const less = await acme.givenKey([...administratorPermissions].filter((one) => one !== 'users.create'));
    await acme.call('post', '/users/import', less).send({}).expect(403);
    const body = { format: 'csv', content: 'email\n', roles: ['crm:agent'] };
    await acme.call('post', '/users/import', key).send(body).expect(403);
  });

  it('mails the way in to those who come without a password, when asked to', async () => {
    const [without, withOne] = [address(), address()];
    await importCsv(['email,hash', `${without},`, `${withOne},${hash}`], { sendActivation: true });
    const sent = await scope().collection('audit_events').find({ action: 'invitation.sent' });
    const labels = sent.map(({ target }) => target?.id);
    expect(labels).to.include((await byEmail(without))?._id);
    expect(labels).to.not.include((await byEmail(withOne))?._id);
  });

  it('invites the people of a CSV file, with a result for each line', async () => {
    const [one, two] = [address(), (await acme.givenUser()).email!];
    const content = `email,roles,first name\n${one},crm:agent,Ada\n${two},,\nnobody,,\n`;
    const { rows } = await runBulk(acme, '/invitations/import', { content, message: 'Welcome' });
    expect(rows.map(({ code, outcome }) => [outcome, code])).to.deep.equal([
      ['done', null],
      ['refused', 'invitation.already_user'],
      ['refused', 'invitation.invalid'],
    ]);
    const list = await acme.call('get', `/invitations?q=${one}`);
    expect((list.body as { items: object[] }).items[0]).to.deep.include({ email: one, roles: ['crm:agent'] });
  });

  it('puts the people of a CSV file into a group, by address, userName or id', async () => {
    const made = await acme.call('post', '/groups').send({ displayName: unique('Imported') });
    const group = (made.body as { id: string }).id;
    const [one, two] = [await acme.givenUser(), await acme.givenUser()];
    const content = `email,id\n${one.email},\n,${two._id}\n${one.email},\nnobody@acme.test,\n`;
    const { rows } = await runBulk(acme, `/groups/${group}/members/import`, { content });
    expect(rows.map(({ code, outcome }) => [outcome, code])).to.deep.equal([
      ['done', null],
      ['done', null],
      ['unchanged', null],
      ['refused', 'user.not_found'],
    ]);
    const members = await acme.call('get', `/groups/${group}/members`);
    expect((members.body as { total: number }).total).to.equal(2);
  });
});
