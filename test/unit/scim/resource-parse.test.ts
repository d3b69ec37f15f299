import { expect } from 'chai';
import { parseResource } from '../../../src/scim/protocol/resource-parse.js';
import { createSchemaRegistry } from '../../../src/scim/protocol/schema-registry.js';
import { enterpriseUserUrn, gatehouseUserUrn, userUrn } from '../../../src/scim/protocol/urns.js';
import type { Json } from '../../support/scim-protocol.js';
import { ada, refusal } from '../../support/scim-protocol.js';

const { user, group } = createSchemaRegistry();
const { user: custom } = createSchemaRegistry([
  {
    alias: 'acme',
    resource: 'User',
    schema: {
      id: 'urn:acme:User',
      name: 'Acme',
      attributes: [
        { name: 'badge', mutability: 'immutable' },
        { name: 'level', type: 'integer' },
        { name: 'rate', type: 'decimal' },
        { name: 'since', type: 'dateTime' },
      ],
    },
  },
]);

const create = (body: unknown, schema = user): Record<string, Json> =>
  parseResource(body, schema, { mode: 'create' });
const replace = (body: Json, existing: Record<string, unknown> = ada, schema = user): Record<string, Json> =>
  parseResource({ schemas: [userUrn], ...body }, schema, { mode: 'replace', existing });
const refused = (body: unknown, schema = user): string => refusal(() => create(body, schema));

