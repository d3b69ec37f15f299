import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { newUser, startScim, unique, urn, type ScimApp } from '../../support/scim.js';

const weak: readonly [string, RegExp][] = [
  ['a', /at least 12 characters/],
  ['elevenchars', /at least 12 characters/],
  ['Summer2026!!', /too common/],
  ['P@ssw0rd1234', /too common/],
  ['qwerty123456', /too common/],
  ['acme-of-acme-26', /organization/],
];

describe('passwords that a directory sends', () => {
  let scim: ScimApp;
  before(async () => {
    scim = await startScim();
  });
  after(() => scim.stop());

  const hashOf = async (id: string): Promise<string | null | undefined> =>
    (await scim.core.store.tenant(scim.tenantId).collection('credentials').get(id))?.passwordHash;

  for (const [password, rule] of weak) {
    it(`are judged by the tenant’s rule, whichever way they come: ${password}`, async () => {
      const created = await scim.acme.post('/Users', newUser({ password }));
      const user = await scim.acme.user({ password: 'a long first password' });
      const before = await hashOf(user.id);
      const answers = [
        created,
        await scim.acme.put(`/Users/${user.id}`, newUser({ userName: user.userName, password })),
        await scim.acme.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'password', value: password }]),
        await scim.acme.patch(`/Users/${user.id}`, [{ op: 'add', value: { password } }]),
      ];
      for (const { status, body } of answers) {
        expect(body).to.include({ status: '400', scimType: 'invalidValue' });
        expect((body as { detail: string }).detail).to.match(rule);
        expect(JSON.stringify(body)).to.not.contain(`"${password}"`);
        expect(status).to.equal(400);
      }
      const bulk = await scim.acme.post('/Bulk', {
        schemas: [urn.bulk],
        Operations: [{ method: 'POST', path: '/Users', bulkId: 'u', data: newUser({ password }) }],
      });
      const { Operations } = bulk.body as {
        Operations: { status: string; response: { scimType: string } }[];
      };
      expect(Operations[0]!.status).to.equal('400');
      expect(Operations[0]!.response.scimType).to.equal('invalidValue');
      expect(await hashOf(user.id)).to.equal(before);
    });
  }

  it('are refused when they are made of the person’s own names', async () => {
    const userName = `${unique('penelope')}@acme.test`;
    for (const password of [`${userName}1`, userName, 'Featherstone12']) {
      const user = newUser({ userName, password, name: { familyName: 'Featherstone' } });
      expect((await scim.acme.post('/Users', user)).body, password).to.include({ scimType: 'invalidValue' });
    }
  });

  it('are taken when an identity provider made them at random, be it of eight characters', async () => {
    for (const password of [
      '1mz050nq',
      't1meMa$heen',
      ...Array.from({ length: 5 }, () => randomBytes(16).toString('base64')),
    ]) {
      const created = await scim.acme.post('/Users', newUser({ password }));
      expect(created.status, password).to.equal(201);
    }
  });

  it('may be sent again as they stand, although the rule has become stricter', async () => {
    const password = 'a long first password';
    const user = await scim.acme.user({ password });
    const before = await hashOf(user.id);
    const tenants = scim.core.store.tenant(scim.tenantId).collection('tenants');
    await tenants.update(scim.tenantId, (stored) => ({
      ...stored,
      settings: { password: { minLength: 60 } },
    }));
    try {
      const again = await scim.acme.put(`/Users/${user.id}`, newUser({ userName: user.userName, password }));
      expect(again.status).to.equal(200);
      expect(await hashOf(user.id)).to.equal(before);
    } finally {
      await tenants.update(scim.tenantId, (stored) => ({ ...stored, settings: {} }));
    }
  });
});
