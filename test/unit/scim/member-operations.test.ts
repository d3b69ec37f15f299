import { expect } from 'chai';
import type { MemberSplit } from '../../../src/scim/protocol/patch/member-operations.js';
import { splitMemberOperations } from '../../../src/scim/protocol/patch/member-operations.js';
import { groupUrn } from '../../../src/scim/protocol/urns.js';
import type { RawOp } from '../../support/scim-protocol.js';
import { operationsOf, refusal, registry } from '../../support/scim-protocol.js';

const split = (...operations: RawOp[]): MemberSplit =>
  splitMemberOperations(operationsOf(operations), registry.group);

const members = (...ids: string[]): object[] => ids.map((value) => ({ value }));

describe('membership of a PATCH, taken apart without loading members', () => {
  it('leaves other operations alone', () => {
    const operations = operationsOf([
      { op: 'replace', value: { displayName: 'N' } },
      { op: 'remove', path: 'externalId' },
    ]);
    expect(splitMemberOperations(operations, registry.group)).to.deep.equal({
      operations,
      members: undefined,
      needsMembers: false,
    });
  });

  it('sums adding and removing in order', () => {
    const { members: change, operations } = split(
      { op: 'add', path: 'members', value: members('a', 'b') },
      { op: 'remove', path: 'members[value eq "a"]' },
      { op: 'remove', path: `${groupUrn}:MEMBERS[Value EQ "c"]` },
      { op: 'add', path: 'members', value: { value: 'c', display: 'C' } },
      { op: 'replace', path: 'displayName', value: 'N' },
    );
    expect(change).to.deep.equal({ replaceWith: undefined, add: ['b', 'c'], remove: ['a'] });
    expect(operations).to.have.length(1);
  });

  it('replaces the whole and goes on from there', () => {
    const { members: change } = split(
      { op: 'add', path: 'members', value: members('x') },
      { op: 'replace', path: 'members', value: members('a', 'b') },
      { op: 'add', path: 'members', value: members('c') },
      { op: 'remove', path: 'members[value eq "b"]' },
    );
    expect(change).to.deep.equal({ replaceWith: ['a', 'c'], add: [], remove: [] });
  });

  it('empties by remove without a value and by replace with []', () => {
    const empty = { replaceWith: [], add: [], remove: [] };
    expect(split({ op: 'remove', path: 'members' }).members).to.deep.equal(empty);
    expect(split({ op: 'replace', path: 'members', value: [] }).members).to.deep.equal(empty);
    expect(split({ op: 'replace', path: 'members', value: null }).members).to.deep.equal(empty);
  });

  it('refuses members without an id, so that none is passed over in silence', () => {
    for (const op of ['add', 'replace']) {
      for (const member of [null, '', {}, { display: 'b' }, { value: null }, { value: '' }]) {
        expect(refusal(() => split({ op, path: 'members', value: [member] }))).to.equal('400 invalidValue');
      }
    }
  });

  it('takes members out of a path-less value and keeps the rest', () => {
    const result = split(
      { op: 'replace', value: { displayName: 'N', MEMBERS: members('a', 'a') } },
      { op: 'add', value: { members: [{ value: 'b' }] } },
    );
    expect(result.operations).to.deep.equal([
      { op: 'replace', path: undefined, value: { displayName: 'N' } },
    ]);
    expect(result.members).to.deep.equal({ replaceWith: ['a', 'b'], add: [], remove: [] });
    expect(split({ op: 'add', value: 'text' }).operations).to.have.length(1);
  });

  it('understands several ids joined by or', () => {
    expect(
      split({ op: 'remove', path: 'members[value eq "a" or (value eq "b" or value eq "c")]' }).members
        ?.remove,
    ).to.deep.equal(['a', 'b', 'c']);
  });

  it('asks for the members when a filter looks at anything but the id', () => {
    for (const operation of [
      { op: 'remove', path: 'members[type eq "User"]' },
      { op: 'remove', path: 'members[value eq "a" or type eq "User"]' },
      { op: 'remove', path: 'members[not (value eq "a")]' },
      { op: 'remove', path: 'members[value eq "a"].display' },
      { op: 'replace', path: 'members[value eq "a"]', value: { value: 'b' } },
      { op: 'add', path: 'members.value', value: 'b' },
    ]) {
      const result = split({ op: 'add', path: 'members', value: members('x') }, operation);
      expect(result.needsMembers, operation.path).to.equal(true);
      expect(result.operations).to.have.length(2);
      expect(result.members).to.equal(undefined);
    }
  });

  it('refuses a value at remove and members without a usable value', () => {
    const refused = (operation: RawOp): string => refusal(() => split(operation));
    expect(refused({ op: 'remove', path: 'members', value: members('a') })).to.equal('400 invalidValue');
    expect(refused({ op: 'remove', path: 'members', value: null })).to.equal('400 invalidValue');
    expect(refused({ op: 'remove', path: 'members[value]' })).to.equal('400 invalidFilter');
    for (const value of ['a', ['a'], [{}], [{ value: '' }], [{ value: 1 }], [{ value: null }], [['a']]]) {
      expect(refused({ op: 'add', path: 'members', value }), JSON.stringify(value)).to.equal(
        '400 invalidValue',
      );
    }
  });
});
