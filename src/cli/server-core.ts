import { ConfigError, loadConfig } from '../infrastructure/config.js';
import { type Config } from '../infrastructure/config-schema.js';
import { createLogger } from '../infrastructure/logger.js';
import { packageFolder } from '../infrastructure/package-info.js';
import type { Core } from '../identity/core.js';
import { SealBroken } from '../infrastructure/secret-box.js';
import { openCore, openScratchCore, wrongKeyProblem } from '../main.js';
import { join } from 'node:path';
import { CommandError, exitCodes, type Terminal } from './command.js';

/** The configuration as the server reads it. */
export function readConfig(terminal: Terminal): Config {
  return loadConfig(terminal.env, join(packageFolder, 'config'));
}

/** Faults of the operating system that an operator can correct: a folder that cannot be written, a port that is taken. */
const mendable: Readonly<Record<string, string>> = {
  EACCES: 'may not be used by this user',
  EADDRINUSE: 'is taken: set PORT to another',
  ENOSPC: 'is on a full disk',
  ENOTDIR: 'is not a folder',
  EROFS: 'is read-only',
};

/** What a failed start means: exit code 69 with a plain sentence for faults an operator can correct; other errors unchanged. */
export function startFailure(error: unknown): unknown {
  const { code, path, port } = error as { code?: unknown; path?: unknown; port?: unknown };
  const meaning = typeof code === 'string' ? mendable[code] : undefined;
  if (meaning === undefined) return error;
  const subject = typeof port === 'number' ? `port ${port}` : typeof path === 'string' ? path : 'DATA_DIR';
  return new CommandError(exitCodes.unavailable, `${subject} ${meaning}`);
}

/**
 * Opens the configured database for one command (`read`: one that writes nothing, and never creates a database), beside a server that may be running on it, and lets go of it afterwards.
 *
 * @throws AppError `server.unavailable` when the database does not answer; CommandError when its folder cannot be used.
 */
export async function withCore<R>(
  terminal: Terminal,
  work: (core: Core) => Promise<R>,
  opening: 'command' | 'read' = 'command',
): Promise<R> {
  const config = readConfig(terminal);
  const core = await openCore(config, { log: createLogger('silent'), opening }).catch((error: unknown) => {
    throw startFailure(error);
  });
  try {
    await core.store.ping();
    return await work(core);
  } catch (error) {
    throw error instanceof SealBroken ? new ConfigError([wrongKeyProblem]) : error;
  } finally {
    await core.store.close();
  }
}

/** A core on an empty database that is gone afterwards: to try something out where there is no database yet. */
export async function withScratchCore<R>(terminal: Terminal, work: (core: Core) => Promise<R>): Promise<R> {
  const core = await openScratchCore(readConfig(terminal), createLogger('silent'));
  try {
    return await work(core);
  } finally {
    await core.store.close();
  }
}
