import { expect } from 'chai';
import { visibleTo } from '../../../src/identity/visibility.js';
import { schemas } from '../../../src/persistence/collections/index.js';
import { readCollection } from '../../../src/persistence/embedded/indexes.js';
import {
  choosePlan,
  sortOrder,
  type IndexPlan,
  type Plan,
} from '../../../src/persistence/embedded/planner.js';
import type { ScimContext } from '../../../src/scim/exchange/request.js';
import { groupFilterTable } from '../../../src/scim/groups/filter.js';
import { parseFilter } from '../../../src/scim/protocol/filter/parse.js';
import { createSchemaRegistry } from '../../../src/scim/protocol/schema-registry.js';
import { toStoredFilter } from '../../../src/scim/list/stored-filter.js';
import { userFilterTable } from '../../../src/scim/users/filter.js';

const registry = createSchemaRegistry([]);
const context = { schemas: registry } as ScimContext;
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const kinds = {
  users: { schema: registry.user, table: userFilterTable(context) },
  groups: { schema: registry.group, table: groupFilterTable(context) },
} as const;

/** Whether a plan walks only what the filter is about, and not all a tenant or a directory has. */
function isNarrow(plan: Plan): boolean {
  if (plan.kind === 'union') return plan.branches.every(isNarrow);
  if (plan.kind === 'ids') return true;
  const { index, fixed, range } = plan;
  const walked = index.fields.slice(0, range === undefined ? fixed : fixed + 1);
  return walked.some((field) => field !== 'tenantId' && field !== 'directoryId');
}

/** A tenant of many users, nearly all of them of one directory. */
const countKeys = ({ index, fixed, range }: IndexPlan, limit: number): number =>
  Math.min(limit, index.fields[fixed - 1] === 'directoryId' && range === undefined ? 5000 : 10);

async function planOf(kind: keyof typeof kinds, text: string): Promise<Plan> {
  const { schema, table } = kinds[kind];
  const { query } = await toStoredFilter(parseFilter(text, schema), table);
  const collection = readCollection(kind, schemas[kind]);
  const whole = { $and: [{ tenantId: 't' }, visibleTo('d'), query] };
  return choosePlan(collection, whole, sortOrder({}), countKeys);
}

describe('filters on indexed attributes never look at everything (embedded)', () => {
  const narrow: Record<keyof typeof kinds, readonly string[]> = {
    users: [
      'id eq "01a201d5-88a6-7008-84d9-0f36581b0000"',
      'userName eq "Ada@acme.test"',
      'userName sw "ada"',
      'externalId eq "00u1"',
      'emails eq "ada@acme.test"',
      'emails.value eq "ada@acme.test"',
      'emails[type eq "work" and value eq "ada@acme.test"]',
      'displayName eq "Ada"',
      'name.familyName eq "Lovelace"',
      `${enterprise}:employeeNumber eq "42"`,
      'meta.lastModified ge "2026-01-01T00:00:00Z"',
      'active eq true and userName eq "ada@acme.test"',
      'userName eq "ada@acme.test" or externalId eq "00u1"',
      'not (title pr) and externalId eq "00u1"',
    ],
    groups: [
      'id eq "01a201d5-88a6-7008-84d9-0f36581b0000"',
      'displayName eq "Engineering"',
      'displayName sw "Eng"',
      'externalId eq "g1"',
      'displayName eq "Engineering" and externalId eq "g1"',
    ],
  };
  for (const kind of ['users', 'groups'] as const) {
    for (const text of narrow[kind]) {
      it(`${kind}: ${text}`, async () => {
        expect(isNarrow(await planOf(kind, text))).to.equal(true);
      });
    }
  }

  it('while one on an attribute without an index has to', async () => {
    expect(isNarrow(await planOf('users', 'title eq "Countess"'))).to.equal(false);
    expect(isNarrow(await planOf('users', 'userName co "ada"'))).to.equal(false);
  });
});
