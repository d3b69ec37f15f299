import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from './config.js';
import { randomBytes } from 'node:crypto';

const fileName = 'secret-key';

/** Where a generated key is kept. */
export const secretKeyFile = (dataDir: string): string => join(dataDir, fileName);

/** The key that is kept, or undefined; makes none. */
export async function findSecretKey(dataDir: string): Promise<string | undefined> {
  const key = await readFile(secretKeyFile(dataDir), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  });
  return key === undefined ? undefined : sound(key.trim(), dataDir);
}

function sound(key: string, dataDir: string): string {
  if (Buffer.byteLength(key) >= 32) return key;
  throw new ConfigError([
    `DATA_DIR: ${secretKeyFile(dataDir)} holds no key of 32 bytes or more: put it back from a backup`,
  ]);
}

/**
 * The server's secret when none is configured: made once and kept in the data folder, readable by its owner alone. Two processes that
 * start together end up with the same one.
 */
export async function keptSecretKey(dataDir: string): Promise<string> {
  const path = secretKeyFile(dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, `${randomBytes(48).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return sound((await readFile(path, 'utf8')).trim(), dataDir);
}
