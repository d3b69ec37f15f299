import { expect } from 'chai';
import { startScim, unique, urn, type ScimApp, type ScimClient } from '../../support/scim.js';

interface Attribute {
  name: string;
  type: string;
  multiValued: boolean;
  mutability: string;
  returned: string;
  subAttributes?: Attribute[];
}

describe('SCIM discovery (RFC 7643 sections 5 to 7, RFC 7644 section 4)', () => {
  let app: ScimApp;
  let scim: ScimClient;
  before(async () => {
    app = await startScim();
    scim = app.acme;
  });
  after(() => app.stop());

  it('describes the service with the limits it enforces', async () => {
    const { body, status } = await scim.get('/ServiceProviderConfig');
    expect(status).to.equal(200);
    expect(body).to.not.have.property('Resources');
    const { limits } = app.core.config;
    expect(body.bulk).to.deep.equal({
      supported: true,
      maxOperations: limits.bulkOperations,
      maxPayloadSize: limits.scimBodyBytes,
    });
    expect(body.filter).to.deep.equal({ supported: true, maxResults: limits.scimPageMax });
    for (const feature of ['patch', 'sort', 'etag', 'changePassword'])
      expect(body[feature].supported).to.equal(true);
    expect(body.pagination).to.include({
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      cursorTimeout: 3600,
    });
    const types = (body.authenticationSchemes as { type: string }[]).map(({ type }) => type);
    expect(types).to.deep.equal(['oauthbearertoken', 'oauth2']);
    expect(body.meta).to.deep.equal({
      resourceType: 'ServiceProviderConfig',
      location: `${app.url}/scim/v2/ServiceProviderConfig`,
    });
  });

  it('lists resource types and schemas, each readable at its location, and every schema named is there', async () => {
    const types = (await scim.get('/ResourceTypes')).body;
    expect(types.schemas).to.deep.equal([urn.list]);
    expect(types.totalResults).to.equal(4);
    const schemas = (await scim.get('/Schemas')).body;
    const ids = schemas.Resources.map(({ id }: { id: string }) => id);
    for (const type of types.Resources) {
      expect((await scim.get(`/ResourceTypes/${type.id}`)).body).to.deep.equal(type);
      expect(ids).to.include(type.schema);
      for (const { schema } of type.schemaExtensions) expect(ids).to.include(schema);
    }
    for (const schema of schemas.Resources) {
      const read = await scim.get(`/Schemas/${schema.id}`);
      expect(read.body).to.deep.equal(schema);
      expect(schema.meta).to.deep.equal({
        resourceType: 'Schema',
        location: `${app.url}/scim/v2/Schemas/${schema.id}`,
      });
    }
    expect(JSON.stringify(schemas)).to.not.contain('null');
  });

  it('answers 404 for unknown documents and 403 for a filter, and ignores paging and projection', async () => {
    for (const path of ['/Schemas/urn:nothing', '/ResourceTypes/Robot', '/ServiceProviderConfig/x']) {
      expect((await scim.get(path)).status, path).to.equal(404);
    }
    for (const path of ['/Schemas', '/ResourceTypes', '/ServiceProviderConfig']) {
      const res = await scim.get(`${path}?filter=id%20pr`);
      expect(res.status, path).to.equal(403);
      expect(res.body.status).to.equal('403');
      expect((await scim.get(`${path}?count=0&attributes=id&sortBy=id`)).body).to.deep.equal(
        (await scim.get(path)).body,
      );
    }
  });

  const texts: Record<string, unknown> = {
    boolean: true,
    dateTime: '2030-01-01T00:00:00Z',
    integer: 7,
    decimal: 1.5,
    binary: 'aGVsbG8=',
  };

  function sample({ name, type, subAttributes = [], multiValued }: Attribute, alone = false): unknown {
    const value =
      type === 'complex'
        ? Object.fromEntries(
            subAttributes
              .filter((sub) => sub.mutability !== 'readOnly')
              .map((sub) => [sub.name, sample(sub, true)]),
          )
        : (texts[type] ??
          (name === '$ref' || type === 'reference' ? 'https://example.test/x' : `${name} text`));
    return multiValued && !alone ? [value] : value;
  }

  const special: Record<string, unknown> = {
    loginType: 'sso',
    approved: true,
    serviceAssignments: [{ value: 'crm', roles: ['agent'] }],
  };

  const kinds = {
    User: { place: '/Users', core: urn.user, name: 'userName' },
    Group: { place: '/Groups', core: urn.group, name: 'displayName' },
  } as const;

  /** Walks one attribute through every verb. */
  async function walk(kind: keyof typeof kinds, schema: string, attribute: Attribute): Promise<void> {
    const { place, core, name } = kinds[kind];
    const label = `${schema}:${attribute.name}`;
    const isCore = schema === core;
    const value = special[attribute.name] ?? sample(attribute);
    const body = {
      schemas: [...new Set([core, schema])],
      [name]: `${unique(attribute.name)}@acme.test`,
      ...(isCore ? { [attribute.name]: value } : { [schema]: { [attribute.name]: value } }),
    };
    const read = (resource: Record<string, Record<string, unknown>>): unknown =>
      isCore ? resource[attribute.name] : resource[schema]?.[attribute.name];
    const created = await scim.post(place, body);
    expect(created.status, `${label} ${created.text}`).to.equal(201);
    expect(read(created.body), label).to.deep.equal(value);
    const path = `${place}/${String(created.body.id)}`;
    expect(read((await scim.get(path)).body), label).to.deep.equal(value);
    expect(read((await scim.get(`${path}?attributes=${label}`)).body), label).to.deep.equal(value);
    expect(read((await scim.get(`${path}?excludedAttributes=${label}`)).body), label).to.equal(undefined);
    const filter = `${label} pr and id eq "${String(created.body.id)}"`;
    expect(await scim.find(`${kind}s`, filter), label).to.include({ totalResults: 1 });
    expect(read((await scim.put(path, { ...body, externalId: 'x' })).body), label).to.deep.equal(value);
    const shown = `${path}?attributes=${label}`;
    const removed = await scim.patch(shown, [{ op: 'remove', path: label }]);
    expect(removed.status, `${label} ${removed.text}`).to.equal(200);
    // Taken away, `active` stays what it was.
    if (attribute.name !== 'active') expect(read(removed.body), label).to.equal(undefined);
    for (const op of ['add', 'replace']) {
      const changed = await scim.patch(shown, [{ op, path: label, value }]);
      expect(read(changed.body), `${op} ${label}`).to.deep.equal(value);
    }
    const hasValue = attribute.multiValued && attribute.subAttributes?.some((sub) => sub.name === 'value');
    if (attribute.type === 'complex' && hasValue !== true) return;
    expect((await scim.get(`${place}?sortBy=${label}&count=1`)).status, label).to.equal(200);
  }

  it('keeps what it says of every advertised attribute: POST, PUT, PATCH, filter and sort', async () => {
    const { id } = await scim.user();
    special['administrators'] = [{ value: id, $ref: `${app.url}/scim/v2/Users/${id}` }];
    const schemas = (await scim.get('/Schemas')).body.Resources as { id: string; attributes: Attribute[] }[];
    for (const kind of ['User', 'Group'] as const) {
      for (const schema of schemas.filter((one) => one.id.endsWith(`:${kind}`))) {
        for (const attribute of schema.attributes) {
          const isApart = attribute.name === kinds[kind].name || attribute.name === 'members';
          if (attribute.mutability === 'readWrite' && !isApart) await walk(kind, schema.id, attribute);
        }
      }
    }
  });

  it('refuses or ignores every write to a read-only attribute', async () => {
    const user = await scim.user();
    for (const path of [
      'id',
      'meta',
      'meta.version',
      'groups',
      'groups.value',
      'urn:gatehouse:params:scim:schemas:extension:2.0:User:status',
    ]) {
      const res = await scim.patch(`/Users/${user.id}`, [
        { op: 'replace', path, value: path.includes('.') || path === 'id' ? 'x' : [{}] },
      ]);
      expect(res.status, path).to.equal(400);
      expect(res.body.scimType, path).to.equal('mutability');
    }
    expect((await scim.get(`/Users/${user.id}`)).body).to.deep.equal(user);
  });
});
