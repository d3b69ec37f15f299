import { expect } from 'chai';
import type { BulkStep } from '../../../src/scim/protocol/bulk/references.js';
import {
  completionOf,
  planBulk,
  resolveReference,
  resolveReferences,
} from '../../../src/scim/protocol/bulk/references.js';
import type { BulkOperation, BulkRequest } from '../../../src/scim/protocol/bulk/request.js';
import { isRefusal, parseBulkRequest } from '../../../src/scim/protocol/bulk/request.js';
import { toErrorBody } from '../../../src/scim/protocol/scim-error.js';
import { bulkRequestUrn, enterpriseUserUrn } from '../../../src/scim/protocol/urns.js';
import { refusal, registry } from '../../support/scim-protocol.js';

const parse = (Operations: unknown, more: object = {}): BulkRequest =>
  parseBulkRequest({ schemas: [bulkRequestUrn], Operations, ...more }, registry, { maxOperations: 5 });

const post = (bulkId: string, data: object = {}, path = '/Groups'): object => ({
  method: 'POST',
  path,
  bulkId,
  data,
});

/** The outcome of the only operation. */
function only(operation: unknown): string {
  const [entry] = parse([operation]).entries;
  return entry !== undefined && isRefusal(entry)
    ? `${entry.error.status} ${entry.error.scimType ?? ''}`
    : 'accepted';
}

describe('bulk requests (RFC 7644 section 3.7)', () => {
  it('reads operations, methods in any case, endpoints in canonical form', () => {
    const { entries, failOnErrors } = parse(
      [
        { method: 'post', path: '/users', bulkId: 'a', data: { userName: 'x' } },
        { Method: 'Put', Path: '/Groups/g%2F1/', version: 'W/"1"', data: {} },
        { method: 'DELETE', path: '/Users/bulkId:a', bulkId: '' },
      ],
      { failOnErrors: 2 },
    );
    expect(failOnErrors).to.equal(2);
    expect(entries).to.deep.equal([
      {
        index: 0,
        bulkId: 'a',
        method: 'POST',
        endpoint: '/Users',
        id: undefined,
        version: undefined,
        data: { userName: 'x' },
      },
      {
        index: 1,
        bulkId: undefined,
        method: 'PUT',
        endpoint: '/Groups',
        id: 'g/1',
        version: 'W/"1"',
        data: {},
      },
      {
        index: 2,
        bulkId: undefined,
        method: 'DELETE',
        endpoint: '/Users',
        id: 'bulkId:a',
        version: undefined,
        data: {},
      },
    ]);
  });

  it('refuses a bad envelope as a whole', () => {
    const envelope = (body: unknown): string =>
      refusal(() => parseBulkRequest(body, registry, { maxOperations: 1 }));
    expect(envelope('x')).to.equal('400 invalidSyntax');
    expect(envelope({ Operations: [] })).to.equal('400 invalidSyntax');
    expect(envelope({ schemas: [bulkRequestUrn] })).to.equal('400 invalidSyntax');
    expect(envelope({ schemas: [bulkRequestUrn], Operations: [{}, {}] })).to.equal('413');
    expect(refusal(() => parse([], { failOnErrors: 'x' }))).to.equal('400 invalidSyntax');
    expect(parse([]).entries).to.deep.equal([]);
  });

  it('takes failOnErrors below 1 for none', () => {
    expect(parse([], { failOnErrors: 0 }).failOnErrors).to.equal(undefined);
    expect(parse([], { failOnErrors: -1 }).failOnErrors).to.equal(undefined);
    expect(parse([]).failOnErrors).to.equal(undefined);
  });

  const faults: [string, unknown, string][] = [
    ['no object', null, '400 invalidSyntax'],
    ['GET', { method: 'GET', path: '/Users/1' }, '400 invalidSyntax'],
    ['a method that is an object', { method: {}, path: '/Users/1' }, '400 invalidSyntax'],
    ['POST without bulkId', { method: 'POST', path: '/Users', data: {} }, '400 invalidSyntax'],
    ['POST to a resource', { method: 'POST', path: '/Users/1', bulkId: 'a', data: {} }, '400 invalidSyntax'],
    ['PUT to a collection', { method: 'PUT', path: '/Users', data: {} }, '400 invalidSyntax'],
    ['PATCH without data', { method: 'PATCH', path: '/Users/1' }, '400 invalidSyntax'],
    ['an unknown endpoint', { method: 'DELETE', path: '/Roles/1' }, '400 invalidSyntax'],
    ['a path without a slash', { method: 'DELETE', path: 'Users/1' }, '400 invalidSyntax'],
    ['nested bulk', { method: 'POST', path: '/Bulk', bulkId: 'a', data: {} }, '400 invalidSyntax'],
    ['a search', { method: 'POST', path: '/Users/.search', bulkId: 'a', data: {} }, '400 invalidSyntax'],
    ['a path with a query', { method: 'DELETE', path: '/Users/1?x=1' }, '400 invalidSyntax'],
    ['a path that is no URI', { method: 'DELETE', path: '/Users/%E0%A4' }, '400 invalidSyntax'],
    ['no path', { method: 'DELETE' }, '400 invalidSyntax'],
    ['a version that is a number', { method: 'DELETE', path: '/Users/1', version: 1 }, '400 invalidSyntax'],
  ];
  for (const [title, operation, expected] of faults) {
    it(`refuses one operation: ${title}`, () => expect(only(operation)).to.equal(expected));
  }

  it('refuses a bulkId that is taken, and echoes it', () => {
    const { entries } = parse([post('a'), post('a')]);
    const second = entries[1];
    expect(second !== undefined && isRefusal(second) && toErrorBody(second.error)).to.deep.equal({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '400',
      scimType: 'invalidValue',
      detail: 'the "bulkId" is taken by an earlier operation',
    });
    expect(second).to.include({ bulkId: 'a', method: 'POST', index: 1 });
  });
});

