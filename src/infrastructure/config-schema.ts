import { isIP } from 'node:net';
import { z } from 'zod';
import { sinkFault } from './sinks/sink.js';
import { operatorKeyRule, operatorKeyShape } from './operator-key.js';

const flag = z.union(
  [z.boolean(), z.enum(['1', '0', 'true', 'false']).transform((text) => text === '1' || text === 'true')],
  'must be 1 or 0',
);
const portFault = 'must be a port: a whole number from 0 to 65535';
const port = z.coerce.number(portFault).int(portFault).min(0, portFault).max(65_535, portFault);
const drainFault = 'must be a number of seconds from 0 to 60';
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const positive = z.coerce.number().int().positive();

/** An IP address, or a host's name: its last part is no number, or it would be an address with a typing error. */
const isHost = (text: string): boolean =>
  isIP(text) !== 0 || (/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/.test(text) && !/(^|\.)\d+$/.test(text));

/** `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`, as node's resolver takes them. */
function isNameServer(text: string): boolean {
  const [, inBrackets, host] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(text) ?? [];
  return isIP(inBrackets ?? host ?? text) !== 0;
}

/** An address or a range of addresses (`10.0.0.0/8`) as `TRUST_PROXY` lists them, or express' word for a well-known one. */
function isProxy(entry: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(entry)) return true;
  const [address = '', prefix, ...more] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return (
    prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
  );
}

/**
 * Every setting of the server with its meaning; `docs/configuration.md` is generated from it. Tenants have settings of their own
 * (`identity/tenants/settings.ts`).
 */
