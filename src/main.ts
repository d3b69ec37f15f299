import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createApp, type App } from './app.js';
import { applyBootstrap, BootstrapError, parseBootstrap, weakSecrets } from './identity/bootstrap.js';
import { rehearseBootstrap } from './identity/bootstrap-rehearsal.js';
import type { Core } from './identity/core.js';
import { serverOptions } from './http/server-options.js';
import { ConfigError, type Config } from './infrastructure/config.js';
import { createLogger, type Logger } from './infrastructure/logger.js';
import { packageVersion } from './infrastructure/package-info.js';
import { createPasswordHasher } from './infrastructure/password-hash.js';
import { createSecretBox, SealBroken } from './infrastructure/secret-box.js';
import { keptSecretKey } from './infrastructure/secret-key.js';
import { openStore } from './persistence/connect.js';
import { systemClock, type Clock } from './shared/clock.js';
import { AppError } from './shared/errors.js';

/** A server that listens. */
export interface RunningServer {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly core: Core;
  /** Answers 503 on `/readyz` for the drain time, then finishes what runs, closes the port and the database. */
  stop(drainSeconds?: number): Promise<void>;
}

/** Opens the database and makes what every part works with. The commands of the CLI use it without a server. */
export async function openCore(config: Config, parts: { log?: Logger; clock?: Clock } = {}): Promise<Core> {
  const log = parts.log ?? createLogger(config.logLevel);
  const clock = parts.clock ?? systemClock;
  const secretKey = config.secretKey ?? (await keptSecretKey(config.dataDir));
  const store = await openStore({ mongodbUri: config.mongodbUri, dataDir: config.dataDir, clock, log });
  return {
    config,
    store,
    clock,
    log,
    secretBox: createSecretBox(secretKey),
    passwords: createPasswordHasher(),
  };
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

async function stopServer(server: Server, app: App, core: Core, drainSeconds: number): Promise<void> {
  app.readiness.isDraining = true;
  await delay(drainSeconds * 1000);
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await app.stop();
  await closed;
  await core.store.close();
}

async function applyBootstrapFile(core: Core, path: string): Promise<void> {
  try {
    const file = parseBootstrap(JSON.parse(await readFile(path, 'utf8')));
    const weak = weakSecrets(file);
    if (weak.length > 0)
      core.log.warn({ path, weak }, 'the bootstrap file holds secrets short enough to guess');
    await rehearseBootstrap(core, file);
    await applyBootstrap(core, file);
  } catch (error) {
    if (error instanceof AppError && error.status >= 500) throw error;
    if (error instanceof BootstrapError)
      throw new ConfigError(error.problems.map((problem) => `BOOTSTRAP_FILE ${problem}`));
    const problem = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`BOOTSTRAP_FILE ${path}: ${problem}`]);
  }
}

const wrongKeyProblem =
  'SECRET_KEY: is not the one this database was made with (when it is not set, the file secret-key in DATA_DIR is): what is sealed in it cannot be opened';

/**
 * Starts a server: database, bootstrap file, port.
 *
 * @throws ConfigError when the bootstrap file has faults or the database was sealed under another key; AppError `server.unavailable` when the database does not answer; an error with
 *   code EADDRINUSE when the port is taken.
 */
export async function startServer(
  config: Config,
  parts: { log?: Logger; clock?: Clock } = {},
): Promise<RunningServer> {
  const core = await openCore(config, parts);
  try {
    const app = createApp(core, packageVersion);
    // Before anything is written: it also shows whether this is the key the database was sealed under.
    await app.prepare().catch((error: unknown) => {
      throw error instanceof SealBroken ? new ConfigError([wrongKeyProblem]) : error;
    });
    if (config.bootstrapFile !== undefined) await applyBootstrapFile(core, config.bootstrapFile);
    const server = createServer(serverOptions, app.express);
    const url = await listen(server, config.port, config.host);
    app.start();
    let stopping: Promise<void> | undefined;
    return {
      url,
      core,
      stop: (drainSeconds = config.drainSeconds) =>
        (stopping ??= stopServer(server, app, core, drainSeconds)),
    };
  } catch (error) {
    await core.store.close();
    throw error;
  }
}
