import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../../src/infrastructure/config.js';
import { packageFolder } from '../../../src/infrastructure/package-info.js';
import {
  newGroup,
  newUser,
  startScim,
  unique,
  urn,
  type ScimApp,
  type ScimClient,
} from '../../support/scim.js';

interface Attribute {
  name: string;
  type: string;
  multiValued: boolean;
  required: boolean;
  caseExact: boolean;
  mutability: string;
  returned: string;
  uniqueness: string;
  canonicalValues?: string[];
  subAttributes?: Attribute[];
}

const own = {
  User: 'urn:example:params:scim:schemas:extension:acme:2.0:User',
  Group: 'urn:example:params:scim:schemas:extension:acme:2.0:Group',
};

/** One attribute of every type and characteristic. */
const extensionSchemas = [
  {
    alias: 'acmeUser',
    resource: 'User',
    schema: {
      id: own.User,
      name: 'AcmeUser',
      attributes: [
        { name: 'note' },
        { name: 'code', caseExact: true },
        { name: 'level', type: 'integer' },
        { name: 'rate', type: 'decimal' },
        { name: 'vip', type: 'boolean' },
        { name: 'hired', type: 'dateTime' },
        { name: 'cert', type: 'binary' },
        { name: 'link', type: 'reference', referenceTypes: ['external'] },
        { name: 'tags', multiValued: true, canonicalValues: ['red'] },
        { name: 'badge', mutability: 'immutable' },
        { name: 'rank', mutability: 'readOnly' },
        { name: 'pin', returned: 'never' },
        { name: 'hint', returned: 'request' },
        {
          name: 'desk',
          type: 'complex',
          subAttributes: [{ name: 'room' }, { name: 'floor', type: 'integer' }],
        },
        {
          name: 'keys',
          type: 'complex',
          multiValued: true,
          subAttributes: [
            { name: 'value', caseExact: true },
            { name: 'type', canonicalValues: ['door'] },
            { name: 'primary', type: 'boolean' },
          ],
        },
      ],
    },
  },
  {
    alias: 'acmeGroup',
    resource: 'Group',
    schema: {
      id: own.Group,
      name: 'AcmeGroup',
      attributes: [{ name: 'color' }, { name: 'size', type: 'integer' }],
    },
  },
];

type Kind = 'User' | 'Group';
interface Place {
  kind: Kind;
  schema: string;
  attribute: Attribute;
  /** With its URN. */
  path: string;
}

