import { expect } from 'chai';
import fc from 'fast-check';
import { parseBulkRequest, isRefusal } from '../../../src/scim/protocol/bulk/request.js';
import { planBulk, resolveReferences } from '../../../src/scim/protocol/bulk/references.js';
import { parseListRequest, parseSearchRequest } from '../../../src/scim/protocol/list/request.js';
import { splitMemberOperations } from '../../../src/scim/protocol/patch/member-operations.js';
import { applyPatch } from '../../../src/scim/protocol/patch/apply.js';
import { parsePatchRequest } from '../../../src/scim/protocol/patch/request.js';
import { parsePatchPath } from '../../../src/scim/protocol/path.js';
import { parseFilter } from '../../../src/scim/protocol/filter/parse.js';
import { project } from '../../../src/scim/protocol/projection.js';
import { parseResource } from '../../../src/scim/protocol/resource-parse.js';
import { rewriteRequest } from '../../../src/scim/protocol/rewrites/rewrite-request.js';
import { ScimError } from '../../../src/scim/protocol/scim-error.js';
import {
  bulkRequestUrn,
  enterpriseUserUrn,
  gatehouseUserUrn,
  patchOpUrn,
  searchRequestUrn,
  userUrn,
} from '../../../src/scim/protocol/urns.js';
import { ada, registry } from '../../support/scim-protocol.js';
import { dialects } from '../../../src/shared/dialects.js';

const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '$where',
  '$ne',
  '',
  '.',
  'schemas',
  'id',
  'meta',
  'userName',
  'USERNAME',
  'name',
  'givenName',
  'emails',
  'value',
  'primary',
  'type',
  'members',
  'roles',
  'groups',
  'active',
  'password',
  'Operations',
  'op',
  'path',
  'filter',
  'sortBy',
  'count',
  'name.givenName',
  'emails[type eq "work"].value',
  enterpriseUserUrn,
  `${enterpriseUserUrn}:manager`,
  gatehouseUserUrn,
  'manager',
  'limitedProducts',
  'accessExpiresAt',
];
const texts = [
  ...names,
  'add',
  'Remove',
  'replace',
  'True',
  '\ud800',
  '\0',
  'emails[type eq "work"]',
  'emails[',
  'a[b[c]]',
  'members[value eq "x"]',
  '{"value":"Admin"}',
  '{"value":',
  'urn:',
  'bulkId:a',
  'not (',
  `${enterpriseUserUrn}:manager[value eq "x"].displayName`,
  'userName eq "x"',
  'emails[primary eq "True"].value eq "x" or',
  '-1',
  '9'.repeat(400),
  ' '.repeat(50),
];
const leaf = fc.oneof(
  fc.constantFrom<unknown>(...texts, null, true, false, 0, -1, 1.5, 1e308),
  fc.string(),
  fc.string({ unit: 'binary' }),
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 5 })), tie('value'), {
      maxKeys: 5,
      noNullPrototype: true,
    }),
  ),
})).value;

/** As `JSON.parse` gives it: `__proto__` an own member. */
const wire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function onlyScimErrors(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    expect(error.detail.length).to.be.below(500);
  }
  expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
}

const operation = fc.record(
  {
    op: fc.oneof(fc.constantFrom('add', 'remove', 'replace', 'Add'), leaf),
    path: fc.oneof(fc.constantFrom(...texts), leaf),
    value: json,
  },
  { requiredKeys: ['op'] },
);

