import { expect } from 'chai';
import type { ProjectionParameters } from '../../../src/scim/protocol/projection.js';
import { isShown, parseProjection, project } from '../../../src/scim/protocol/projection.js';
import { createSchemaRegistry } from '../../../src/scim/protocol/schema-registry.js';
import { enterpriseUserUrn, gatehouseUserUrn, groupUrn, userUrn } from '../../../src/scim/protocol/urns.js';
import type { Json } from '../../support/scim-protocol.js';
import { ada, refusal } from '../../support/scim-protocol.js';

const { user, group } = createSchemaRegistry([
  {
    alias: 'acme',
    resource: 'User',
    schema: {
      id: 'urn:acme:User',
      name: 'Acme',
      attributes: [
        { name: 'shown', type: 'string' },
        { name: 'asked', returned: 'request' },
        { name: 'secret', returned: 'never' },
      ],
    },
  },
]);

const full = {
  ...ada,
  schemas: [userUrn, enterpriseUserUrn, 'urn:acme:User'],
  password: 'secret',
  [enterpriseUserUrn]: { department: 'R&D', manager: { value: 'm1', displayName: 'Boss' } },
  'urn:acme:User': { shown: 's', asked: 'a', secret: 'x' },
};

const show = (
  parameters: ProjectionParameters,
  resource: Record<string, unknown> = full,
): Record<string, Json> => project(resource, parseProjection(parameters, user));