export const configSchema = z.strictObject({
  environment: z
    .string()
    .describe('`NODE_ENV`; `production` demands `SECRET_KEY` and refuses secrets that are example values'),
  port: port.describe('port to listen on; 0 takes a free one'),
  host: z
    .string()
    .refine((text) => isHost(text), 'must be an address of this machine, such as 127.0.0.1 or 0.0.0.0')
    .describe('address to listen on'),
  baseUrl: z
    .url({
      protocol: /^https?$/,
      error: 'must be an address with http:// or https://, such as https://id.example.com',
    })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('public address, the only source of absolute links; default http://localhost:PORT'),
  mongodbUri: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://')
    .optional()
    .describe('MongoDB; absent: the embedded database in DATA_DIR'),
  dataDir: z
    .string()
    .min(1)
    .describe('folder of the embedded database, generated secrets and the mail outbox'),
  bootstrapFile: z.string().min(1).optional().describe('declarative set-up applied at each start'),
  secretKey: z
    .string()
    .refine((key) => Buffer.byteLength(key) >= 32, 'must be at least 32 bytes long')
    .optional()
    .describe(
      'encrypts stored secrets and signs cookies, 32 bytes or more; `new,old` while it is being changed; absent: made once and kept in DATA_DIR, refused in production',
    ),
  operatorKey: z
    .string()
    .regex(operatorKeyShape, operatorKeyRule)
    .optional()
    .describe('first key of the operator, who manages all tenants; once it is revoked it stays dead'),
  smtpUrl: z
    .url({
      protocol: /^smtps?$/,
      error: 'must be an address such as smtp://user:password@mail.example.com:587',
    })
    .optional()
    .describe('mail server; absent: each mail is a JSON file in DATA_DIR/outbox'),
  mailFrom: z.string().min(3).describe('sender of mails'),
  dnsServers: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .refine((servers) => servers.length > 0 && servers.every(isNameServer), {
      error:
        'must be IP addresses with commas between, each with a port where it is not 53 (192.0.2.53, [::1]:5353)',
    })
    .optional()
    .describe('name servers that are asked for the TXT records of domains; absent: those of the machine'),
  trustProxy: z
    .string()
    .refine(
      (text) => /^\d+$/.test(text) || text.split(',').every((entry) => isProxy(entry.trim())),
      'must be a number of proxies, or addresses and ranges (10.0.0.0/8) with commas between',
    )
    .optional()
    .describe('how many proxies stand in front (a number), or their addresses; absent: none'),
  logLevel: z
    .enum(logLevels, `must be one of ${logLevels.join(', ')}`)
    .describe('least level of the log lines'),
  allowPrivateIssuers: flag.describe(
    'allow http:// and loopback or private addresses for issuers, key sets and back-channel logout',
  ),
  eventStreams: z
    .union([z.array(z.string()), z.string().transform((text) => text.split(/\s+/).filter(Boolean))])
    .refine((all) => all.every((one) => sinkFault(one) === undefined), {
      error: ({ input }) =>
        (input as string[]).map((one) => sinkFault(one)).find((fault) => fault !== undefined) ?? '',
    })
    .describe(
      'where the events of all tenants go, with spaces between: `https://`, `syslog+tcp://`, `syslog+tls://`, `syslog+udp://`, `file:///` (docs/operations.md)',
    ),
  eventStreamToken: z.string().min(1).optional().describe('bearer token for `https://` streams of events'),
  metricsToken: z
    .string()
    .min(16, 'must be at least 16 characters long')
    .optional()
    .describe('bearer token for /metrics; absent: open to loopback only'),
  drainSeconds: z.coerce
    .number(drainFault)
    .min(0, drainFault)
    .max(60, drainFault)
    .describe('how long /readyz answers 503 before a stop closes the port'),
  limits: z
    .strictObject({
      scimBodyBytes: positive.describe('largest SCIM body, bytes'),
      bulkOperations: positive.describe('most operations in one /Bulk request'),
      apiBodyBytes: positive.describe('largest API body, bytes'),
      importBodyBytes: positive.describe('largest API body that holds a file to import, bytes'),
      scimPageDefault: positive.describe('resources on a SCIM page when `count` is absent'),
      scimPageMax: positive.describe('most resources on a SCIM page'),
      failedCredentialsPerMinute: positive.describe('failed tokens per address and minute before 429'),
      signInPerMinutePerAddress: positive.describe('refused sign-in posts per address and minute before 429'),
      signInPerMinutePerAccount: positive.describe(
        'sign-in posts per account, from one address or known device, and minute before 429',
      ),
      signInStartsPerMinutePerAddress: positive.describe(
        'sign-ins begun (at the page, or by an application) per address and minute before 429',
      ),
      forgotPerMinutePerAddress: positive.describe(
        'password resets asked for per address and minute before 429',
      ),
      hashesAtOnce: positive
        .optional()
        .describe('passwords hashed at once; absent: one less than there are cores, at least 1, at most 3'),
      hashWaitSeconds: positive.describe('longest wait of a sign-in for its password’s turn before 503'),
    })
    .describe('limits'),
  scim: z
    .strictObject({
      requestLogDays: positive.describe('days a SCIM request stays in its directory’s log'),
      requestLogDailyMegabytes: positive.describe('what the log of one directory takes of a day (UTC)'),
      extensionSchemas: z
        .array(z.record(z.string(), z.unknown()))
        .describe(
          'further SCIM extension schemas: {alias, resource: "User"|"Group", schema: RFC 7643 section 7 form}',
        ),
    })
    .describe('SCIM'),
});

export type Config = Readonly<z.output<typeof configSchema>> & {
  /** Always set, without a trailing slash. */
  readonly baseUrl: string;
};

/** Environment variable to setting. Each may also be given as a file by `NAME_FILE`. */
export const environmentNames = {
  PORT: 'port',
  HOST: 'host',
  BASE_URL: 'baseUrl',
  MONGODB_URI: 'mongodbUri',
  DATA_DIR: 'dataDir',
  BOOTSTRAP_FILE: 'bootstrapFile',
  SECRET_KEY: 'secretKey',
  OPERATOR_KEY: 'operatorKey',
  SMTP_URL: 'smtpUrl',
  MAIL_FROM: 'mailFrom',
  DNS_SERVERS: 'dnsServers',
  TRUST_PROXY: 'trustProxy',
  LOG_LEVEL: 'logLevel',
  ALLOW_PRIVATE_ISSUERS: 'allowPrivateIssuers',
  EVENT_STREAMS: 'eventStreams',
  EVENT_STREAM_TOKEN: 'eventStreamToken',
  METRICS_TOKEN: 'metricsToken',
  DRAIN_SECONDS: 'drainSeconds',
} as const satisfies Record<string, keyof z.input<typeof configSchema>>;