describe('what SCIM discovery says is true (RFC 7643 sections 2.2 and 7)', () => {
  let app: ScimApp;
  let scim: ScimClient;
  let places: Place[] = [];

  before(async () => {
    const { scim: defaults } = loadConfig({ NODE_ENV: 'test' }, join(packageFolder, 'config'));
    app = await startScim({
      config: { scim: { ...defaults, extensionSchemas } },
      directory: { dialect: 'strict' },
    });
    scim = app.acme;
    const { Resources } = (await scim.get('/Schemas')).body as {
      Resources: { id: string; attributes: Attribute[] }[];
    };
    places = (['User', 'Group'] as const).flatMap((kind) =>
      Resources.filter(({ id }) => id.endsWith(`:${kind}`)).flatMap(({ id, attributes }) =>
        attributes.map((attribute) => ({ kind, schema: id, attribute, path: `${id}:${attribute.name}` })),
      ),
    );
  });
  after(() => app.stop());

  /** A resource with this value; `undefined` leaves it out. */
  const bodyWith = ({ kind, schema, attribute }: Place, value: unknown): Record<string, unknown> => {
    const core = kind === 'User' ? urn.user : urn.group;
    const base = kind === 'User' ? newUser({ emails: undefined, name: undefined }) : newGroup();
    return schema === core
      ? { ...base, [attribute.name]: value }
      : { ...base, schemas: [core, schema], [schema]: { [attribute.name]: value } };
  };
  const create = (place: Place, value: unknown) => scim.post(`/${place.kind}s`, bodyWith(place, value));
  const read = ({ schema, attribute }: Place, resource: Record<string, Record<string, unknown>>): unknown =>
    schema.includes('core:2.0') ? resource[attribute.name] : resource[schema]?.[attribute.name];
  const isOf = (place: Place, mutability: string) => place.attribute.mutability === mutability;
  const named = (name: string): Place => places.find(({ attribute }) => attribute.name === name)!;
  /** Attributes whose values are things of the server. */
  const bound = new Set(['members', 'groups', 'administrators', 'roleIds', 'serviceAssignments', 'password']);

  it('covers every schema of every resource type, declared ones included', () => {
    expect(new Set(places.map(({ schema }) => schema))).to.include.all.keys(
      own.User,
      own.Group,
      urn.enterprise,
    );
    expect(places.length).to.be.above(50);
  });

  it('type: refuses values of another type on POST and PATCH, and in filters', async () => {
    const wrong: Record<string, unknown[]> = {
      string: [7, true, {}],
      reference: [7, {}],
      boolean: ['true', 1, {}],
      integer: [1.5, '7', true],
      decimal: ['1.5', true],
      dateTime: ['yesterday', 7],
      binary: ['!!!', 7],
      complex: ['text', 7],
    };
    const user = await scim.user();
    for (const place of places.filter((one) => isOf(one, 'readWrite') && one.attribute.name !== 'password')) {
      const { type, multiValued } = place.attribute;
      for (const value of wrong[type] ?? []) {
        const sent = multiValued ? [value] : value;
        const label = `${place.path} ${JSON.stringify(sent)}`;
        expect((await create(place, sent)).body, label).to.include({
          status: '400',
          scimType: 'invalidValue',
        });
        if (place.kind === 'Group') continue;
        const patched = await scim.patch(`/Users/${user.id}`, [{ op: 'add', path: place.path, value: sent }]);
        expect(patched.body, label).to.include({ status: '400', scimType: 'invalidValue' });
      }
      if (type === 'complex') continue;
      const literal = type === 'string' || type === 'reference' || type === 'binary' ? 'true' : '"text"';
      const filter = encodeURIComponent(`${place.path} eq ${literal}`);
      const found = await scim.get(`/${place.kind}s?filter=${filter}`);
      expect(found.body, place.path).to.include({ status: '400', scimType: 'invalidFilter' });
    }
    expect((await scim.get(`/Users/${user.id}`)).body).to.deep.equal(user);
  }).timeout(120_000);

  it('multiValued: takes a list exactly where it says so', async () => {
    for (const place of places.filter((one) => isOf(one, 'readWrite') && !bound.has(one.attribute.name))) {
      const { multiValued, type } = place.attribute;
      if (!multiValued && type === 'string') {
        expect((await create(place, ['x'])).body, place.path).to.include({ status: '400' });
      }
      if (multiValued && type !== 'complex') {
        const created = await create(place, ['one', 'two']);
        expect(read(place, created.body), place.path).to.deep.equal(['one', 'two']);
      }
      if (multiValued) expect((await create(place, {})).body, place.path).to.include({ status: '400' });
    }
  });

  it('caseExact: finds text in another case exactly where it says that case means nothing', async () => {
    const texts = places.flatMap((place) => {
      const { attribute, path } = place;
      const subs = (attribute.subAttributes ?? []).map((sub) => ({
        place,
        leaf: sub,
        path: `${path}.${sub.name}`,
      }));
      return attribute.type === 'complex' ? subs : [{ place, leaf: attribute, path }];
    });
    for (const { place, leaf, path } of texts) {
      const { attribute } = place;
      const isText = leaf.type === 'string' || leaf.type === 'reference';
      const isPlain = leaf.mutability !== 'readOnly' && leaf.returned !== 'never';
      if (!isText || !isPlain || attribute.mutability === 'readOnly' || bound.has(attribute.name)) continue;
      if (attribute.name === 'loginType') continue;
      const word = unique('MiXed');
      const value = leaf === attribute ? word : { [leaf.name]: word };
      const created = await create(place, attribute.multiValued ? [value] : value);
      expect(created.status, `${path} ${created.text}`).to.equal(201);
      const count = async (text: string) =>
        (await scim.find(`${place.kind}s`, `${path} eq "${text}"`)).totalResults;
      expect(await count(word), path).to.equal(1);
      expect(await count(word.toUpperCase()), path).to.equal(leaf.caseExact ? 0 : 1);
    }
  }).timeout(120_000);

  it('required and uniqueness: misses only what is required, and takes a value twice unless it is unique', async () => {
    for (const place of places.filter((one) => isOf(one, 'readWrite') && !bound.has(one.attribute.name))) {
      const { attribute, path } = place;
      const without = await create(place, undefined);
      expect(without.status, path).to.equal(attribute.required ? 400 : 201);
      if (attribute.type !== 'string' || attribute.multiValued || attribute.name === 'loginType') continue;
      const value = unique('Twice');
      expect((await create(place, value)).status, path).to.equal(201);
      const again = await create(place, value.toUpperCase());
      expect(again.status, path).to.equal(attribute.uniqueness === 'none' ? 201 : 409);
      if (again.status === 409) expect(again.body.scimType).to.equal('uniqueness');
    }
  }).timeout(120_000);

  it('mutability readOnly: leaves what POST and PUT say aside, refuses PATCH', async () => {
    const readOnly = places.filter((place) => isOf(place, 'readOnly'));
    expect(readOnly.map(({ attribute }) => attribute.name)).to.include.members(['groups', 'status', 'rank']);
    for (const place of readOnly) {
      const value = place.attribute.multiValued ? [{ value: 'x' }] : '2030-01-01T00:00:00Z';
      const created = await create(place, value);
      expect(created.status, `${place.path} ${created.text}`).to.equal(201);
      expect(read(place, created.body), place.path).to.equal(undefined);
      const path = `/Users/${String(created.body.id)}`;
      const body = { ...bodyWith(place, value), userName: created.body.userName };
      expect((await scim.put(path, body)).status, place.path).to.equal(200);
      for (const op of ['add', 'replace', 'remove']) {
        const res = await scim.patch(path, [{ op, path: place.path, ...(op !== 'remove' && { value }) }]);
        expect(res.body, `${op} ${place.path}`).to.include({ status: '400', scimType: 'mutability' });
      }
    }
  });

  it('mutability immutable: is set once, by POST, PUT or PATCH, and never changed or taken away', async () => {
    const badge = named('badge');
    const { path: target } = badge;
    const empty = await create(badge, undefined);
    const path = `/Users/${String(empty.body.id)}`;
    const body = (value: unknown) => ({ ...bodyWith(badge, value), userName: empty.body.userName });
    expect(read(badge, (await scim.patch(path, [{ op: 'add', path: target, value: 'B1' }])).body)).to.equal(
      'B1',
    );
    expect(read(badge, (await scim.put(path, body('B1'))).body)).to.equal('B1');
    expect(read(badge, (await scim.put(path, body(undefined))).body)).to.equal('B1');
    expect((await scim.patch(path, [{ op: 'replace', path: target, value: 'B1' }])).status).to.equal(200);
    for (const res of [
      await scim.put(path, body('B2')),
      await scim.patch(path, [{ op: 'add', path: target, value: 'B2' }]),
      await scim.patch(path, [{ op: 'replace', path: target, value: 'B2' }]),
      await scim.patch(path, [{ op: 'replace', path: target, value: null }]),
      await scim.patch(path, [{ op: 'remove', path: target }]),
      await scim.patch(path, [{ op: 'remove', path: own.User }]),
      await scim.patch(path, [{ op: 'replace', path: own.User, value: { badge: 'B2' } }]),
    ]) {
      expect(res.body).to.include({ status: '400', scimType: 'mutability' });
    }
    expect(read(badge, (await scim.get(path)).body)).to.equal('B1');
  });

  it('returned: never shows, filters or sorts by what is never returned; shows on request what is returned on request', async () => {
    for (const place of [named('pin'), named('password')]) {
      const secret = 'Correct-horse-battery-9';
      const created = await create(place, secret);
      expect(created.status, created.text).to.equal(201);
      const path = `/Users/${String(created.body.id)}`;
      for (const query of [
        '',
        `?attributes=${place.path}`,
        `?attributes=${place.schema}`,
        '?excludedAttributes=id',
      ]) {
        expect((await scim.get(`${path}${query}`)).text, query).to.not.contain(secret);
      }
      const put = { ...bodyWith(place, secret), userName: created.body.userName };
      expect((await scim.put(`${path}?attributes=${place.path}`, put)).text).to.not.contain(secret);
      for (const query of [`filter=${encodeURIComponent(`${place.path} pr`)}`, `sortBy=${place.path}`]) {
        expect((await scim.get(`/Users?${query}`)).status, query).to.equal(400);
      }
    }
    const hint = named('hint');
    const created = await create(hint, 'shown');
    expect(read(hint, created.body)).to.equal(undefined);
    const path = `/Users/${String(created.body.id)}`;
    expect(read(hint, (await scim.get(path)).body)).to.equal(undefined);
    expect(read(hint, (await scim.get(`${path}?excludedAttributes=title`)).body)).to.equal(undefined);
    expect(read(hint, (await scim.get(`${path}?attributes=${hint.path}`)).body)).to.equal('shown');
  });

  it('canonicalValues: are hints and other values are kept, but where the value decides how to sign in', async () => {
    const hinted = places.filter(
      (place) =>
        isOf(place, 'readWrite') && place.attribute.subAttributes?.some((sub) => sub.canonicalValues),
    );
    expect(hinted.length).to.be.above(3);
    for (const place of hinted.filter(({ attribute }) => attribute.name !== 'members')) {
      const hasValue = place.attribute.subAttributes!.some((sub) => sub.name === 'value');
      const value = hasValue ? { value: `${unique('v')}@acme.test` } : { locality: 'L' };
      const created = await create(place, [{ type: 'of my own', ...value }]);
      expect(created.status, `${place.path} ${created.text}`).to.equal(201);
      expect(read(place, created.body), place.path).to.deep.equal([{ type: 'of my own', ...value }]);
    }
    const tags = named('tags');
    expect(read(tags, (await create(tags, ['blue'])).body)).to.deep.equal(['blue']);
    const login = named('loginType');
    expect((await create(login, 'magic')).body).to.include({ status: '400', scimType: 'invalidValue' });
    expect(read(login, (await create(login, 'SSO')).body)).to.equal('sso');
  });
});
