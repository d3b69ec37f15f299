import { expect } from 'chai';
import fc from 'fast-check';
import { applyPatch } from '../../../src/scim/protocol/patch/apply.js';
import { parseResource } from '../../../src/scim/protocol/resource-parse.js';
import { schemasOf } from '../../../src/scim/protocol/resource.js';
import { enterpriseUserUrn, userUrn } from '../../../src/scim/protocol/urns.js';
import type { Json, RawOp } from '../../support/scim-protocol.js';
import { operationsOf, registry } from '../../support/scim-protocol.js';

/** A plain model of a user: flat, addresses by their value. */
interface Model {
  flat: Map<string, string>;
  emails: Map<string, { type: string; primary: boolean }>;
}

interface Step {
  operation: RawOp;
  run(model: Model): void;
}

const word = fc.constantFrom('a', 'b', 'c', 'd');
const type = fc.constantFrom('work', 'home');

const paths: Record<string, string> = {
  title: 'title',
  given: 'name.givenName',
  family: 'name.familyName',
  department: `${enterpriseUserUrn}:department`,
};
const flatName = fc.constantFrom(...Object.keys(paths));

const set = fc.tuple(fc.constantFrom('add', 'replace'), flatName, word).map(([op, name, value]): Step => ({
  operation: { op, path: paths[name] ?? '', value },
  run: ({ flat }) => flat.set(name, value),
}));
const unset = fc.tuple(fc.boolean(), flatName).map(([isRemove, name]): Step => ({
  operation: isRemove
    ? { op: 'remove', path: paths[name] ?? '' }
    : { op: 'replace', path: paths[name] ?? '', value: null },
  run: ({ flat }) => flat.delete(name),
}));
const object = fc.tuple(fc.constantFrom('add', 'replace'), word, word).map(([op, title, family]): Step => ({
  operation: { op, value: { TITLE: title, name: { familyName: family }, unknown: 1 } },
  run: ({ flat }) => flat.set('title', title).set('family', family),
}));
const append = fc.tuple(word, type, fc.boolean()).map(([value, kind, primary]): Step => ({
  operation: { op: 'add', path: 'emails', value: [{ value, type: kind, primary }] },
  run({ emails }) {
    const present = emails.get(`${value} ${kind}`);
    if (present?.primary === primary) return;
    if (primary) for (const email of emails.values()) email.primary = false;
    emails.set(`${value} ${kind}`, { type: kind, primary });
  },
}));
const drop = fc.tuple(fc.constantFrom('value', 'type'), word, type).map(([by, value, kind]): Step => ({
  operation: {
    op: 'remove',
    path: by === 'value' ? `emails[value eq "${value.toUpperCase()}"]` : `emails[type eq "${kind}"]`,
  },
  run({ emails }) {
    for (const key of [...emails.keys()]) {
      if (by === 'value' ? key.startsWith(value) : key.endsWith(kind)) emails.delete(key);
    }
  },
}));
const clear = fc
  .constantFrom<RawOp>({ op: 'remove', path: 'emails' }, { op: 'replace', path: 'EMAILS', value: [] })
  .map((operation): Step => ({ operation, run: ({ emails }) => emails.clear() }));

const steps = fc.array(fc.oneof(set, unset, object, append, drop, clear), { minLength: 1, maxLength: 12 });

function toModel(resource: Record<string, Json>): unknown {
  return {
    title: resource['title'],
    given: resource['name']?.givenName,
    family: resource['name']?.familyName,
    department: resource[enterpriseUserUrn]?.department,
    emails: [...(resource['emails'] ?? [])]
      .map(({ value, type: kind, primary }: Json) => `${value} ${kind} ${primary}`)
      .sort(),
  };
}

function ofModel({ flat, emails }: Model): unknown {
  return {
    title: flat.get('title'),
    given: flat.get('given'),
    family: flat.get('family'),
    department: flat.get('department'),
    emails: [...emails].map(([key, { primary }]) => `${key} ${primary}`).sort(),
  };
}

const start = { schemas: [userUrn], userName: 'u' };

describe('PATCH, against a plain model', () => {
  it('agrees for every sequence of operations', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const model: Model = { flat: new Map(), emails: new Map() };
        for (const step of list) step.run(model);
        const result = applyPatch(start, operationsOf(list.map(({ operation }) => operation)), registry.user);
        expect(toModel(result)).to.deep.equal(ofModel(model));
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives the same in one request as in one request for each operation', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const operations = list.map(({ operation }) => operation);
        const single = operations.reduce<Record<string, Json>>(
          (resource, operation) => applyPatch(resource, operationsOf([operation]), registry.user),
          start,
        );
        expect(applyPatch(start, operationsOf(operations), registry.user)).to.deep.equal(single);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the resource canonical: right schemas, one primary, nothing empty, readable by PUT as unchanged', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const result = applyPatch(
          start,
          operationsOf(list.map(({ operation }) => operation)),
          registry.user,
        ) as Record<string, Json>;
        expect(result['schemas']).to.deep.equal(schemasOf(result, registry.user));
        expect((result['emails'] ?? []).filter(({ primary }: Json) => primary).length).to.be.at.most(1);
        expect(JSON.stringify(result)).to.not.match(/null|\[\]|\{\}/);
        expect(parseResource(result, registry.user, { mode: 'replace', existing: result })).to.equal(result);
      }),
      { numRuns: 300 },
    );
  });
});
