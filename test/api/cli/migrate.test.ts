import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { storeFormat } from '../../../src/persistence/format.js';
import { runLine } from '../../support/cli.js';
import { startStandaloneMongo } from '../../support/standalone-mongo.js';
import { dropDatabase, freshMongoUri } from '../../support/store.js';

describe('gatehouse migrate', () => {
  let env: Record<string, string>;
  const mongodbUri = freshMongoUri();
  before(async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-migrate-'));
    env = { DATA_DIR: dataDir, ...(mongodbUri && { MONGODB_URI: mongodbUri }) };
  });
  after(async () => {
    await rm(env['DATA_DIR']!, { recursive: true, force: true });
    if (mongodbUri) await dropDatabase(mongodbUri);
  });

  it('says that there is no database yet, and makes none', async () => {
    for (const line of ['migrate', 'migrate --dry-run']) {
      const { code, json } = await runLine(`${line} --json`, env);
      expect(code).to.equal(0);
      expect(json()).to.deep.include({ from: null, to: storeFormat, steps: [] });
    }
    expect((await runLine('migrate', env)).out).to.contain('no database yet');
  });

  it('finds nothing to do on a database of this version', async () => {
    await runLine('tenant create --slug acme --name Acme', env);
    expect((await runLine('admin create --tenant acme --email ada@acme.test', env)).code).to.equal(0);
    const { code, out } = await runLine('migrate', env);
    expect(code).to.equal(0);
    expect(out).to.contain('nothing to do');
  });
});

describe('a standalone MongoDB', () => {
  it('is refused in production with exit code 78 and the remedy, before anything is written', async () => {
    const server = await startStandaloneMongo();
    try {
      const { code, err } = await runLine('start', {
        NODE_ENV: 'production',
        BASE_URL: 'https://id.example.com',
        SECRET_KEY: 'a secret key for tests that is long enough, it is',
        MONGODB_URI: server.uri,
        LOG_LEVEL: 'silent',
      });
      expect(code).to.equal(78);
      expect(err).to.contain('standalone').and.to.contain('--replSet').and.to.contain('rs.initiate()');
      expect(
        server.asked.filter((command) => !['hello', 'endSessions', 'ping'].includes(command)),
      ).to.deep.equal([]);
    } finally {
      await server.stop();
    }
  });
});
