import { expect } from 'chai';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { createToken } from '../../../src/identity/directories/tokens.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { waitedBeside } from '../../support/beside.js';
import { newUser } from '../../support/scim-data.js';

interface Answer {
  grants: { role: string }[];
  errors: { pointer: string; detail: string }[];
}

const rulesOf = (count: number, matches: string) =>
  Array.from({ length: count }, (_, at) => ({
    when: { path: 'roles.value', matches: `${matches}${at}b*` },
    grant: ['viewer'],
  }));
const values = (count: number, length: number) =>
  Array.from({ length: count }, (_, at) => ({ value: `${'a'.repeat(length - 4)}${at + 1000}` }));

describe('role rules, whatever they and the user hold', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let directoryId: string;
  const token = 'gh_scim_rule_limits_directory_token_for_tests_01';

  before(async () => {
    app = await startApp();
    acme = await givenTenant(app, { preset: 'contact-center' });
    directoryId = (await createDirectory(app.core, acme.system, { name: 'First' }))._id;
    await createToken(app.core, acme.system, directoryId, { name: 'test', token });
  });

  after(() => app.stop());

  const dryRun = (body: object) => acme.call('post', `/directories/${directoryId}/rules/dry-run`).send(body);
  const post = (body: object) =>
    fetch(`${app.url}/scim/v2/Users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify(body),
    });

  it('are tried without keeping others waiting', async () => {
    const user = { roles: values(500, 1000) };
    let status = 0;
    const work = dryRun({ user, rules: rulesOf(500, `*${'a'.repeat(170)}`) }).then(
      (res) => (status = res.status),
    );
    expect(await waitedBeside(app, work)).to.be.below(3000);
    expect(status).to.equal(200);
  });

  it('are worked out at a create without keeping others waiting, and the user is taken', async () => {
    const rules = rulesOf(500, `*${'a'.repeat(170)}`);
    const wanted = { when: { path: 'roles.value', is: 'boss' }, grant: ['manager'] };
    await acme
      .call('put', `/directories/${directoryId}/rules`)
      .send({ rules: [...rules.slice(1), wanted] })
      .expect(200);
    let id = '';
    const work = post({
      ...newUser({ userName: 'long@acme.test' }),
      roles: [...values(250, 4090), { value: 'Boss' }],
    }).then(async (res) => {
      expect(res.status).to.equal(201);
      id = ((await res.json()) as { id: string }).id;
    });
    expect(await waitedBeside(app, work)).to.be.below(3000);
    const stored = await acme.call('get', `/users/${id}`);
    expect((stored.body as { roles: { role: string }[] }).roles.map(({ role }) => role)).to.deep.equal([
      'manager',
    ]);
  });

  const refused: [string, object, string][] = [
    ['a value longer than a directory may send', { title: 'x'.repeat(4097) }, '/user/title'],
    ['more values than a directory may send', { roles: values(501, 20) }, '/user/roles'],
    ['a longer text deep inside', { name: { familyName: 'x'.repeat(4097) } }, '/user/name/familyName'],
  ];
  for (const [what, user, pointer] of refused) {
    it(`are not tried on ${what}`, async () => {
      const res = await dryRun({ user });
      expect(res.status).to.equal(400);
      expect((res.body as Answer).errors[0]?.pointer).to.equal(pointer);
    });
  }

  for (const depth of [41, 3000, 100_000]) {
    it(`are not tried on a user nested ${depth} levels deep`, async () => {
      const res = await acme
        .call('post', `/directories/${directoryId}/rules/dry-run`)
        .type('json')
        .send(`{"user":{"roles":${'['.repeat(depth)}"x"${']'.repeat(depth)}}}`);
      expect(res.body).to.include({ status: 400, code: 'input.malformed' });
    });
  }

  it('take at most a megabyte of text, all together', async () => {
    const long = (at: number) => ({
      when: { path: 'roles.value', in: Array.from({ length: 450 }, (_, n) => `${'v'.repeat(490)}${at}${n}`) },
      grant: ['viewer'],
    });
    const path = `/directories/${directoryId}/rules`;
    await acme.call('put', path).send({ rules: [] }).expect(200);
    const statuses: number[] = [];
    for (let at = 0; at < 6; at += 1) {
      statuses.push((await acme.call('post', path).send(long(at))).status);
    }
    expect(statuses.filter((status) => status === 201)).to.have.length(4);
    expect(statuses.at(-1)).to.equal(400);
  });

  it('answer in few words however much the rules and the user hold', async () => {
    const rules = Array.from({ length: 500 }, (_, at) => ({
      when: { path: 'roles', is: `r${at}` },
      grant: ['viewer'],
    }));
    const res = await dryRun({ user: { roles: values(240, 4000) }, rules }).expect(200);
    expect(res.text.length).to.be.below(8_000_000);
  });
});
