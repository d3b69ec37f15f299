import { expect } from 'chai';
import { parsePatchRequest } from '../../../src/scim/protocol/patch/request.js';
import { enterpriseUserUrn, patchOpUrn, userUrn } from '../../../src/scim/protocol/urns.js';
import type { RawOp } from '../../support/scim-protocol.js';
import { patchUser, refusal } from '../../support/scim-protocol.js';

const refused = (...operations: RawOp[]): string => refusal(() => patchUser(operations));

describe('the body of a PATCH (RFC 7644 section 3.5.2)', () => {
  const bodies: [string, unknown, string][] = [
    ['no object', 'text', '400 invalidSyntax'],
    ['an array', [], '400 invalidSyntax'],
    ['no schemas', { Operations: [{ op: 'add', value: {} }] }, '400 invalidSyntax'],
    ['schemas as text', { schemas: patchOpUrn, Operations: [] }, '400 invalidSyntax'],
    ['another schema', { schemas: [userUrn], Operations: [{ op: 'add', value: {} }] }, '400 invalidSyntax'],
    ['no Operations', { schemas: [patchOpUrn] }, '400 invalidSyntax'],
    ['Operations as an object', { schemas: [patchOpUrn], Operations: {} }, '400 invalidSyntax'],
    ['empty Operations', { schemas: [patchOpUrn], Operations: [] }, '400 invalidSyntax'],
    ['an operation that is null', { schemas: [patchOpUrn], Operations: [null] }, '400 invalidSyntax'],
    [
      'an unknown op',
      { schemas: [patchOpUrn], Operations: [{ op: 'delete', path: 'title' }] },
      '400 invalidSyntax',
    ],
    [
      'an op that is an object',
      { schemas: [patchOpUrn], Operations: [{ op: { a: 1 } }] },
      '400 invalidSyntax',
    ],
    ['a capital op', { schemas: [patchOpUrn], Operations: [{ op: 'Add', value: {} }] }, '400 invalidSyntax'],
    [
      'a path that is a number',
      { schemas: [patchOpUrn], Operations: [{ op: 'add', path: 1, value: 1 }] },
      '400 invalidPath',
    ],
    [
      'add without value',
      { schemas: [patchOpUrn], Operations: [{ op: 'add', path: 'title' }] },
      '400 invalidValue',
    ],
    [
      'replace without value',
      { schemas: [patchOpUrn], Operations: [{ op: 'replace', path: 'title' }] },
      '400 invalidValue',
    ],
    ['remove without path', { schemas: [patchOpUrn], Operations: [{ op: 'remove' }] }, '400 noTarget'],
  ];
  for (const [title, body, expected] of bodies) {
    it(`refuses ${title}`, () => expect(refusal(() => parsePatchRequest(body))).to.equal(expected));
  }

  it('reads names of members without regard to case and tells a null value from none', () => {
    const operations = parsePatchRequest({
      Schemas: [patchOpUrn.toUpperCase()],
      operations: [
        { OP: 'replace', Path: 'title', VALUE: null },
        { op: 'remove', path: 'title' },
        { op: 'add', path: null, value: {} },
      ],
    });
    expect(operations).to.deep.equal([
      { op: 'replace', path: 'title', value: null },
      { op: 'remove', path: 'title', value: undefined },
      { op: 'add', path: undefined, value: {} },
    ]);
  });
});

describe('PATCH paths', () => {
  const cases: [RawOp, string][] = [
    [{ op: 'add', path: 'unknown', value: 1 }, '400 invalidPath'],
    [{ op: 'remove', path: 'name.unknown' }, '400 invalidPath'],
    [{ op: 'remove', path: 'emails[type eq "work"].unknown' }, '400 invalidPath'],
    [{ op: 'remove', path: '' }, '400 invalidPath'],
    [{ op: 'remove', path: '.' }, '400 invalidPath'],
    [{ op: 'remove', path: 'emails[type eq "work"' }, '400 invalidPath'],
    [{ op: 'remove', path: 'emails]' }, '400 invalidPath'],
    [{ op: 'remove', path: '__proto__' }, '400 invalidPath'],
    [{ op: 'remove', path: 'constructor.name' }, '400 invalidPath'],
    [{ op: 'add', path: 'a'.repeat(5_000), value: 1 }, '400 invalidPath'],
    [{ op: 'remove', path: 'userName[value eq "x"]' }, '400 invalidPath'],
    [{ op: 'remove', path: 'name[givenName eq "x"]' }, '400 invalidPath'],
    [{ op: 'remove', path: 'name.givenName[value eq "x"]' }, '400 invalidPath'],
    [{ op: 'remove', path: 'emails[type xx "work"]' }, '400 invalidFilter'],
    [{ op: 'remove', path: 'emails[]' }, '400 invalidFilter'],
    [{ op: 'remove', path: 'emails[unknown eq "work"]' }, '400 invalidFilter'],
    [{ op: 'remove', path: 'urn:ietf:params:scim:schemas:core:2.0:User' }, '400 invalidPath'],
  ];
  for (const [operation, expected] of cases) {
    it(`answers ${expected} to ${operation.op} ${operation.path?.slice(0, 40) ?? ''}`, () =>
      expect(refused(operation)).to.equal(expected));
  }

  it('accepts qualified names without regard to case', () => {
    const result = patchUser([
      { op: 'replace', path: 'URN:ietf:params:scim:schemas:core:2.0:user:NAME.GIVENNAME', value: 'B' },
      { op: 'add', path: `${enterpriseUserUrn}:manager.value`, value: 'm1' },
    ]);
    expect(result['name'].givenName).to.equal('B');
    expect(result[enterpriseUserUrn]).to.deep.equal({ manager: { value: 'm1' } });
    expect(result['schemas']).to.deep.equal([userUrn, enterpriseUserUrn]);
  });
});
