import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

/** Paths whose values never reach the log. */
const redactedPaths = [
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
  '*.password',
  '*.password2',
  '*.currentPassword',
  '*.newPassword',
  '*.passwordHash',
  '*.clientSecret',
  '*.client_secret',
  '*.token',
  '*.access_token',
  '*.refresh_token',
  '*.id_token',
  '*.code_verifier',
  '*.secretKey',
  '*._csrf',
];

let output: DestinationStream | undefined;

/** Standard output, written to a few lines at a time: one system call for each would cost more than making the line. */
function standardOutput(): DestinationStream {
  if (output) return output;
  const stream = pino.destination({ dest: 1, sync: true, minLength: 4096, periodicFlush: 100 });
  process.once('exit', () => stream.flushSync());
  return (output = stream);
}

/** JSON lines on standard output, a tenth of a second late at most. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, redact: { paths: redactedPaths, censor: '[redacted]' }, base: null };
  return pino(options, destination ?? standardOutput());
}
