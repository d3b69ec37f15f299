import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageFolder } from '../../src/infrastructure/package-info.js';
import { collectionNames, schemas } from '../../src/persistence/collections/index.js';
import { shardKeys } from '../../src/persistence/collections/sharding.js';

const uniqueKeysOf = (name: keyof typeof schemas): string[][] =>
  schemas[name]
    .indexes()
    .filter(([, { unique }]) => unique === true)
    .map(([key]) => Object.keys(key));

describe('sharding', () => {
  it('every unique index of a sharded collection begins with the whole shard key', () => {
    for (const name of collectionNames) {
      const fields = Object.keys(shardKeys[name] ?? {});
      for (const key of uniqueKeysOf(name)) {
        expect(key.slice(0, fields.length), `${name} (${key.join(', ')})`).to.deep.equal(fields);
      }
    }
  });

  it('every index of a collection that is sharded by tenant begins with the tenant, but for expiry', () => {
    for (const name of collectionNames.filter((each) => shardKeys[each]?.['tenantId'] === 1)) {
      for (const [key, { expireAfterSeconds }] of schemas[name].indexes()) {
        if (expireAfterSeconds !== undefined) continue;
        expect(Object.keys(key)[0], `${name} ${JSON.stringify(key)}`).to.equal('tenantId');
      }
    }
  });

  it('no collection has one index twice: MongoDB does not start with it', () => {
    for (const name of collectionNames) {
      const said = schemas[name]
        .indexes()
        .map(([key, { partialFilterExpression }]) => JSON.stringify([key, partialFilterExpression]));
      expect(said, name).to.deep.equal([...new Set(said)]);
    }
  });

  it('is told in docs/architecture.md as it is in the code, collection by collection', async () => {
    const text = await readFile(join(packageFolder, 'docs/architecture.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `(\w+)` +\| (.*?) +\| (.*?) +\|/gm)].map(([, ...cells]) => cells);
    const told = Object.fromEntries(rows.map(([name = '', ...cells]) => [name, cells]));
    for (const name of collectionNames) {
      const key = Object.entries(shardKeys[name] ?? {}).map(([field, kind]) =>
        kind === 'hashed' ? `${field} hashed` : field,
      );
      const unique = uniqueKeysOf(name).map((fields) => `(${fields.join(', ')})`);
      expect(told[name], name).to.deep.equal([key.join(', ') || 'not sharded', unique.join(' ') || 'none']);
    }
  });
});