describe('hostile input', () => {
  it('as the body of a resource meets nothing but a ScimError', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), json), fc.boolean(), (members, isBare) => {
        const body = wire(
          isBare
            ? members
            : { ...members, schemas: [userUrn, enterpriseUserUrn, gatehouseUserUrn], userName: 'x' },
        );
        onlyScimErrors(() => parseResource(body, registry.user, { mode: 'create' }));
        onlyScimErrors(() => parseResource(body, registry.user, { mode: 'replace', existing: ada }));
      }),
      { numRuns: 1_000 },
    );
  });

  it('as PATCH meets nothing but a ScimError, in every dialect', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.array(operation, { maxLength: 4 }), json),
        fc.constantFrom(...dialects),
        (operations, dialect) => {
          const body = wire({ schemas: [patchOpUrn], Operations: operations });
          for (const [schema, path] of [
            [registry.user, '/Users/u1'],
            [registry.group, '/Groups/g1'],
          ] as const) {
            onlyScimErrors(() => {
              const rewritten = rewriteRequest(dialect, { method: 'PATCH', path, query: {}, body }, registry);
              const parsed = parsePatchRequest(rewritten.body);
              splitMemberOperations(parsed, registry.group);
              applyPatch(ada, parsed, schema);
            });
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is never refused by the rewrites themselves but in dialect strict', () => {
    fc.assert(
      fc.property(json, fc.constantFrom('POST', 'PATCH', 'PUT'), (value, method) => {
        const body = wire(value);
        rewriteRequest('auto', { method, path: '/Users/u1', query: {}, body }, registry);
        rewriteRequest(
          'entra',
          { method, path: '/Groups', query: { filter: JSON.stringify(body) }, body },
          registry,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('as a list request, a search or a bulk request meets nothing but a ScimError', () => {
    const limits = { defaultCount: 10, maxCount: 100 };
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(...names, 'attributes', 'excludedAttributes', 'cursor', 'startIndex', 'sortOrder'),
          json,
        ),
        (members) => {
          const query = wire(members) as Record<string, unknown>;
          onlyScimErrors(() => project(ada, parseListRequest(query, registry.user, limits).projection));
          onlyScimErrors(() =>
            parseSearchRequest({ ...query, schemas: [searchRequestUrn] }, registry.user, limits, {
              unknown: 'never',
            }),
          );
          onlyScimErrors(() => {
            const { entries } = parseBulkRequest({ ...query, schemas: [bulkRequestUrn] }, registry, {
              maxOperations: 9,
            });
            for (const { operation: step } of planBulk(
              entries.flatMap((entry) => (isRefusal(entry) ? [] : [entry])),
            )) {
              resolveReferences(step.data, new Map());
            }
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('as a filter or a path meets nothing but a ScimError', () => {
    const token = fc.oneof(
      fc.constantFrom(
        '(',
        ')',
        '[',
        ']',
        '.',
        '+',
        ' ',
        'not',
        'and',
        'or',
        'eq',
        'pr',
        'co',
        'gt',
        'userName',
        'emails',
        'value',
        '"a"',
        '"\\',
        'true',
        'null',
        '-1',
        '1e9',
        'urn:',
        ':',
        '$ref',
      ),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 20 }), fc.constantFrom('', ' '), (tokens, gap) => {
        const text = tokens.join(gap);
        onlyScimErrors(() => parseFilter(text, registry.user));
        onlyScimErrors(() => parsePatchPath(text, registry.user));
        onlyScimErrors(() => parsePatchPath(`emails[${text}].value`, registry.user));
        rewriteRequest(
          'auto',
          { method: 'GET', path: '/Users', query: { filter: text }, body: undefined },
          registry,
        );
      }),
      { numRuns: 3_000 },
    );
  });

  it('that is deep or huge is answered, or refused as SCIM does', () => {
    const depth = 50_000;
    const deep: unknown = JSON.parse(`${'{"name":'.repeat(2_000)}1${'}'.repeat(2_000)}`);
    const list: unknown = JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`);
    for (const value of [deep, list]) {
      const body = { schemas: [userUrn], userName: 'x', name: value, emails: value, roles: [value] };
      onlyScimErrors(() =>
        parseResource(
          rewriteRequest('auto', { method: 'POST', path: '/Users', query: {}, body }, registry).body,
          registry.user,
          { mode: 'create' },
        ),
      );
      onlyScimErrors(() =>
        applyPatch(
          ada,
          parsePatchRequest({ schemas: [patchOpUrn], Operations: [{ op: 'add', value: body }] }),
          registry.user,
        ),
      );
    }
    for (const text of [
      '('.repeat(depth),
      'emails['.repeat(depth),
      '"'.repeat(depth),
      '\\'.repeat(depth),
      'a.'.repeat(depth),
      'not '.repeat(depth),
      `emails[${'a '.repeat(depth)}`,
    ]) {
      onlyScimErrors(() => parseFilter(text, registry.user));
      onlyScimErrors(() => parsePatchPath(text, registry.user));
      rewriteRequest(
        'auto',
        { method: 'GET', path: '/Users', query: { filter: text }, body: undefined },
        registry,
      );
      rewriteRequest(
        'auto',
        {
          method: 'PATCH',
          path: '/Users/1',
          query: {},
          body: { schemas: [patchOpUrn], Operations: [{ op: 'Remove', path: text, value: [] }] },
        },
        registry,
      );
    }
    const emails = Array.from({ length: 20_000 }, (_, index) => ({ value: 'same', type: String(index) }));
    onlyScimErrors(() =>
      applyPatch(
        ada,
        parsePatchRequest({
          schemas: [patchOpUrn],
          Operations: [{ op: 'add', path: 'emails', value: emails }],
        }),
        registry.user,
      ),
    );
  });

  it('with an own member `__proto__` changes no prototype', () => {
    const body: unknown = JSON.parse(
      `{"schemas":["${userUrn}"],"userName":"x","__proto__":{"polluted":1},"name":{"__proto__":{"polluted":1},"givenName":"g"}}`,
    );
    const result = parseResource(body, registry.user, { mode: 'create' });
    expect(result).to.deep.equal({ schemas: [userUrn], userName: 'x', name: { givenName: 'g' } });
    expect(Object.getPrototypeOf(result['name'])).to.equal(Object.prototype);
  });
});
