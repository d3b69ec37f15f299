import { expect } from 'chai';
import type { ZodObject } from 'zod';
import { routeTable } from '../../../src/admin/table.js';

/** Lists that are not sorted or searched, and why. */
const exceptions: Readonly<Record<string, string>> = {
  '/account-clashes': 'a queue to decide, the newest first',
  '/applications/{id}/logout-deliveries': 'has no texts to search',
  '/break-glass': 'at most five',
  '/bulk/{id}/rows': 'in the order of what was sent',
  '/directories/{id}/advice': 'a few, the more urgent first',
  '/directories/{id}/held-changes': 'is decided on as a whole',
  '/directories/{id}/requests': 'a log: the newest first, where a live one goes on',
  '/directories/{id}/rules': 'their order is part of what they mean',
  '/me/consents': 'a few of one person',
  '/me/passkeys': 'a few of one person',
  '/me/sessions': 'a few of one person',
  '/users/{id}/identities': 'a few of one person',
  '/users/{id}/provisioning': 'a log: the newest first',
  '/users/{id}/sessions': 'a few of one person',
};

const shapeOf = (schema: unknown): object => (schema as ZodObject | undefined)?.shape ?? {};

describe('the lists of the API', () => {
  it('take a text to search for and an order, but for those that say why not', () => {
    const lists = routeTable.filter(({ output }) =>
      ['items', 'total'].every((name) => name in shapeOf(output)),
    );
    const missing = lists
      .filter(({ query }) => !['q', 'sort'].every((name) => name in shapeOf(query)))
      .map(({ path }) => path);
    expect(missing.sort()).to.deep.equal(Object.keys(exceptions));
  });
});