function plan(...operations: object[]): BulkStep[] {
  return planBulk(parse(operations).entries.filter((entry): entry is BulkOperation => !isRefusal(entry)));
}

const shown = (steps: BulkStep[]): string[] =>
  steps.map(
    ({ kind, operation, withheld }) =>
      `${kind} ${operation.index}${withheld.size > 0 ? ` without ${[...withheld].join()}` : ''}`,
  );

const member = (bulkId: string): object => ({ members: [{ value: `bulkId:${bulkId}` }] });

describe('bulkId references (RFC 7644 section 3.7.2)', () => {
  it('keep the order of operations unless one refers to a later one', () => {
    expect(shown(plan(post('a'), post('b', member('a')), post('c')))).to.deep.equal([
      'execute 0',
      'execute 1',
      'execute 2',
    ]);
    expect(shown(plan(post('a', member('c')), post('b'), post('c')))).to.deep.equal([
      'execute 1',
      'execute 2',
      'execute 0',
    ]);
    expect(
      shown(
        plan(
          { method: 'DELETE', path: '/Groups/bulkId:a' },
          { method: 'DELETE', path: '/Groups/x' },
          post('a'),
        ),
      ),
    ).to.deep.equal(['execute 1', 'execute 2', 'execute 0']);
  });

  it('break a circle: create without the reference, complete afterwards', () => {
    const steps = plan(post('a', member('b')), post('b', { ...member('a'), displayName: 'B' }));
    expect(shown(steps)).to.deep.equal(['execute 0 without b', 'execute 1', 'complete 0 without b']);
    const ids = new Map([
      ['a', 'id-a'],
      ['b', 'id-b'],
    ]);
    expect(resolveReferences(steps[0]!.operation.data, new Map(), steps[0]!.withheld)).to.deep.equal({
      members: [],
    });
    expect(completionOf(steps[2]!, ids)).to.deep.equal([
      { op: 'add', path: undefined, value: { members: [{ value: 'id-b' }] } },
    ]);
  });

  it('complete each resource of a circle as soon as what it waits for exists', () => {
    const steps = plan(
      post('a', member('b')),
      post('b', member('c')),
      post('c', member('a')),
      post('d', member('d')),
    );
    expect(shown(steps)).to.deep.equal([
      'execute 0 without b',
      'execute 2',
      'execute 1',
      'complete 0 without b',
      'execute 3 without d',
      'complete 3 without d',
    ]);
  });

  it('are found anywhere in the data, and only where a request creates them', () => {
    const data = { [enterpriseUserUrn]: { manager: { value: 'bulkId:m' } }, title: 'bulkId:unknown' };
    expect(shown(plan(post('u', data, '/Users'), post('m', {}, '/Users')))).to.deep.equal([
      'execute 1',
      'execute 0',
    ]);
    const ids = new Map([['m', '42']]);
    expect(resolveReferences({ a: [{ b: 'bulkId:m' }], n: 1, z: null }, ids)).to.deep.equal({
      a: [{ b: '42' }],
      n: 1,
      z: null,
    });
    expect(
      resolveReferences({ manager: { value: 'bulkId:m' }, direct: 'bulkId:m' }, ids, new Set(['m'])),
    ).to.deep.equal({});
    expect(refusal(() => resolveReferences(data, ids))).to.equal('409');
    expect(resolveReference('plain', ids)).to.equal('plain');
    expect(refusal(() => resolveReference('bulkId:x', ids))).to.equal('409');
  });

  it('do not recurse into data deeper than SCIM allows', () => {
    let deep: object = { value: 'bulkId:a' };
    for (let level = 0; level < 20_000; level += 1) deep = { deep };
    expect(shown(plan(post('b', deep), post('a')))).to.deep.equal(['execute 0', 'execute 1']);
    expect(() => resolveReferences({ deep }, new Map())).to.not.throw();
  });

  it('leave references to what the request does not create to the resolver', () => {
    const orphan = {
      index: 0,
      method: 'PUT',
      bulkId: undefined,
      endpoint: '/Groups',
      id: 'bulkId:a',
      version: undefined,
      data: {},
    } as const;
    expect(planBulk([orphan])).to.have.length(1);
  });
});
