import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createApp, type App } from './app.js';
import { applyBootstrap, BootstrapError, type BootstrapOutcome } from './identity/bootstrap/bootstrap.js';
import { overriddenBy } from './identity/bootstrap/overrides.js';
import { planBootstrap } from './identity/bootstrap/rehearsal.js';
import { exampleSecrets, weakSecrets } from './identity/bootstrap/secrets.js';
import type { Core } from './identity/core.js';
import { createDrainer, type Drainer } from './http/draining.js';
import { serverOptions } from './http/server-options.js';
import { ConfigError } from './infrastructure/config.js';
import { type Config } from './infrastructure/config-schema.js';
import { createLogger, type Logger } from './infrastructure/logger.js';
import { packageVersion } from './infrastructure/package-info.js';
import { createPasswordHasher } from './infrastructure/password-hash.js';
import { createSecretBox, SealBroken } from './infrastructure/secret-box.js';
import { findSecretKey, keptSecretKey } from './infrastructure/secret-key.js';
import { hasEmbedded, openScratchStore, openStore } from './persistence/connect.js';
import type { Opening } from './persistence/format.js';
import { systemClock, type Clock } from './shared/clock.js';
import { newServices } from './identity/services.js';
import { adoptSealKey, resealAll } from './identity/keys/reseal.js';
import { AppError } from './shared/errors.js';
import { fileFault } from './infrastructure/file-fault.js';

/** A server that listens. */
export interface RunningServer {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly core: Core;
  /** Answers 503 on `/readyz` for the drain time, then finishes what runs, closes the port and the database. */
  stop(drainSeconds?: number): Promise<void>;
}

interface CoreParts {
  log?: Logger;
  clock?: Clock;
  /** What for; absent: for a server. */
  opening?: Opening;
}

/** The configured key, or the one kept in the data folder; only where nothing is there yet one is made. */
async function secretKeyOf({ secretKey, dataDir, mongodbUri }: Config, opening: Opening): Promise<string> {
  if (secretKey !== undefined) return secretKey;
  const kept = await findSecretKey(dataDir);
  if (kept !== undefined) return kept;
  if (mongodbUri === undefined && hasEmbedded(dataDir)) throw new ConfigError([missingKeyProblem(dataDir)]);
  if (opening === 'read')
    throw new ConfigError(['SECRET_KEY: is not set, and there is no file secret-key in DATA_DIR']);
  return keptSecretKey(dataDir);
}

const missingKeyProblem = (dataDir: string): string =>
  `SECRET_KEY: is not set, and the key of the database in ${dataDir} is not beside it (the file secret-key): put it back. Another key cannot open what is sealed`;

/** Opens the database and makes what every part works with. The commands of the CLI use it without a server. */
export async function openCore(
  config: Config,
  { opening = 'server', ...parts }: CoreParts = {},
): Promise<Core> {
  const log = parts.log ?? createLogger(config.logLevel);
  const clock = parts.clock ?? systemClock;
  const { mongodbUri, dataDir } = config;
  if (opening === 'read' && mongodbUri === undefined && !hasEmbedded(dataDir)) {
    throw new AppError(
      'server.unavailable',
      `there is no database in ${dataDir} (DATA_DIR): a start makes one`,
    );
  }
  const secretKey = await secretKeyOf(config, opening);
  const requiresTransactions = config.environment === 'production';
  const store = await openStore({ mongodbUri, dataDir, clock, log, opening, requiresTransactions });
  const secretBox = createSecretBox(secretKey);
  const core = {
    config,
    store,
    clock,
    log,
    secretBox,
    passwords: createPasswordHasher(config.limits.hashesAtOnce),
    ...newServices(),
  };
  try {
    await adoptSealKey(core, opening !== 'read');
    return core;
  } catch (error) {
    await store.close();
    throw error instanceof SealBroken ? new ConfigError([wrongKeyProblem]) : error;
  }
}

/** A core on an empty database that is gone once it is closed. */
export async function openScratchCore(config: Config, log: Logger): Promise<Core> {
  const store = await openScratchStore(systemClock);
  const secretBox = createSecretBox(randomBytes(32).toString('base64url'));
  return {
    config,
    store,
    clock: systemClock,
    log,
    secretBox,
    passwords: createPasswordHasher(config.limits.hashesAtOnce),
    ...newServices(),
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

async function stopServer(drainer: Drainer, app: App, core: Core, drainSeconds: number): Promise<void> {
  core.log.info({ drainSeconds }, 'stopping');
  app.readiness.isDraining = true;
  drainer.begin();
  await delay(drainSeconds * 1000);
  const closed = drainer.close();
  await app.stop();
  await closed;
  await core.store.close();
  core.log.info('stopped');
}

async function readBootstrapFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new ConfigError([`BOOTSTRAP_FILE ${path}: ${fileFault(error)}`]);
  }
}

/** Applies the file. @returns how to tell of it, which reads a good deal and may wait until the server listens. */
async function applyBootstrapFile(core: Core, path: string): Promise<() => Promise<void>> {
  const json = await readBootstrapFile(path);
  try {
    const file = await planBootstrap(core, json);
    const examples = exampleSecrets(file);
    if (examples.length > 0 && core.config.environment === 'production') {
      throw new BootstrapError(examples.map((where) => `${where}: is an example value and publicly known`));
    }
    const outcome = await applyBootstrap(core, file);
    return async () => {
      const weak = [...new Set([...weakSecrets(file), ...examples])];
      if (weak.length > 0)
        core.log.warn({ path, weak }, 'the bootstrap file holds secrets that are easy to guess');
      core.log.info({ path, ...outcome, overridden: await overriddenBy(core, file) }, bootstrapLine(outcome));
    };
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    throw new ConfigError(error.problems.map((problem) => `BOOTSTRAP_FILE ${problem}`));
  }
}

/** Under this name `OPERATOR_KEY` stands among the operator keys. */
const operatorKeyName = 'OPERATOR_KEY';

/** `OPERATOR_KEY` is one entry of a bootstrap file: a key that was revoked or replaced here stays so. */
async function applyOperatorKey(core: Core, key: string): Promise<void> {
  try {
    await applyBootstrap(core, { tenants: [], operatorKeys: [{ name: operatorKeyName, key }] });
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    throw new ConfigError(error.problems.map((problem) => `${operatorKeyName}: ${problem}`));
  }
}

const bootstrapLine = ({ created, updated, unchanged }: BootstrapOutcome): string =>
  `bootstrap file: ${created} created, ${updated} updated, ${unchanged} unchanged`;

/** While two keys are given, the older one's seals are replaced; once that is done it can be taken away. */
async function resealUnderNewest(core: Core): Promise<void> {
  if (core.secretBox.keys === 1) return;
  const resealed = await resealAll(core);
  core.log.info(
    { resealed },
    'everything is sealed under the first key of SECRET_KEY: the others can be taken away',
  );
}

export const wrongKeyProblem =
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
    await resealUnderNewest(core);
    if (config.operatorKey !== undefined) await applyOperatorKey(core, config.operatorKey);
    const tell =
      config.bootstrapFile === undefined ? undefined : await applyBootstrapFile(core, config.bootstrapFile);
    const server = createServer(serverOptions, app.express);
    const drainer = createDrainer(server);
    const url = await listen(server, config.port, config.host);
    app.start();
    await tell?.();
    let stopping: Promise<void> | undefined;
    return {
      url,
      core,
      stop: (drainSeconds = config.drainSeconds) =>
        (stopping ??= stopServer(drainer, app, core, drainSeconds)),
    };
  } catch (error) {
    await core.store.close();
    throw error;
  }
}
