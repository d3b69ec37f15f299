import { createServer, type AddressInfo, type Socket } from 'node:net';

/** One mail as the server took it. */
interface TakenMail {
  from: string;
  to: string[];
  /** Headers and body, dots unstuffed. */
  data: string;
}

/** How the next connections are treated; each holds until it is taken back. */
interface SmtpMisbehaviour {
  /** The reply to a mail's content, or to its recipient. */
  replyTo?: { command: 'AUTH' | 'RCPT' | 'DATA'; line: string };
  /** Takes the connection and never says a word. */
  isSilent?: boolean;
}

/** A mail server on loopback, as far as RFC 5321 and AUTH PLAIN and LOGIN are needed. */
export interface SmtpServer {
  readonly port: number;
  readonly mails: TakenMail[];
  /** What clients logged in with, as `user:password`. */
  readonly logins: string[];
  connections: number;
  misbehaviour: SmtpMisbehaviour;
  stop(): Promise<void>;
}

const addressIn = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? '';

function converse(server: SmtpServer, socket: Socket): void {
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  const mail: TakenMail = { from: '', to: [], data: '' };
  let isData = false;
  let buffer = '';
  const otherwise = (command: string): string | undefined =>
    server.misbehaviour.replyTo?.command === command ? server.misbehaviour.replyTo.line : undefined;

  const commands: Record<string, (line: string) => void> = {
    EHLO: () => ['250-mail.test', '250-AUTH PLAIN', '250 8BITMIME'].forEach(say),
    AUTH: (line) => {
      const [, user = '', password = ''] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
        .toString()
        .split('\0');
      server.logins.push(`${user}:${password}`);
      say(otherwise('AUTH') ?? '235 welcome');
    },
    MAIL: (line) => {
      mail.from = addressIn(line);
      say('250 ok');
    },
    RCPT: (line) => {
      const refusal = otherwise('RCPT');
      if (refusal === undefined) mail.to.push(addressIn(line));
      say(refusal ?? '250 ok');
    },
    DATA: () => {
      isData = true;
      say('354 go on');
    },
    QUIT: () => {
      say('221 bye');
      socket.end();
    },
  };
  const takeContent = (): void => {
    const end = buffer.indexOf('\r\n.\r\n');
    if (end < 0) return;
    const refusal = otherwise('DATA');
    if (refusal === undefined)
      server.mails.push({ ...mail, data: buffer.slice(0, end).replaceAll('\r\n..', '\r\n.') });
    buffer = buffer.slice(end + 5);
    isData = false;
    say(refusal ?? '250 taken');
  };

  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    buffer += chunk.toString();
    for (;;) {
      if (isData) takeContent();
      const end = buffer.indexOf('\r\n');
      if (isData || end < 0) return;
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      const command = commands[line.slice(0, 4).toUpperCase()];
      if (command) command(line);
      else say('502 unknown');
    }
  });
  say('220 mail.test');
}

export async function startSmtpServer(): Promise<SmtpServer> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    smtp.connections += 1;
    if (!smtp.misbehaviour.isSilent) converse(smtp, socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const smtp: SmtpServer = {
    port: (listener.address() as AddressInfo).port,
    mails: [],
    logins: [],
    connections: 0,
    misbehaviour: {},
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
  return smtp;
}
