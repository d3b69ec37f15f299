import { expect } from 'chai';
import { changesBetween } from '../../../src/identity/changes.js';
import {
  applicationAccess,
  effectiveRoles,
  userPermissions,
} from '../../../src/identity/grants/effective-roles.js';
import { replaceGrants, replaceRuleGrants, withoutRuleGrants } from '../../../src/identity/grants/grants.js';
import { buildTenantConfig } from '../../../src/identity/tenants/config.js';
import type { RoleDocument, TenantDocument } from '../../../src/persistence/collections/tenants.js';
import type { Grant } from '../../../src/persistence/collections/users.js';

const now = new Date('2026-01-05T09:00:00Z');
const later = new Date('2026-01-06T09:00:00Z');
const stamps = { version: 1, createdAt: now, updatedAt: now, tenantId: 't' };
const tenant: TenantDocument = { ...stamps, _id: 't', slug: 't', name: 'T', preset: 'default', settings: {} };
const role = (fullKey: string, permissions: string[]): RoleDocument => {
  const [application, key] = fullKey.includes(':') ? fullKey.split(':') : [null, fullKey];
  return {
    ...stamps,
    _id: fullKey,
    fullKey,
    key: key,
    applicationKey: application!,
    name: fullKey,
    description: '',
    permissions,
  };
};
const config = buildTenantConfig({
  tenant,
  roles: [
    role('crm:agent', ['calls.read', 'users.read']),
    role('erp:agent', ['orders.read']),
    role('clerk', ['users.read', 'crm:calls.listen', 'erp:orders.pay']),
    role('administrator', ['users.read']),
  ],
});
const grant = (key: string, more: Partial<Grant> = {}): Grant => ({
  role: key,
  type: 'manual',
  detail: '',
  sourceId: null,
  since: now,
  until: null,
  ...more,
});
const user = (...grants: Grant[]) => ({
  attributes: {},
  grants,
  enabled: true,
  approved: true,
  activatedAt: now,
  accessExpiresAt: null,
});

describe('effective roles', () => {
  it('are those granted now, that exist, each once', () => {
    const ada = user(
      grant('crm:agent'),
      grant('crm:agent', { type: 'rule', sourceId: 'd' }),
      grant('erp:agent', { until: now }),
      grant('clerk', { until: later }),
      grant('gone'),
    );
    expect(effectiveRoles(ada, config, now)).to.deep.equal(['clerk', 'crm:agent']);
    expect(effectiveRoles({ ...ada, enabled: false }, config, now)).to.deep.equal([]);
  });

  it('give an application its own roles, and of tenant roles what is meant for it', () => {
    const ada = user(grant('crm:agent'), grant('erp:agent'), grant('clerk'));
    expect(applicationAccess(ada, 'crm', config, now)).to.deep.equal({
      roles: ['agent'],
      permissions: ['calls.listen', 'calls.read', 'users.read'],
    });
    expect(applicationAccess(ada, 'erp', config, now).permissions).to.deep.equal([
      'orders.pay',
      'orders.read',
    ]);
  });

  it('leave the permissions of the application’s Reader to whoever is assigned without a role (M1-27)', () => {
    const withReader = buildTenantConfig({
      tenant,
      roles: [role('crm:READER', ['content.read']), role('crm:agent', ['calls.read'])],
    });
    const gatehouse = { serviceAssignments: [{ value: 'crm' }] };
    const ada = { ...user(), attributes: { gatehouse } };
    const reads = { roles: [], permissions: ['content.read'] };
    const nothing = { roles: [], permissions: [] };
    expect(applicationAccess(ada, 'crm', withReader, now)).to.deep.equal(reads);
    expect(applicationAccess(ada, 'erp', withReader, now)).to.deep.equal(nothing);
    expect(applicationAccess(user(), 'crm', withReader, now)).to.deep.equal(nothing);
    expect(applicationAccess({ ...ada, enabled: false }, 'crm', withReader, now)).to.deep.equal(nothing);
    expect(applicationAccess(user(grant('crm:agent')), 'crm', withReader, now).permissions).to.deep.equal([
      'calls.read',
    ]);
  });

  it('open nothing in Gatehouse by an application’s permission of the same name (M1-18)', () => {
    expect([...userPermissions(user(grant('crm:agent')), config, now)]).to.deep.equal([]);
    expect([...userPermissions(user(grant('clerk')), config, now)]).to.deep.equal(['users.read']);
  });

  it('never let a stored role redefine a built-in one', () => {
    expect(config.roles.get('administrator')?.builtIn).to.equal(true);
  });
});

describe('grants', () => {
  const mapped = (key: string, because = 'x') => ({ role: key, rule: 'r', because });

  it('of a sync replace only its own directory’s', () => {
    const stored = [
      grant('a'),
      grant('a', { type: 'rule', sourceId: 'd1' }),
      grant('b', { type: 'rule', sourceId: 'd2' }),
    ];
    const next = replaceRuleGrants(stored, 'd1', [mapped('c')], later);
    expect(next.map(({ role: key, type, sourceId }) => [key, type, sourceId])).to.deep.equal([
      ['a', 'manual', null],
      ['b', 'rule', 'd2'],
      ['c', 'rule', 'd1'],
    ]);
    expect(withoutRuleGrants(stored, 'd2').map(({ role: key }) => key)).to.deep.equal(['a', 'a']);
  });

  it('keep since when a role is held, though the reason changes', () => {
    const first = replaceRuleGrants([], 'd', [mapped('a', 'old')], now);
    const next = replaceRuleGrants(first, 'd', [mapped('a', 'new'), mapped('a', 'new'), mapped('b')], later);
    expect(next.map(({ role: key, detail, since }) => [key, detail, since])).to.deep.equal([
      ['a', 'new', now],
      ['b', 'x', later],
    ]);
  });

  it('come in one order whatever the order of the reasons', () => {
    const wanted = [
      { role: 'b', detail: '2', until: null },
      { role: 'a', detail: '1', until: null },
    ];
    const source = { type: 'manual', sourceId: null } as const;
    expect(replaceGrants([], source, wanted, now)).to.deep.equal(
      replaceGrants([], source, wanted.toReversed(), now),
    );
  });
});

describe('changesBetween', () => {
  it('names each leaf that differs, lists as a whole, absent as null', () => {
    const before = { name: { givenName: 'Ada', familyName: 'L' }, emails: [1], at: now, same: { x: [1] } };
    const after = {
      name: { givenName: 'Eve', familyName: 'L' },
      emails: [1, 2],
      at: later,
      same: { x: [1] },
      title: 'Dr',
    };
    expect(changesBetween(before, after)).to.deep.equal([
      { path: 'name.givenName', before: 'Ada', after: 'Eve' },
      { path: 'emails', before: [1], after: [1, 2] },
      { path: 'at', before: now, after: later },
      { path: 'title', before: null, after: 'Dr' },
    ]);
    expect(changesBetween({ a: null }, {})).to.deep.equal([]);
  });
});