describe('the body of POST (RFC 7644 section 3.3)', () => {
  it('takes names in any case and gives them back in canonical form', () => {
    const result = create({
      SCHEMAS: [userUrn.toUpperCase(), enterpriseUserUrn],
      USERNAME: 'a@b.test',
      Name: { GIVENNAME: 'A' },
      EMAILS: [{ Value: 'a@b.test', TYPE: 'work' }],
      [enterpriseUserUrn.toLowerCase()]: { Department: 'R&D' },
    });
    expect(result).to.deep.equal({
      schemas: [userUrn, enterpriseUserUrn],
      userName: 'a@b.test',
      name: { givenName: 'A' },
      emails: [{ value: 'a@b.test', type: 'work' }],
      [enterpriseUserUrn]: { department: 'R&D' },
    });
  });

  it('treats null, [], {} and absence alike (RFC 7643 section 2.5)', () => {
    const result = create({
      schemas: [userUrn, enterpriseUserUrn],
      userName: 'a',
      addresses: null,
      emails: [],
      title: null,
      name: { givenName: null },
      phoneNumbers: [null, {}, { value: null }],
      [enterpriseUserUrn]: null,
    });
    expect(result).to.deep.equal({ schemas: [userUrn], userName: 'a' });
  });

  it('drops read-only and unknown attributes, and keeps the password', () => {
    const result = create({
      schemas: [userUrn, gatehouseUserUrn],
      userName: 'a',
      id: 'mine',
      meta: { resourceType: 'X' },
      groups: [{ value: 'g' }],
      password: 's3cret',
      unknown: { deep: 1 },
      __proto__: { polluted: true },
      constructor: 'x',
      name: { unknown: 1, familyName: 'B' },
      [gatehouseUserUrn]: { status: 'active', approved: true },
      'urn:unknown:x': { a: 1 },
    });
    expect(result).to.deep.equal({
      schemas: [userUrn, gatehouseUserUrn],
      userName: 'a',
      password: 's3cret',
      name: { familyName: 'B' },
      [gatehouseUserUrn]: { approved: true },
    });
  });

  it('keeps externalId and phone numbers exactly as sent', () => {
    const result = create({
      schemas: [userUrn],
      userName: 'a',
      externalId: ' Ext/É ',
      phoneNumbers: [{ value: '+1 (2) 3' }],
    });
    expect(result).to.include({ externalId: ' Ext/É ' });
    expect(result['phoneNumbers'][0].value).to.equal('+1 (2) 3');
  });

  const cases: [string, unknown, string][] = [
    ['no object', [], '400 invalidSyntax'],
    ['null', null, '400 invalidSyntax'],
    ['no schemas', { userName: 'a' }, '400 invalidSyntax'],
    ['empty schemas', { schemas: [], userName: 'a' }, '400 invalidSyntax'],
    ['schemas of numbers', { schemas: [1], userName: 'a' }, '400 invalidSyntax'],
    ['schemas without the core one', { schemas: [enterpriseUserUrn], userName: 'a' }, '400 invalidSyntax'],
    ['a URN twice', { schemas: [userUrn, userUrn.toUpperCase()], userName: 'a' }, '400 invalidSyntax'],
    ['an unknown URN', { schemas: [userUrn, 'urn:x:y'], userName: 'a' }, '400 invalidSyntax'],
    [
      'an undeclared extension',
      { schemas: [userUrn], userName: 'a', [enterpriseUserUrn]: { department: 'x' } },
      '400 invalidSyntax',
    ],
    [
      'an extension that is text',
      { schemas: [userUrn, enterpriseUserUrn], userName: 'a', [enterpriseUserUrn]: 'x' },
      '400 invalidValue',
    ],
    ['a name twice', { schemas: [userUrn], userName: 'a', USERNAME: 'b' }, '400 invalidSyntax'],
    [
      'a sub-attribute twice',
      { schemas: [userUrn], userName: 'a', name: { givenName: 'a', GIVENNAME: 'b' } },
      '400 invalidSyntax',
    ],
    ['no userName', { schemas: [userUrn] }, '400 invalidValue'],
    ['a userName that is null', { schemas: [userUrn], userName: null }, '400 invalidValue'],
    ['an empty userName', { schemas: [userUrn], userName: '' }, '400 invalidValue'],
    ['a userName of blanks', { schemas: [userUrn], userName: ' \u00a0\t' }, '400 invalidValue'],
    ['a userName that is an operator', { schemas: [userUrn], userName: { $ne: null } }, '400 invalidValue'],
    ['active as text', { schemas: [userUrn], userName: 'a', active: 'true' }, '400 invalidValue'],
    [
      'emails as an object',
      { schemas: [userUrn], userName: 'a', emails: { value: 'x' } },
      '400 invalidValue',
    ],
    ['emails of text', { schemas: [userUrn], userName: 'a', emails: ['x'] }, '400 invalidValue'],
    [
      'two primary emails',
      {
        schemas: [userUrn],
        userName: 'a',
        emails: [
          { value: 'x', primary: true },
          { value: 'y', primary: true },
        ],
      },
      '400 invalidValue',
    ],
    ['a lone surrogate', { schemas: [userUrn], userName: 'a\udc00' }, '400 invalidValue'],
  ];
  for (const [title, body, expected] of cases) {
    it(`answers ${expected} to ${title}`, () => expect(refused(body)).to.equal(expected));
  }

  it('checks numbers and instants of custom schemas', () => {
    const body = (data: object): object => ({
      schemas: [userUrn, 'urn:acme:User'],
      userName: 'a',
      'urn:acme:User': data,
    });
    expect(create(body({ level: 3, rate: 1.5 }), custom)['urn:acme:User']).to.deep.equal({
      level: 3,
      rate: 1.5,
    });
    expect(refused(body({ level: 1.5 }), custom)).to.equal('400 invalidValue');
    expect(refused(body({ level: '1' }), custom)).to.equal('400 invalidValue');
    expect(refused(body({ rate: 'x' }), custom)).to.equal('400 invalidValue');
    for (const since of ['2026-01-05T09:00:00Z', '2026-01-05T09:00:00.123+05:30', '2026-01-05T09:00:00']) {
      expect(create(body({ since }), custom)['urn:acme:User']).to.deep.equal({ since });
    }
    for (const since of ['tomorrow', '2026-01-05', '2026-13-05T09:00:00Z', '2026-01-05T25:00:00Z', 5, '']) {
      expect(refused(body({ since }), custom), String(since)).to.equal('400 invalidValue');
    }
  });

  it('requires the displayName of a group', () => {
    expect(refused({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'] }, group)).to.equal(
      '400 invalidValue',
    );
  });
});

describe('the body of PUT (RFC 7644 section 3.5.1)', () => {
  it('clears what is omitted, keeps read-only attributes and an omitted active', () => {
    const existing = { ...ada, active: false, title: 'Dr', [enterpriseUserUrn]: { department: 'x' } };
    const result = replace({ userName: 'new@acme.test', id: 'other', groups: [], meta: {} }, existing);
    expect(result).to.deep.equal({
      schemas: [userUrn],
      id: 'u1',
      userName: 'new@acme.test',
      active: false,
      groups: [{ value: 'g1' }],
      meta: ada.meta,
    });
  });

  it('keeps an extension that is the server’s own when it is omitted, and its read-only part always', () => {
    const own = { status: 'active', approved: true };
    const existing = { ...ada, [gatehouseUserUrn]: own };
    expect(replace({ userName: 'a' }, existing)[gatehouseUserUrn]).to.deep.equal(own);
    const given = replace(
      {
        schemas: [userUrn, gatehouseUserUrn],
        userName: 'a',
        [gatehouseUserUrn]: { userProfileAccess: true },
      },
      existing,
    );
    expect(given[gatehouseUserUrn]).to.deep.equal({ userProfileAccess: true, status: 'active' });
  });

  it('returns the existing resource when its content stays the same', () => {
    const { id: _id, groups: _groups, meta: _meta, ...body } = ada;
    expect(replace(body)).to.equal(ada);
    expect(replace({ ...body, password: 'x' })).to.not.equal(ada);
  });

  it('refuses another value for an immutable attribute, and keeps it when omitted', () => {
    const existing = { ...ada, 'urn:acme:User': { badge: 'b1', level: 1 } };
    const put = (data: object): Record<string, Json> =>
      replace(
        { schemas: [userUrn, 'urn:acme:User'], userName: 'a', 'urn:acme:User': data },
        existing,
        custom,
      );
    expect(refusal(() => put({ badge: 'b2' }))).to.equal('400 mutability');
    expect(put({ badge: 'b1' })['urn:acme:User']).to.deep.equal({ badge: 'b1' });
    expect(put({ level: 2 })['urn:acme:User']).to.deep.equal({ level: 2, badge: 'b1' });
    expect(replace({ userName: 'a' }, ada, custom)).to.not.have.property('urn:acme:User');
  });
});
