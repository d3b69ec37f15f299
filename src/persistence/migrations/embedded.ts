import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.js';
import { schemas } from '../collections/index.js';
import { migrateFile, readFileFormat } from './embedded-format-1.js';
import type { MigrationStep, MigrationTarget } from './migration.js';
import { firstFormat, storeFormat } from '../format.js';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The embedded database of a data folder as `gatehouse migrate` sees it. */
export class EmbeddedMigrationTarget implements MigrationTarget {
  readonly to = storeFormat;
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  format(): Promise<number | undefined> {
    return readFileFormat(this.#dataDir);
  }

  async steps(): Promise<readonly MigrationStep[]> {
    if ((await this.format()) !== firstFormat) return [];
    const title = 'write the file of the embedded database again (the old one is kept as store.mdb.format-1)';
    return [{ title, apply: () => migrateFile(this.#dataDir, schemas) }];
  }

  /** A file with the process's number. One that a crash left behind counts no more. */
  lock(): Promise<() => Promise<void>> {
    const file = join(this.#dataDir, 'migrate.lock');
    if (existsSync(file) && !isAlive(Number(readFileSync(file, 'utf8')))) rmSync(file, { force: true });
    mkdirSync(this.#dataDir, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return Promise.reject(
        new AppError(
          'store.conflict',
          `another migration of this database is running (see ${file}); wait for its end`,
        ),
      );
    }
    return Promise.resolve(() => {
      rmSync(file, { force: true });
      return Promise.resolve();
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
