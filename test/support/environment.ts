import fc from 'fast-check';
import type { Context } from 'mocha';
import { createConnection } from 'mongoose';
import { afterEveryFile, afterEveryTest, databasePrefix } from './hooks.js';
import './stand-in.js';

/** Loaded before every test file: tests never read the developer's environment. */
for (const name of Object.keys(process.env)) {
  if (
    /^(PORT|HOST|BASE_URL|DATA_DIR|BOOTSTRAP_FILE|SECRET_KEY|SMTP_URL|TRUST_PROXY|LOG_LEVEL|ALLOW_PRIVATE_ISSUERS)$/.test(
      name,
    )
  ) {
    Reflect.deleteProperty(process.env, name);
  }
}
process.env['NODE_ENV'] = 'test';

// Property tests draw the same cases in every run, so that a failure is of the change and not of the day; FUZZ_SEED draws others.
fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? 20_261_122) });

export const mochaHooks = {
  afterEach(this: Context) {
    for (const hook of afterEveryTest) hook(this.currentTest?.fullTitle() ?? '');
  },
  async afterAll(this: Context) {
    this.timeout(120_000);
    for (const hook of afterEveryFile) await hook();
  },
};

/** Once, at the end of the run. */
export async function mochaGlobalTeardown(): Promise<void> {
  const server = process.env['MONGODB_URI'];
  if (!server) return;
  const connection = await createConnection(server).asPromise();
  const { databases } = await connection.listDatabases();
  for (const { name } of databases.filter((database) => database.name.startsWith(databasePrefix))) {
    await connection.useDb(name).dropDatabase();
  }
  await connection.close();
}