describe('attributes and excludedAttributes (RFC 7644 section 3.9)', () => {
  it('returns the resource itself by default when nothing is concealed', () => {
    expect(show({}, ada)).to.equal(ada);
    expect(show({ attributes: '', excludedAttributes: null }, ada)).to.equal(ada);
  });

  it('never returns what is never returned, and on request only what asks for it', () => {
    const byDefault = show({});
    expect(byDefault).to.not.have.property('password');
    expect(byDefault['urn:acme:User']).to.deep.equal({ shown: 's' });
    expect(full['urn:acme:User']).to.have.property('secret');
    expect(show({ attributes: 'password,userName' })).to.not.have.property('password');
    expect(show({ attributes: 'urn:acme:User:asked,urn:acme:User:secret' })['urn:acme:User']).to.deep.equal({
      asked: 'a',
    });
    expect(show({ attributes: 'urn:acme:User' })['urn:acme:User']).to.deep.equal({ shown: 's', asked: 'a' });
    expect(show({ excludedAttributes: 'urn:acme:User:shown' })).to.not.have.property('urn:acme:User');
  });

  it('leaves out an extension of which nothing is shown, in schemas as well', () => {
    const expiring = {
      ...ada,
      schemas: [userUrn, gatehouseUserUrn],
      [gatehouseUserUrn]: { accessExpiresAt: '2030-01-01T00:00:00Z' },
    };
    expect(show({}, expiring)).to.deep.equal(ada);
    expect(show({ attributes: `${gatehouseUserUrn}:accessExpiresAt` }, expiring)).to.deep.equal({
      schemas: [userUrn, gatehouseUserUrn],
      id: 'u1',
      [gatehouseUserUrn]: { accessExpiresAt: '2030-01-01T00:00:00Z' },
    });
    expect(show({}, { [gatehouseUserUrn]: { status: 'active' } })).to.deep.equal({});
  });

  it('shows id, schemas and the named attributes only', () => {
    expect(show({ attributes: 'userName' })).to.deep.equal({
      schemas: [userUrn],
      id: 'u1',
      userName: ada.userName,
    });
    expect(show({ attributes: ['NAME.familyname', 'emails.value', 'unknown', 'active.x'] })).to.deep.equal({
      schemas: [userUrn],
      id: 'u1',
      name: { familyName: 'L' },
      emails: [{ value: 'ada@acme.test' }, { value: 'ada@home.test' }],
    });
    expect(show({ attributes: 'unknown' })).to.have.all.keys('schemas', 'id');
  });

  it('takes qualified names, whole extensions and parts of them', () => {
    expect(show({ attributes: `${userUrn}:userName` })).to.have.all.keys('schemas', 'id', 'userName');
    expect(show({ attributes: enterpriseUserUrn })[enterpriseUserUrn]).to.deep.equal(full[enterpriseUserUrn]);
    expect(show({ attributes: `${enterpriseUserUrn}:manager.value` })[enterpriseUserUrn]).to.deep.equal({
      manager: { value: 'm1' },
    });
    expect(
      show({ attributes: `${enterpriseUserUrn}:manager.value,${enterpriseUserUrn}` })[enterpriseUserUrn],
    ).to.deep.equal(full[enterpriseUserUrn]);
    expect(
      show({ attributes: `${enterpriseUserUrn},${enterpriseUserUrn}:manager.value` })[enterpriseUserUrn],
    ).to.deep.equal(full[enterpriseUserUrn]);
    expect(show({ attributes: `${enterpriseUserUrn}:division` })).to.have.all.keys('schemas', 'id');
  });

  it('names in schemas those of what is shown, no others (RFC 7643 section 3)', () => {
    expect(show({ attributes: `${enterpriseUserUrn}:department` })['schemas']).to.deep.equal([
      userUrn,
      enterpriseUserUrn,
    ]);
    expect(show({ excludedAttributes: enterpriseUserUrn })['schemas']).to.not.include(enterpriseUserUrn);
    expect(show({ excludedAttributes: `${enterpriseUserUrn}:manager` })['schemas']).to.include(
      enterpriseUserUrn,
    );
  });

  it('reads the names of its parameters without regard to case', () => {
    expect(show({ ATTRIBUTES: 'userName' })).to.have.all.keys('schemas', 'id', 'userName');
    expect(show({ excludedattributes: 'userName' })).to.not.have.property('userName');
  });

  it('joins a whole attribute and its part, in either order', () => {
    expect(show({ attributes: 'name,name.givenName' })['name']).to.deep.equal(ada.name);
    expect(show({ attributes: 'name.givenName,name' })['name']).to.deep.equal(ada.name);
    expect(show({ attributes: 'name.givenName,name.familyName' })['name']).to.deep.equal(ada.name);
  });

  it('leaves out elements and attributes without a named part', () => {
    expect(show({ attributes: 'emails.primary' })['emails']).to.deep.equal([{ primary: true }]);
    expect(show({ attributes: 'emails.display,name.middleName' })).to.have.all.keys('schemas', 'id');
    expect(show({ attributes: 'name.givenName' }, { id: 'x', name: 'odd' })).to.deep.equal({ id: 'x' });
  });

  it('excludes attributes, parts and extensions, but not what is always returned', () => {
    const result = show({ excludedAttributes: `id,schemas,emails.value,name,${enterpriseUserUrn}:manager` });
    expect(result).to.include({ id: 'u1', userName: ada.userName });
    expect(result).to.have.property('schemas');
    expect(result).to.not.have.any.keys('name', 'password');
    expect(result['emails']).to.deep.equal([{ type: 'work', primary: true }, { type: 'home' }]);
    expect(result[enterpriseUserUrn]).to.deep.equal({ department: 'R&D' });
    expect(show({ excludedAttributes: enterpriseUserUrn })).to.not.have.property(enterpriseUserUrn);
    expect(
      show({ excludedAttributes: `${enterpriseUserUrn}:manager.value` })[enterpriseUserUrn].manager,
    ).to.deep.equal({ displayName: 'Boss' });
    expect(show({ excludedAttributes: 'name.givenName,name.familyName' })).to.not.have.property('name');
    expect(show({ excludedAttributes: 'groups.value' })).to.not.have.property('groups');
    expect(show({ excludedAttributes: 'name.givenName' }, { name: 'odd' })).to.deep.equal({ name: 'odd' });
    expect(show({ excludedAttributes: `${gatehouseUserUrn}:approved` }, ada)).to.deep.equal(ada);
  });

  it('refuses both at once and values that are no names', () => {
    expect(refusal(() => show({ attributes: 'id', excludedAttributes: 'name' }))).to.equal(
      '400 invalidValue',
    );
    expect(refusal(() => show({ attributes: [1] }))).to.equal('400 invalidValue');
    expect(refusal(() => show({ excludedAttributes: { a: 1 } }))).to.equal('400 invalidValue');
    expect(refusal(() => show({ attributes: [] }))).to.equal('accepted');
  });

  it('tells beforehand whether members will be shown', () => {
    const shown = (parameters: ProjectionParameters, name = 'members'): boolean =>
      isShown(parseProjection(parameters, group), name);
    expect(shown({})).to.equal(true);
    expect(shown({ excludedAttributes: 'members' })).to.equal(false);
    expect(shown({ excludedAttributes: 'members.display' })).to.equal(true);
    expect(shown({ excludedAttributes: `${groupUrn}:members` })).to.equal(false);
    expect(shown({ attributes: 'displayName' })).to.equal(false);
    expect(shown({ attributes: 'members.value' })).to.equal(true);
    expect(shown({ excludedAttributes: 'id' }, 'id')).to.equal(true);
    expect(shown({}, 'unknown')).to.equal(false);
    expect(shown({ attributes: 'unknown' }, 'displayName')).to.equal(false);
    expect(isShown(parseProjection({ attributes: 'password' }, user), 'password')).to.equal(false);
  });
});
