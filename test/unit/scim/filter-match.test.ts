import { expect } from 'chai';
import { compileFilter } from '../../../src/scim/protocol/filter/match.js';
import { parseFilter } from '../../../src/scim/protocol/filter/parse.js';
import { createSchemaRegistry } from '../../../src/scim/protocol/schema-registry.js';
import { enterpriseUserUrn, gatehouseUserUrn, userUrn } from '../../../src/scim/protocol/urns.js';

const { user: schema } = createSchemaRegistry([
  {
    alias: 'acme',
    resource: 'User',
    schema: {
      id: 'urn:acme:User',
      name: 'Acme',
      attributes: [
        { name: 'level', type: 'integer' },
        { name: 'badge', type: 'binary', caseExact: true },
      ],
    },
  },
]);

const ada = {
  schemas: [userUrn, enterpriseUserUrn],
  id: 'Id-1',
  externalId: 'Ext-1',
  userName: 'Ada@Acme.test',
  name: { familyName: 'Łovelace', givenName: 'Ada' },
  active: true,
  title: '',
  emails: [
    { type: 'work', value: 'ada@acme.test', primary: true },
    { type: 'home', value: 'ada@home.test' },
  ],
  addresses: [{ locality: 'London' }],
  groups: [{ value: 'g1', display: 'Engineering' }],
  meta: { created: '2026-01-05T10:00:00+01:00', resourceType: 'User' },
  [enterpriseUserUrn]: { manager: { value: 'm1' }, department: 'R&D' },
  [gatehouseUserUrn]: { limitedProducts: ['crm', 'Desk'] },
  'urn:acme:User': { level: 3, badge: 'QUJD' },
};

const matches = (filter: string, resource: object = ada): boolean =>
  compileFilter(parseFilter(filter, schema))(resource);

const ent = enterpriseUserUrn;
const gate = gatehouseUserUrn;

describe('filter semantics (RFC 7644 section 3.4.2.2)', () => {
  const cases: [string, boolean][] = [
    ['userName eq "ada@acme.TEST"', true],
    ['userName ne "ada@acme.TEST"', false],
    ['userName co "ACME"', true],
    ['userName sw "ada@"', true],
    ['userName ew ".test"', true],
    ['userName ew ".tes"', false],
    ['userName sw ""', true],
    ['externalId eq "Ext-1"', true],
    ['externalId eq "ext-1"', false],
    ['externalId co "xt"', true],
    ['id eq "id-1"', false],
    ['id eq "Id-1"', true],
    ['name.familyName eq "łOVELACE"', true],
    ['userName gt "ada"', true],
    ['userName ge "ADA@acme.test"', true],
    ['userName lt "b"', true],
    ['userName le "a"', false],
    ['active eq true', true],
    ['active ne false', true],
    ['active eq false', false],
    ['meta.created eq "2026-01-05T09:00:00Z"', true],
    ['meta.created ne "2026-01-05T09:00:00.000Z"', false],
    ['meta.created gt "2026-01-05T08:59:59Z"', true],
    ['meta.created lt "2026-01-05T09:00:00"', false],
    ['meta.created sw "2026-01-05"', true],
    ['meta.resourceType eq "User"', true],
    ['meta.lastModified gt "2026-01-05T09:00:00Z"', false],
    ['title pr', false],
    ['name pr', true],
    ['name.middleName pr', false],
    ['phoneNumbers pr', false],
    ['emails pr', true],
    ['emails.primary pr', true],
    ['nickName eq null', true],
    ['nickName ne null', false],
    ['nickName ne "x"', true],
    ['nickName eq "x"', false],
    ['nickName gt ""', false],
    ['not (nickName eq "x")', true],
    ['emails co "home"', true],
    ['emails eq "ada@home.test"', true],
    ['emails.type eq "work" and emails.value co "home"', true],
    ['emails[type eq "work" and value co "home"]', false],
    ['emails[type eq "home" and value co "home"]', true],
    ['emails[type eq "work"].value eq "ada@home.test"', false],
    ['emails[type eq "work"].value eq "ADA@acme.test"', true],
    ['emails[primary eq true]', true],
    ['emails[not (primary pr)]', true],
    ['emails ne "ada@home.test"', true],
    ['not (emails eq "ada@home.test")', false],
    ['phoneNumbers ne "1"', true],
    ['phoneNumbers[type eq "work"]', false],
    ['emails.display ne "x"', true],
    ['addresses.locality eq "london"', true],
    ['addresses pr', true],
    ['groups.value eq "g1"', true],
    ['groups[value eq "g1" and display sw "Eng"]', true],
    [`schemas eq "${ent}"`, true],
    [`schemas eq "${gate}"`, false],
    [`${ent}:manager.value eq "m1"`, true],
    [`${ent}:manager[value eq "m1"]`, true],
    [`${ent}:manager[value eq "m2"]`, false],
    [`${ent}:department eq "r&d"`, true],
    [`${gate}:limitedProducts eq "CRM"`, true],
    [`${gate}:limitedProducts[value eq "desk"]`, true],
    [`${gate}:limitedProducts[value eq "x"]`, false],
    [`${gate}:approved eq true`, false],
    ['urn:acme:User:level eq 3', true],
    ['urn:acme:User:level gt 2.5', true],
    ['urn:acme:User:level le 2', false],
    ['urn:acme:User:badge eq "QUJD"', true],
    ['urn:acme:User:badge eq "qujd"', false],
    ['title pr or (userName sw "a" and active eq true)', true],
  ];
  for (const [filter, expected] of cases) {
    it(`${filter} is ${expected}`, () => expect(matches(filter)).to.equal(expected));
  }

  it('is false for attributes the resource type does not have in a search over several', () => {
    const test = compileFilter(parseFilter('members.value eq "x"', schema, { unknown: 'never' }));
    expect(test(ada)).to.equal(false);
  });

  it('holds nothing but ne against values of another type than the schema says', () => {
    const odd = { userName: 5, active: 'yes', meta: { created: 'x' }, emails: 'no list', name: 'no object' };
    for (const [filter, expected] of [
      ['userName eq "5"', false],
      ['userName co "5"', false],
      ['userName sw "5"', false],
      ['userName ew "5"', false],
      ['userName ne "5"', true],
      ['active eq true', false],
      ['meta.created gt "2026-01-05T09:00:00Z"', false],
      ['emails.value eq "x"', false],
      ['emails[value eq "x"]', false],
      ['name.familyName eq "x"', false],
      ['groups[type eq "x"]', false],
      [`${ent}:department eq "x"`, false],
    ] as const) {
      expect(matches(filter, odd), filter).to.equal(expected);
    }
    expect(matches('userName eq "x"', ['no', 'object'])).to.equal(false);
    expect(matches('emails ne "x"', { emails: [] })).to.equal(true);
  });
});
