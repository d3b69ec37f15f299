import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Core } from '../../src/identity/core.js';
import type { Mail } from '../../src/infrastructure/mailer.js';
import { eventually } from './eventually.js';

export type StoredMail = Mail & { createdAt: string };

/** The mails to this address so far, oldest first. */
export async function mailsTo(core: Core, address: string): Promise<StoredMail[]> {
  const folder = join(core.config.dataDir, 'outbox');
  const names = await readdir(folder).catch(() => []);
  const complete = names.filter((name) => name.endsWith('.json')).sort();
  const mails = await Promise.all(
    complete.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as StoredMail),
  );
  return mails.filter(({ to }) => to === address);
}

/** Waits until there are so many mails to this address. */
export async function waitForMails(core: Core, address: string, count = 1): Promise<StoredMail[]> {
  const all = async () => {
    const mails = await mailsTo(core, address);
    return mails.length >= count && mails;
  };
  return eventually(all, `${count} mails to ${address}`);
}
