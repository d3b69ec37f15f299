import { loadConfig, type Config } from '../infrastructure/config.js';
import { createLogger } from '../infrastructure/logger.js';
import { packageFolder } from '../infrastructure/package-info.js';
import type { Core } from '../identity/core.js';
import { openCore } from '../main.js';
import { join } from 'node:path';
import type { Terminal } from './command.js';

/** The configuration as the server reads it. */
export function readConfig(terminal: Terminal): Config {
  return loadConfig(terminal.env, join(packageFolder, 'config'));
}

/**
 * Opens the configured database for one command, beside a server that may be running on it, and lets go of it afterwards.
 *
 * @throws AppError `server.unavailable` when the database does not answer.
 */
export async function withCore<R>(terminal: Terminal, work: (core: Core) => Promise<R>): Promise<R> {
  const config = readConfig(terminal);
  const core = await openCore(config, { log: createLogger('silent') });
  try {
    await core.store.ping();
    return await work(core);
  } finally {
    await core.store.close();
  }
}
