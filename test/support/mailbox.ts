import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Core } from '../../src/identity/core.js';
import type { Mail } from '../../src/infrastructure/mailer.js';

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
  const deadline = Date.now() + 5000;
  while (Date.now() < deadline) {
    const mails = await mailsTo(core, address);
    if (mails.length >= count) return mails;
    await delay(20);
  }
  throw new Error(`no mail to ${address} in 5 s`);
}
