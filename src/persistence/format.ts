import { ConfigError } from '../infrastructure/config.js';

/** How the stored data are laid out. One more with each change that an older version could not read. */
export const storeFormat = 1;

/** What a database is opened for: a server may build indexes; commands leave everything as it is; readers do not even make one. */
export type Opening = 'server' | 'command' | 'read';

/**
 * Refuses a database that another version keeps otherwise, before anything of it is read or written.
 *
 * @param kept - the number in the database; undefined: a new one, or one of the first.
 * @param where - the setting that names the database.
 * @throws ConfigError
 */
export function requireFormat(kept: unknown, where: string): void {
  if (kept === undefined || kept === storeFormat) return;
  const isNewer = typeof kept === 'number' && kept > storeFormat;
  throw new ConfigError([
    `${where}: the database has format ${typeof kept === 'number' ? kept : JSON.stringify(kept)}, and this version of Gatehouse works with format ${storeFormat}. ` +
      (isNewer
        ? 'A newer version wrote it: start that one. Nothing was changed'
        : 'An older version wrote it: export with that one and import here, or restore a backup. Nothing was changed'),
  ]);
}

/** A command, or a server beside another, met a database whose indexes another version defined. */
export const otherVersion = (): ConfigError =>
  new ConfigError([
    'the database belongs to another version of Gatehouse. Indexes are changed by a start alone, when no other process has the database open: stop those, start this version, then run commands. Nothing was changed',
  ]);
