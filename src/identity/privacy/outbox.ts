import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Core } from '../core.js';
import type { Masker } from './marks.js';

const isGone = (error: unknown): boolean => (error as { code?: unknown }).code === 'ENOENT';

/** Removes the mails to a person, and about them, from this process's `DATA_DIR/outbox`. @returns how many. */
export async function eraseOutbox(core: Core, masker: Masker): Promise<number> {
  const folder = join(core.config.dataDir, 'outbox');
  const names = await readdir(folder).catch((error: unknown) => {
    if (isGone(error)) return [];
    throw error;
  });
  let count = 0;
  for (const name of names) {
    const file = join(folder, name);
    const text = await readFile(file, 'utf8').catch(() => '');
    if (!masker.mentions(text)) continue;
    await rm(file, { force: true });
    count += 1;
  }
  return count;
}
