import { expect } from 'chai';
import {
  toResourceTypes,
  toSchemaDocuments,
  toServiceProviderConfig,
} from '../../../src/scim/protocol/discovery.js';
import { parsePatchPath } from '../../../src/scim/protocol/path.js';
import { createSchemaRegistry, resourceAt } from '../../../src/scim/protocol/schema-registry.js';
import { enterpriseUserUrn, gatehouseUserUrn, groupUrn, userUrn } from '../../../src/scim/protocol/urns.js';
import type { Json } from '../../support/scim-protocol.js';
import { registry } from '../../support/scim-protocol.js';

const acme = {
  alias: 'acme',
  resource: 'User',
  schema: {
    id: 'urn:acme:params:scim:User',
    name: 'AcmeUser',
    attributes: [
      { name: 'badge' },
      { name: 'skills', multiValued: true, description: 'What they can do', canonicalValues: ['a', 'b'] },
      { name: 'desk', type: 'complex', subAttributes: [{ name: 'floor', type: 'integer' }] },
      { name: 'homepage', type: 'reference', referenceTypes: ['external'], caseExact: true },
    ],
  },
};

describe('custom extension schemas', () => {
  it('join the resource type, the discovery documents and the defaults of RFC 7643 section 2.2', () => {
    const custom = createSchemaRegistry([acme, { ...acme, alias: 'team', resource: 'Group' }]);
    expect(custom.user.extensions.map(({ alias }) => alias)).to.deep.equal([
      'enterprise',
      'gatehouse',
      'acme',
    ]);
    expect(custom.group.extensions.map(({ alias, required }) => [alias, required])).to.deep.equal([
      ['gatehouse', false],
      ['team', false],
    ]);
    expect(custom.schemas.get('urn:acme:params:scim:user')?.description).to.equal('AcmeUser');
    expect(custom.user.extensions[2]!.attributes.get('badge')).to.include({
      type: 'string',
      multiValued: false,
      required: false,
      caseExact: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'none',
    });
    expect(custom.user.extensions[2]!.attributes.get('desk')!.subs.get('floor')!.path).to.equal('desk.floor');
  });

  const faults: [string, unknown, RegExp][] = [
    ['no object', 'x', /alias.*\n.*resource.*\n.*id.*\n.*name.*\n.*attributes/s],
    ['an alias with a dot', { ...acme, alias: 'a.b' }, /alias/],
    ['a reserved alias', { ...acme, alias: 'gatehouse' }, /alias/],
    ['another resource', { ...acme, resource: 'Role' }, /resource/],
    ['the URN of somebody else', { ...acme, schema: { ...acme.schema, id: enterpriseUserUrn } }, /id/],
    ['no URN', { ...acme, schema: { ...acme.schema, id: 'http://x' } }, /id/],
    ['no attributes', { ...acme, schema: { ...acme.schema, attributes: [] } }, /attributes/],
    [
      'an attribute twice',
      { ...acme, schema: { ...acme.schema, attributes: [{ name: 'a' }, { name: 'A' }] } },
      /"a" is given twice/,
    ],
    [
      'a bad name',
      { ...acme, schema: { ...acme.schema, attributes: [{ name: '__proto__' }] } },
      /attributes\[0\]\.name/,
    ],
    ['no name', { ...acme, schema: { ...acme.schema, attributes: [null] } }, /attributes\[0\]\.name/],
    [
      'an unknown type',
      { ...acme, schema: { ...acme.schema, attributes: [{ name: 'a', type: 'blob' }] } },
      /type/,
    ],
    [
      'a required attribute',
      { ...acme, schema: { ...acme.schema, attributes: [{ name: 'a', required: true }] } },
      /required/,
    ],
    [
      'a flag as text',
      { ...acme, schema: { ...acme.schema, attributes: [{ name: 'a', multiValued: 'yes' }] } },
      /multiValued/,
    ],
    [
      'an unknown mutability',
      { ...acme, schema: { ...acme.schema, attributes: [{ name: 'a', mutability: 'x' }] } },
      /mutability/,
    ],
    [
      'complex in complex',
      {
        ...acme,
        schema: {
          ...acme.schema,
          attributes: [
            {
              name: 'a',
              type: 'complex',
              subAttributes: [{ name: 'b', type: 'complex', subAttributes: [{ name: 'c' }] }],
            },
          ],
        },
      },
      /nest/,
    ],
  ];
  for (const [title, entry, expected] of faults) {
    it(`are refused at start: ${title}`, () =>
      expect(() => createSchemaRegistry([entry])).to.throw(expected));
  }

  it('keep a description that is given', () => {
    const described = { ...acme, schema: { ...acme.schema, description: 'Of Acme' } };
    expect(createSchemaRegistry([described]).schemas.get('urn:acme:params:scim:user')?.description).to.equal(
      'Of Acme',
    );
  });

  for (const id of [
    'urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User',
    'urn:ietf:params:scim:schemas:extension:acme:2.0:User',
    'urn:ietf:params:scim:schemas:extension:sap:2.0:User',
    'urn:ietf:params:scim:schemas:extension:enterprise2:2.0:User',
    'urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User',
    'urn:acme:user',
  ]) {
    it(`may be named ${id}, as providers name custom attributes`, () => {
      const { user } = createSchemaRegistry([{ ...acme, schema: { ...acme.schema, id } }]);
      expect(parsePatchPath(`${id}:badge`, user).attribute?.name).to.equal('badge');
    });
  }

  for (const id of [
    'urn:ietf:params:scim:schemas:core:2.0:User',
    'urn:ietf:params:scim:schemas:core:2.0:Device',
    'urn:IETF:params:scim:schemas:extension:enterprise:2.0:User',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:Group',
    'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    'urn:ietf:rfc:7643',
    'urn:gatehouse:params:scim:schemas:extension:2.0:User',
    'urn:gatehouse:x',
  ]) {
    it(`may not be named ${id}, which is taken`, () => {
      expect(() => createSchemaRegistry([{ ...acme, schema: { ...acme.schema, id } }])).to.throw(
        /id: must be/,
      );
    });
  }

  it('are refused when the URN of one begins like an attribute of another, or an alias is a core attribute', () => {
    const longer = { ...acme, alias: 'other', schema: { ...acme.schema, id: `${acme.schema.id}:badge` } };
    expect(() => createSchemaRegistry([acme, longer])).to.throw(/begins with another URN/);
    expect(() => createSchemaRegistry([{ ...acme, alias: 'title' }])).to.throw(/alias/);
  });

  it('are refused when an alias or URN is taken', () => {
    expect(() => createSchemaRegistry([acme, acme])).to.throw(/"acme" is given twice\n.*"user urn:acme/i);
  });
});

describe('resource types by path', () => {
  it('finds the type whatever the case and the rest of the path', () => {
    expect(resourceAt(registry, '/Users/123')?.name).to.equal('User');
    expect(resourceAt(registry, 'groups?count=1')?.name).to.equal('Group');
    expect(resourceAt(registry, '/Users/.search')?.name).to.equal('User');
    expect(resourceAt(registry, '/Bulk')).to.equal(undefined);
    expect(resourceAt(registry, '')).to.equal(undefined);
  });
});

describe('discovery documents (RFC 7643 sections 5 to 7)', () => {
  const baseUrl = 'https://example.test/scim/v2';

  it('advertise the limits that are enforced', () => {
    const limits = {
      baseUrl,
      maxOperations: 10,
      maxPayloadSize: 1000,
      maxResults: 50,
      defaultPageSize: 20,
      cursorTimeoutSeconds: 60,
      canChangePassword: false,
    };
    const config: Json = toServiceProviderConfig(limits);
    expect(config.bulk).to.deep.equal({ supported: true, maxOperations: 10, maxPayloadSize: 1000 });
    expect(config.filter).to.deep.equal({ supported: true, maxResults: 50 });
    expect(config.pagination).to.include({
      defaultPaginationMethod: 'index',
      maxPageSize: 50,
      cursorTimeout: 60,
    });
    expect(config.changePassword).to.deep.equal({ supported: false });
    expect(config.meta.location).to.equal(`${baseUrl}/ServiceProviderConfig`);
    expect(config).to.not.have.property('documentationUri');
    expect(toServiceProviderConfig({ ...limits, documentationUri: 'https://d' })).to.include({
      documentationUri: 'https://d',
    });
  });

  it('list a schema for every URN a resource type names, and those of the documents themselves', () => {
    const types = toResourceTypes(registry, baseUrl) as Json[];
    const ids = toSchemaDocuments(registry, baseUrl).map(({ id }) => id);
    expect(types.map(({ id, endpoint }) => [id, endpoint])).to.deep.equal([
      ['User', '/Users'],
      ['Group', '/Groups'],
      ['Role', '/Roles'],
      ['Entitlement', '/Entitlements'],
    ]);
    for (const type of types) {
      expect(ids).to.include(type.schema);
      for (const { schema } of type.schemaExtensions) expect(ids).to.include(schema);
    }
    expect(ids).to.include.members([userUrn, groupUrn, enterpriseUserUrn, gatehouseUserUrn]);
    expect(
      ids.filter((id) => /:(Schema|ResourceType|ServiceProviderConfig)$/.test(String(id))),
    ).to.have.length(3);
  });

  it('hold no null and every characteristic of an attribute', () => {
    const documents = toSchemaDocuments(registry, baseUrl) as Json[];
    expect(JSON.stringify(documents)).to.not.include('null');
    const userName = documents[0].attributes.find(({ name }: Json) => name === 'userName');
    expect(userName).to.include({
      type: 'string',
      required: true,
      caseExact: false,
      uniqueness: 'server',
      returned: 'default',
    });
    expect(documents[0].meta).to.deep.equal({
      resourceType: 'Schema',
      location: `${baseUrl}/Schemas/${userUrn}`,
    });
  });
});
