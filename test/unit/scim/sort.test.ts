import { expect } from 'chai';
import { findAttributePath } from '../../../src/scim/protocol/attribute-path.js';
import { compileSort, compileSortKey } from '../../../src/scim/protocol/list/sort.js';
import { enterpriseUserUrn } from '../../../src/scim/protocol/urns.js';
import { registry } from '../../support/scim-protocol.js';

const path = (name: string) => findAttributePath(name, registry.user)!;

function order(
  name: string,
  direction: 'ascending' | 'descending',
  resources: Record<string, unknown>[],
): string {
  return [...resources]
    .sort(compileSort(path(name), direction))
    .map(({ id }) => String(id))
    .join('');
}

describe('sorting (RFC 7644 section 3.4.2.3)', () => {
  it('folds case unless the attribute is case-exact', () => {
    const names = [
      { id: 'a', userName: 'b' },
      { id: 'b', userName: 'A' },
      { id: 'c', userName: 'C' },
    ];
    expect(order('userName', 'ascending', names)).to.equal('bac');
    expect(order('userName', 'descending', names)).to.equal('cab');
    const exact = [
      { id: 'a', externalId: 'b' },
      { id: 'b', externalId: 'A' },
      { id: 'c', externalId: 'C' },
    ];
    expect(order('externalId', 'ascending', exact)).to.equal('bca');
  });

  it('puts missing values last ascending and first descending, equal ones by id', () => {
    const users = [{ id: 'c' }, { id: 'b', title: 'x' }, { id: 'a', title: 'X' }, { id: 'd' }];
    expect(order('title', 'ascending', users)).to.equal('abcd');
    expect(order('title', 'descending', users)).to.equal('cdab');
  });

  it('takes the primary value of several, else the first', () => {
    const key = compileSortKey(path('emails.value'));
    expect(key({ emails: [{ value: 'z' }, { value: 'B', primary: true }] })).to.equal('b');
    expect(key({ emails: [{ value: 'z' }, { value: 'a' }] })).to.equal('z');
    expect(key({ emails: [] })).to.equal(undefined);
    expect(key({ emails: ['odd'] })).to.equal(undefined);
  });

  it('compares instants, booleans and numbers by their values', () => {
    const created = compileSortKey(path('meta.created'));
    expect(created({ meta: { created: '2026-01-05T10:00:00+01:00' } })).to.equal(
      Date.parse('2026-01-05T09:00:00Z'),
    );
    expect(compileSortKey(path('active'))({ active: true })).to.equal(1);
    expect(compileSortKey(path('active'))({ active: 5 })).to.equal(5);
    expect(
      compileSortKey(path(`${enterpriseUserUrn}:department`))({ [enterpriseUserUrn]: { department: 'R' } }),
    ).to.equal('r');
    expect(compileSortKey(path(`${enterpriseUserUrn}:department`))({})).to.equal(undefined);
  });
});
