import { ConfigError } from '../infrastructure/config.js';

/** How the stored data are laid out. One more with each change that an older version could not read. */
export const storeFormat = 2;

/** The number of databases that were made before there was one. */
export const firstFormat = 1;

/** What a database is opened for: a server creates missing indexes; commands change none; readers do not even make a database. */
export type Opening = 'server' | 'command' | 'read';

const remedy = 'Stop all processes of it and run `gatehouse migrate` (docs/operations.md, "Upgrading")';

/**
 * Refuses a database of another format before anything of it is read or written.
 *
 * @param kept - the number in the database; undefined: a new one.
 * @param where - the setting that names the database.
 * @throws ConfigError
 */
export function requireFormat(kept: unknown, where: string): void {
  if (kept === undefined || kept === storeFormat) return;
  const isNewer = typeof kept === 'number' && kept > storeFormat;
  const found = typeof kept === 'number' ? kept : JSON.stringify(kept);
  throw new ConfigError([
    `${where}: the database has format ${found}, and this version of Gatehouse works with format ${storeFormat}. ` +
      (isNewer
        ? 'A newer version wrote it: start that one. Nothing was changed'
        : `${remedy}. Nothing was changed`),
  ]);
}

/** A start found indexes or validators that it may not replace by itself. */
export const needsMigration = (changes: readonly string[]): ConfigError =>
  new ConfigError([`the database needs a migration: ${changes.join(', ')}. ${remedy}. Nothing was changed`]);

/** A start found indexes of a newer version. */
export const databaseNewer = (indexes: readonly string[]): ConfigError =>
  new ConfigError([
    `a newer version of Gatehouse prepared this database: ${indexes.join(', ')}. Start that version. Nothing was changed`,
  ]);

/** A command found a database that a start of this version has not prepared yet. */
export const unprepared = (): ConfigError =>
  new ConfigError([
    'the database lacks collections or indexes of this version of Gatehouse. Start this version once, or run `gatehouse migrate`, then run commands. Nothing was changed',
  ]);

/** A command, or a server beside another, met a database whose indexes another version defined. */
export const otherVersion = (): ConfigError =>
  new ConfigError([
    'the database belongs to another version of Gatehouse. Indexes are changed by a start alone, when no other process has the database open: stop those, start this version, then run commands. Nothing was changed',
  ]);
