import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { prettyLine } from './pretty-line.js';
import { standardOutput } from './standard-output.js';

export type Logger = PinoLogger;

/** Paths whose values never reach the log. */
export const redactedPaths: string[] = [
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

/** Where log lines go: as they are, or made for a person where one looks at them. */
function logDestination(): DestinationStream {
  const output = standardOutput();
  return process.stdout.isTTY ? { write: (line) => output.write(prettyLine(line)) } : output;
}

/**
 * JSON lines on standard output, at a terminal lines for people, a tenth of a second late at most. What cannot be written there is dropped
 * and counted.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, redact: { paths: redactedPaths, censor: '[redacted]' }, base: null };
  return pino(options, destination ?? logDestination());
}
