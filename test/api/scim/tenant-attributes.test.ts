import { expect } from 'chai';
import type { Test } from 'supertest';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { eventually } from '../../support/eventually.js';
import { newUser, startScim, unique, urn, type ScimApp, type ScimClient } from '../../support/scim.js';
import { createDirectory } from '../../../src/identity/directories/directories.js';
import { createToken } from '../../../src/identity/directories/tokens.js';

type Json = Record<string, unknown>;

const own = 'urn:gatehouse:params:scim:schemas:extension:tenant:2.0:User';

/** One of each type: what fits and what does not. */
const types = {
  string: ['blue', 7],
  boolean: [true, 'true'],
  integer: [12, 1.5],
  decimal: [1.5, '1.5'],
  dateTime: ['2026-01-05T09:00:00Z', 'yesterday'],
  reference: ['https://acme.test/desk/1', 'no address'],
} as const;

describe('the attributes of a tenant’s own', () => {
  let app: ScimApp;
  let acme: ApiTenant;
  let scim: ScimClient;
  before(async () => {
    app = await startScim();
  });
  after(() => app.stop());

  beforeEach(async () => {
    acme = await givenTenant(app);
    const { _id } = await createDirectory(app.core, acme.system, { name: 'Okta', dialect: 'strict' });
    scim = app.client((await createToken(app.core, acme.system, _id, { name: 't' })).token);
  });

  const define = (attribute: Json): Test => acme.call('post', '/attributes').send(attribute);
  async function defined(attribute: Json): Promise<string> {
    const answer = await define(attribute);
    expect(answer.status, answer.text).to.equal(201);
    return (answer.body as { id: string }).id;
  }
  const withOwn = (values: Json, more: Json = {}): Json => {
    return { ...newUser(more), schemas: [urn.user, own], [own]: values };
  };
  const added = async (values: Json, more: Json = {}): Promise<Json & { id: string }> => {
    const answer = await scim.post('/Users', withOwn(values, more));
    expect(answer.status, answer.text).to.equal(201);
    return answer.body as Json & { id: string };
  };
  const userOf = async (id: string): Promise<Json> => (await acme.call('get', `/users/${id}`)).body as Json;
  const ownOf = async (id: string): Promise<unknown> => ((await scim.get(`/Users/${id}`)).body as Json)[own];

  describe('in the schemas', () => {
    const schemaOf = async (client: ScimClient): Promise<Json | undefined> => {
      const { Resources } = (await client.get('/Schemas')).body as { Resources: Json[] };
      return Resources.find(({ id }) => id === own);
    };

    it('are there at once, with all they were defined with, for this tenant alone', async () => {
      expect(await schemaOf(scim)).to.equal(undefined);
      await defined({
        name: 'badge',
        type: 'string',
        unique: true,
        required: true,
        description: 'The number on the badge',
      });
      await defined({ name: 'skills', type: 'string', multiValued: true });
      const { attributes } = (await schemaOf(scim)) as { attributes: Json[] };
      expect(attributes.map(({ name }) => name)).to.deep.equal(['badge', 'skills']);
      expect(attributes[0]).to.include({
        type: 'string',
        multiValued: false,
        required: true,
        uniqueness: 'server',
        mutability: 'readWrite',
        returned: 'default',
        description: 'The number on the badge',
      });
      expect(attributes[1]).to.include({ multiValued: true, required: false, uniqueness: 'none' });
      expect((await scim.get(`/Schemas/${own}`)).status).to.equal(200);
      const type = (await scim.get('/ResourceTypes/User')).body as { schemaExtensions: Json[] };
      expect(type.schemaExtensions).to.deep.include({ schema: own, required: true });
      expect(await schemaOf(app.globex)).to.equal(undefined);
    });

    it('are shown to nobody without a token', async () => {
      await defined({ name: 'badge', type: 'string' });
      const answer = await fetch(`${app.url}/scim/v2/Schemas/${own}`);
      expect(answer.status).to.equal(404);
    });
  });

  describe('in SCIM users', () => {
    for (const [type, [good, bad]] of Object.entries(types)) {
      it(`hold a ${type}, and nothing else`, async () => {
        await defined({ name: 'one', type });
        await defined({ name: 'many', type, multiValued: true });
        const { id, schemas } = await added({ one: good, many: [good] });
        expect(schemas).to.include(own);
        expect(await ownOf(id)).to.deep.equal({ one: good, many: [good] });
        for (const values of [{ one: bad }, { many: [bad] }, { one: [good] }, { many: good }]) {
          const answer = await scim.post('/Users', withOwn(values));
          expect(answer.body, JSON.stringify(values)).to.include({ status: '400', scimType: 'invalidValue' });
        }
        const patch = { op: 'replace', path: `${own}:one`, value: bad };
        await scim.patch(`/Users/${id}`, [patch]).expect(400);
        expect(await ownOf(id)).to.deep.equal({ one: good, many: [good] });
      });
    }

    it('are changed by PATCH, with and without a path, and by PUT', async () => {
      await defined({ name: 'floor', type: 'integer' });
      await defined({ name: 'skills', type: 'string', multiValued: true });
      const { id, userName } = await added({ floor: 1, skills: ['tea'] });
      await scim.patch(`/Users/${id}`, [{ op: 'replace', path: `${own}:floor`, value: 2 }]).expect(200);
      await scim
        .patch(`/Users/${id}`, [{ op: 'add', value: { [own]: { skills: ['first aid'] } } }])
        .expect(200);
      expect(await ownOf(id)).to.deep.equal({ floor: 2, skills: ['tea', 'first aid'] });
      await scim.patch(`/Users/${id}`, [{ op: 'remove', path: `${own}:skills` }]).expect(200);
      expect(await ownOf(id)).to.deep.equal({ floor: 2 });
      await scim.put(`/Users/${id}`, withOwn({ floor: 3 }, { userName })).expect(200);
      expect(await ownOf(id)).to.deep.equal({ floor: 3 });
      await scim.put(`/Users/${id}`, newUser({ userName })).expect(200);
      expect(await ownOf(id)).to.equal(undefined);
    });

    it('are filtered by, sorted by and projected', async () => {
      await defined({ name: 'floor', type: 'integer' });
      await defined({ name: 'color', type: 'string' });
      await added({ floor: 10, color: 'Red' }, { userName: unique('a') });
      await added({ floor: 9, color: 'blue' }, { userName: unique('b') });
      await added({ color: 'green' }, { userName: unique('c') });
      const colors = async (filter: string, more = ''): Promise<unknown[]> =>
        (await scim.find('Users', filter, more)).Resources.map((user) => (user[own] as Json)['color']);
      expect(await colors(`${own}:floor gt 9`)).to.deep.equal(['Red']);
      expect(await colors(`${own}:color eq "red"`)).to.deep.equal(['Red']);
      expect(await colors(`not (${own}:floor pr)`)).to.deep.equal(['green']);
      const sorted = `&sortBy=${encodeURIComponent(`${own}:floor`)}&sortOrder=ascending`;
      expect(await colors(`${own}:floor pr`, sorted)).to.deep.equal(['blue', 'Red']);
      const asked = `&attributes=${encodeURIComponent(`${own}:floor`)}`;
      const [one] = (await scim.find('Users', `${own}:color eq "red"`, asked)).Resources;
      expect(one).to.have.all.keys('id', 'schemas', own);
      expect(one?.[own]).to.deep.equal({ floor: 10 });
      const left = `&excludedAttributes=${encodeURIComponent(`${own}:floor`)}`;
      const [other] = (await scim.find('Users', `${own}:color eq "red"`, left)).Resources;
      expect(other?.[own]).to.deep.equal({ color: 'Red' });
    });

    it('that are required are demanded of new users, and not taken away', async () => {
      const before = await scim.user();
      await defined({ name: 'badge', type: 'string', required: true });
      const refused = await scim.post('/Users', newUser());
      expect(refused.body).to.include({ status: '400', scimType: 'invalidValue' });
      expect((refused.body as { detail: string }).detail).to.include('badge');
      const { id, userName } = await added({ badge: 'b1' });
      await scim.put(`/Users/${id}`, newUser({ userName })).expect(400);
      await scim.patch(`/Users/${id}`, [{ op: 'remove', path: `${own}:badge` }]).expect(400);
      await scim.patch(`/Users/${id}`, [{ op: 'replace', path: 'title', value: 'Nurse' }]).expect(200);
      // Who was there before it was required can be changed, and everybody can be switched off.
      await scim.patch(`/Users/${before.id}`, [{ op: 'replace', path: 'title', value: 'Cook' }]).expect(200);
      await scim.put(`/Users/${id}`, newUser({ userName, active: false })).expect(200);
    });

    it('that are unique are taken once, however many ask at the same time and in whatever case', async () => {
      await defined({ name: 'badge', type: 'string', unique: true });
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          scim.post('/Users', withOwn({ badge: index % 2 === 0 ? 'B-7' : 'b-7' })),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, ...Array<number>(7).fill(409)]);
      const refused = answers.find(({ status }) => status === 409)?.body as Json;
      expect(refused).to.include({ status: '409', scimType: 'uniqueness' });
      expect(refused['detail']).to.include('badge');
      const holder = answers.find(({ status }) => status === 201)?.body as { id: string; userName: string };
      const other = await added({ badge: 'b-8' });
      const patch = [{ op: 'replace', path: `${own}:badge`, value: 'B-7' }];
      await scim.patch(`/Users/${other.id}`, patch).expect(409);
      await acme.call('patch', `/users/${other.id}`).send({ attributes: { badge: 'B-7' } });
      // What is given up is free.
      await scim.patch(`/Users/${holder.id}`, [{ op: 'remove', path: `${own}:badge` }]).expect(200);
      await scim.patch(`/Users/${other.id}`, patch).expect(200);
      await scim.delete(`/Users/${other.id}`).expect(204);
      await added({ badge: 'B-7' });
    });

    it('that are unique are compared by what they mean', async () => {
      await defined({ name: 'since', type: 'dateTime', unique: true });
      await defined({ name: 'codes', type: 'integer', unique: true, multiValued: true });
      await added({ since: '2026-01-05T09:00:00Z', codes: [1, 2] });
      for (const values of [{ since: '2026-01-05T10:00:00+01:00' }, { codes: [2, 3] }])
        expect((await scim.post('/Users', withOwn(values))).status).to.equal(409);
      await added({ codes: [3, 4] });
    });
  });

  describe('in the API', () => {
    it('are defined, listed, read by id and name, changed and deleted', async () => {
      const id = await defined({ name: 'floor', type: 'integer', description: 'Where' });
      const attribute = {
        name: 'floor',
        type: 'integer',
        multiValued: false,
        required: false,
        unique: false,
        description: 'Where',
      };
      const list = (await acme.call('get', '/attributes')).body as { items: Json[]; total: number };
      expect(list.total).to.equal(1);
      expect(list.items[0]).to.include({ id, ...attribute });
      for (const name of [id, 'floor', 'FLOOR'])
        expect((await acme.call('get', `/attributes/${name}`)).body).to.include({ id, ...attribute });
      const change = { required: true, description: 'On which floor' };
      const changed = await acme.call('patch', `/attributes/${id}`).send(change).expect(200);
      expect(changed.body).to.include({ ...attribute, ...change });
      await acme.call('patch', `/attributes/${id}`).set('If-Match', '"0"').send(change).expect(412);
      await acme.call('delete', `/attributes/${id}`).expect(204);
      await acme.call('get', `/attributes/${id}`).expect(404);
    });

    it('keep name, type, multiValued and unique as they are', async () => {
      const id = await defined({ name: 'floor', type: 'integer' });
      const changes = [{ name: 'level' }, { type: 'string' }, { multiValued: true }, { unique: true }];
      for (const change of changes) {
        const answer = await acme.call('patch', `/attributes/${id}`).send(change).expect(400);
        const { errors } = answer.body as { errors: { pointer: string }[] };
        expect(errors[0]?.pointer).to.equal(`/${Object.keys(change)[0]!}`);
      }
      await acme.call('patch', `/attributes/${id}`).send({ name: 'floor', type: 'integer' }).expect(200);
    });

    for (const [why, attribute, pointer] of [
      ['a name with a dot', { name: 'a.b', type: 'string' }, '/name'],
      ['a name that begins with a digit', { name: '1a', type: 'string' }, '/name'],
      ['a name with a dollar', { name: '$a', type: 'string' }, '/name'],
      ['a name of JavaScript’s own', { name: 'constructor', type: 'string' }, '/name'],
      ['an empty name', { name: '', type: 'string' }, '/name'],
      ['a name that is too long', { name: 'a'.repeat(65), type: 'string' }, '/name'],
      ['no type', { name: 'a' }, '/type'],
      ['an unknown type', { name: 'a', type: 'complex' }, '/type'],
      ['a unique boolean', { name: 'a', type: 'boolean', unique: true }, '/unique'],
      ['an unknown field', { name: 'a', type: 'string', mutability: 'readOnly' }, '/mutability'],
    ] as const) {
      it(`refuse ${why}`, async () => {
        const answer = await define(attribute).expect(400);
        const { errors } = answer.body as { errors: { pointer: string }[] };
        expect(errors.map((error) => error.pointer)).to.include(pointer);
      });
    }

    it('have a name once, without regard to case, however many define it at the same time', async () => {
      const names = ['floor', 'Floor', 'FLOOR', 'floor'];
      const answers = await Promise.all(names.map((name) => define({ name, type: 'string' })));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409, 409]);
      expect(answers.find(({ status }) => status === 409)?.body).to.include({ code: 'attribute.name_taken' });
    });

    it('are at most a hundred', async () => {
      for (let index = 0; index < 100; index += 1) await defined({ name: `a${index}`, type: 'string' });
      await define({ name: 'a100', type: 'string' }).expect(400);
    }).timeout(120_000);

    it('are taken, changed, taken away and told of users', async () => {
      await defined({ name: 'floor', type: 'integer' });
      await defined({ name: 'skills', type: 'string', multiValued: true });
      const email = `${unique('ann')}@acme.test`;
      const made = await acme
        .call('post', '/users')
        .send({ email, attributes: { floor: 1, Skills: ['tea'] } })
        .expect(201);
      const { id, attributes } = made.body as { id: string; attributes: Json };
      expect(attributes).to.deep.equal({ floor: 1, skills: ['tea'] });
      await acme
        .call('patch', `/users/${id}`)
        .send({ attributes: { floor: 2 } })
        .expect(200);
      expect((await userOf(id))['attributes']).to.deep.equal({ floor: 2, skills: ['tea'] });
      await acme
        .call('patch', `/users/${id}`)
        .send({ attributes: { skills: null } })
        .expect(200);
      expect((await userOf(id))['attributes']).to.deep.equal({ floor: 2 });
      const list = (await acme.call('get', `/users?q=${email}`)).body as { items: Json[] };
      expect(list.items[0]?.['attributes']).to.deep.equal({ floor: 2 });
      await acme.call('patch', `/users/${id}`).send({ givenName: 'Ann' }).expect(200);
      expect(await ownOf(id)).to.deep.equal({ floor: 2 });
    });

    it('are told of people that a directory sends', async () => {
      await defined({ name: 'floor', type: 'integer' });
      const { id } = await added({ floor: 4 });
      expect((await userOf(id))['attributes']).to.deep.equal({ floor: 4 });
      expect((await userOf((await scim.user()).id))['attributes']).to.deep.equal({});
    });

    it('refuse values of users that do not fit, are unknown, lacking or taken', async () => {
      await defined({ name: 'floor', type: 'integer' });
      await defined({ name: 'desk', type: 'reference' });
      await defined({ name: 'badge', type: 'string', required: true, unique: true });
      const create = (attributes: Json): Test =>
        acme.call('post', '/users').send({ email: `${unique('ann')}@acme.test`, attributes });
      const pointers = async (attributes: Json): Promise<string[]> => {
        const answer = await create({ badge: unique('b'), ...attributes }).expect(400);
        return (answer.body as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer);
      };
      expect(await pointers({ floor: '1', desk: 'x y' })).to.deep.equal([
        '/attributes/floor',
        '/attributes/desk',
      ]);
      expect(await pointers({ flor: 1 })).to.deep.equal(['/attributes/flor']);
      expect(await pointers({ badge: null })).to.deep.equal(['/attributes/badge']);
      expect(await pointers({ badge: ' ' })).to.deep.equal(['/attributes/badge']);
      await create({ badge: 'one' }).expect(201);
      const taken = await create({ badge: 'ONE' }).expect(409);
      expect(taken.body).to.include({ code: 'user.value_taken' });
    });

    it('have a column each in the CSV of users', async () => {
      await defined({ name: 'skills', type: 'string', multiValued: true });
      await defined({ name: 'floor', type: 'integer' });
      const email = `${unique('ann')}@acme.test`;
      const attributes = { skills: ['tea', '=1+1'], floor: 7 };
      const body = { email, attributes };
      await acme.call('post', '/users').send(body).expect(201);
      const { text } = await acme.call('get', '/users/export.csv').expect(200);
      const [head = '', ...rows] = text.split('\r\n');
      expect(head.endsWith(',floor,skills')).to.equal(true);
      expect(rows.find((row) => row.includes(email))).to.match(/,7,"tea, =1\+1"$/);
    });
  });

  describe('in role rules', () => {
    it('are known by name and by schema, and give roles', async () => {
      await acme.givenApplication('crm');
      await defined({ name: 'shift', type: 'string' });
      const [directory] = ((await acme.call('get', '/directories')).body as { items: { id: string }[] })
        .items;
      const rules = (path: string): Test =>
        acme
          .call('put', `/directories/${directory!.id}/rules`)
          .send({ rules: [{ when: { path, is: 'night' }, grant: ['crm:agent'] }] });
      await rules('shifty').expect(400);
      for (const path of ['shift', `${own}:shift`]) {
        expect((await rules(path)).status).to.equal(200);
        const { id } = await added({ shift: 'night' });
        expect(((await userOf(id))['roles'] as { role: string }[]).map(({ role }) => role)).to.deep.equal([
          'crm:agent',
        ]);
      }
    });
  });

  describe('that are deleted', () => {
    it('are gone at once, and so are their values; then the name is free for another type', async () => {
      const id = await defined({ name: 'badge', type: 'string', unique: true });
      await defined({ name: 'floor', type: 'integer' });
      const user = await added({ badge: 'b1', floor: 1 });
      const only = await added({ badge: 'b2' });
      await scim.get(`/Users/${user.id}`).expect(200);
      await acme.call('delete', `/attributes/${id}`).expect(204);
      expect(await ownOf(user.id)).to.deep.equal({ floor: 1 });
      expect(await ownOf(only.id)).to.equal(undefined);
      expect((await scim.get(`/Users/${only.id}`)).body).not.to.have.property('tenant');
      const listed = await scim.find('Users', `userName eq "${String(user['userName'])}"`);
      expect(listed.Resources[0]?.[own]).to.deep.equal({ floor: 1 });
      expect((await userOf(user.id))['attributes']).to.deep.equal({ floor: 1 });
      await eventually(
        async () => (await define({ name: 'badge', type: 'integer' })).status === 201,
        'the name is free',
      );
      expect(await ownOf(user.id)).to.deep.equal({ floor: 1 });
    });

    it('must not be used by a rule or a claim', async () => {
      const application = await acme.givenApplication('crm');
      const id = await defined({ name: 'shift', type: 'string' });
      const [directory] = ((await acme.call('get', '/directories')).body as { items: { id: string }[] })
        .items;
      const rule = { when: { path: 'shift', is: 'night' }, grant: ['crm:agent'] };
      const rules = (list: object[]): Test =>
        acme.call('put', `/directories/${directory!.id}/rules`).send({ rules: list });
      const claims = (list: object[]): Test =>
        acme.call('patch', `/applications/${application._id}`).send({ claims: list });
      await rules([rule]);
      await claims([{ claim: 'shift', from: `${own}:SHIFT` }]).expect(200);
      const refused = await acme.call('delete', `/attributes/${id}`).expect(409);
      expect(refused.body).to.include({ code: 'attribute.in_use' });
      expect((refused.body as { detail: string }).detail)
        .to.include('Okta')
        .and.include('crm');
      await rules([]);
      await acme.call('delete', `/attributes/${id}`).expect(409);
      await claims([]).expect(200);
      await acme.call('delete', `/attributes/${id}`).expect(204);
    });
  });

  it('cannot be read or changed by another tenant', async () => {
    const id = await defined({ name: 'floor', type: 'integer' });
    const globex = await givenTenant(app);
    await globex.call('get', `/attributes/${id}`).expect(404);
    await globex.call('patch', `/attributes/${id}`).send({ required: true }).expect(404);
    await globex.call('delete', `/attributes/${id}`).expect(404);
  });
});
