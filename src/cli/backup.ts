import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { secretKeyFile } from '../infrastructure/secret-key.js';
import { CommandError, exitCodes, type Command } from './command.js';
import { readConfig, withCore } from './server-core.js';

/** A folder that is named gets a file named like the database, so that it can stand in as DATA_DIR. */
async function targetOf(path: string): Promise<string> {
  const isFolder =
    path.endsWith('/') ||
    ((await stat(path).catch(() => undefined))?.isDirectory() ?? !path.endsWith('.mdb'));
  const target = resolve(isFolder ? join(path, 'store.mdb') : path);
  if (existsSync(target))
    throw new CommandError(exitCodes.failed, `${target} is there already: name another place`);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  return target;
}

/** `mongodump` reads the address from the environment: credentials do not belong on a command line. */
const mongoLines = [
  'MongoDB has its own tools; take a backup with',
  '  mongodump --uri "$MONGODB_URI" --oplog --archive=gatehouse.archive --gzip',
  'where the address names no database (--oplog takes all of them),',
  'and keep SECRET_KEY with it: what is sealed cannot be opened without',
];

export const backupCommand: Command = {
  name: 'backup',
  summary: 'write a consistent copy of the embedded database to a folder or file, while a server runs',
  options: {},
  positionals: ['PLACE'],
  async run({ positionals, terminal, report }) {
    const config = readConfig(terminal);
    if (config.mongodbUri !== undefined) {
      report({ store: 'mongodb', command: mongoLines[1]?.trim() }, mongoLines);
      return exitCodes.failed;
    }
    return withCore(
      terminal,
      async (core) => {
        const target = await targetOf(positionals[0] ?? '');
        await core.store.backup?.(target);
        await chmod(target, 0o600);
        const kept = secretKeyFile(config.dataDir);
        const hasKept = config.secretKey === undefined && existsSync(kept);
        const key = hasKept ? join(dirname(target), 'secret-key') : null;
        if (key !== null && !existsSync(key)) {
          await copyFile(kept, key);
          await chmod(key, 0o600);
        }
        report({ store: 'embedded', file: target, secretKey: key ?? 'SECRET_KEY' }, [
          `wrote ${target}`,
          key === null
            ? 'keep SECRET_KEY with it: what is sealed cannot be opened without'
            : `wrote ${key}: it opens what is sealed; keep both out of others' hands`,
        ]);
        return exitCodes.ok;
      },
      'read',
    );
  },
};
