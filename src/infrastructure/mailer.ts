import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';

/** One message to one person. */
export interface Mail {
  /** A plain address. */
  to: string;
  subject: string;
  text: string;
  html: string;
  /** Names its kind, e.g. `password_reset`. */
  template: string;
  /** The link it is about, absolute. */
  link: string;
}

export interface Mailer {
  /** @throws whatever the mail server or the disk says; the caller tries again later. */
  send(mail: Mail, id: string, now: Date): Promise<void>;
}

interface MailHome {
  smtpUrl?: string | undefined;
  mailFrom: string;
  dataDir: string;
}

/** How long a mail server may be silent at any point: its mails wait, and others behind them. */
const defaultSilenceMs = 10_000;

/**
 * Sends through `SMTP_URL`; without one each mail becomes a JSON file in `DATA_DIR/outbox`, complete from the moment it is there.
 */
export function createMailer(
  { dataDir, mailFrom, smtpUrl }: MailHome,
  { silenceMs = defaultSilenceMs }: { silenceMs?: number } = {},
): Mailer {
  if (smtpUrl !== undefined) {
    const transport = createTransport({
      url: smtpUrl,
      connectionTimeout: silenceMs,
      greetingTimeout: silenceMs,
      socketTimeout: silenceMs,
    });
    return {
      async send({ to, subject, text, html }) {
        // An address object: nothing in the text can name further recipients.
        const recipient = { name: '', address: to };
        // RFC 3834: no automatic reply should answer it.
        const headers = { 'Auto-Submitted': 'auto-generated' };
        await transport.sendMail({ from: mailFrom, to: recipient, subject, text, html, headers });
      },
    };
  }
  const folder = join(dataDir, 'outbox');
  return {
    async send({ to, subject, text, html, template, link }, id, now) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await chmod(folder, 0o700);
      const createdAt = now.toISOString();
      const file = join(folder, `${createdAt.replace(/[:.]/g, '-')}-${id}.json`);
      const content = JSON.stringify({ to, subject, text, html, template, link, createdAt }, null, 2);
      await writeFile(`${file}.part`, content, { mode: 0o600 });
      await rename(`${file}.part`, file);
    },
  };
}
