import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../src/app.js';
import { serverOptions } from '../../src/http/server-options.js';
import type { Core } from '../../src/identity/core.js';
import type { Config } from '../../src/infrastructure/config-schema.js';
import { createLogger } from '../../src/infrastructure/logger.js';
import type { PasswordHasher } from '../../src/infrastructure/password-hash.js';
import { applyBootstrap, parseBootstrap } from '../../src/identity/bootstrap/bootstrap.js';
import type { Store } from '../../src/persistence/store.js';
import { systemClock, type Clock } from '../../src/shared/clock.js';
import { testConfig, testCoreOf } from './core-parts.js';
import { openTestStore } from './store.js';

/** A whole server over real HTTP on a free port, with a store of its own. */
export interface TestApp {
  /** Its origin, which is also its `BASE_URL`, e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly core: Core;
  stop(): Promise<void>;
}

export interface TestAppOptions {
  /** A bootstrap file's content (docs/bootstrap.md). */
  bootstrap?: object;
  /** Settings that differ from the defaults. */
  config?: Partial<Config>;
  /** Default: the machine's clock. */
  clock?: Clock;
  /** Default: hashes that cost next to nothing. */
  passwords?: PasswordHasher;
  /** Puts something between the server and its store, e.g. one that counts. */
  wrapStore?: (store: Store) => Store;
  /** Loopback address to listen on: cookies ignore ports, so two servers of one test stand on two addresses. */
  host?: string;
  /** The host of `BASE_URL`, where it is another than the one listened on. */
  siteHost?: string;
}

/** Starts a server; stop it in an `after` hook. */
export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const clock = options.clock ?? systemClock;
  const host = options.host ?? '127.0.0.1';
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-app-'));
  const server = createServer(serverOptions);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  const env = {
    BASE_URL: options.siteHost === undefined ? url : url.replace(host, options.siteHost),
    DATA_DIR: dataDir,
    LOG_LEVEL: process.env['TEST_LOG'] ?? 'fatal',
  };
  const config: Config = { ...testConfig(env), ...options.config };
  const store = await openTestStore(clock);
  const core = testCoreOf({
    config,
    clock,
    store: options.wrapStore?.(store) ?? store,
    log: createLogger(config.logLevel),
    ...(options.passwords && { passwords: options.passwords }),
  });
  if (options.bootstrap) await applyBootstrap(core, parseBootstrap(options.bootstrap));
  const app = createApp(core, '0.0.0-test');
  server.on('request', app.express);
  app.start();
  return {
    url,
    core,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await app.stop();
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
