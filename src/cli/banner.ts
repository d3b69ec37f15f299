import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Core } from '../identity/core.js';
import { firstRunToken } from '../identity/bootstrap/first-run.js';
import { tenantConfig } from '../identity/tenants/config.js';
import { isCustomer } from '../identity/tenants/operator-tenant.js';
import { environmentNames } from '../infrastructure/config-schema.js';
import { packageFolder, packageVersion, programCall } from '../infrastructure/package-info.js';

/** What has to be done before anybody can sign in. */
interface Missing {
  what: string;
  /** The command that does it. */
  help: string;
  /** The address that does it, where there is one: a secret, good once. */
  open?: string;
}

/** The message of a start: lines for a person at a terminal, else one log line. */
export interface StartFacts {
  version: string;
  node: string;
  environment: string;
  /** Files and variables the settings come from. */
  config: readonly string[];
  secrets: string;
  storage: string;
  /** Where it listens. */
  url: string;
  /** What links begin with. */
  baseUrl: string;
  mail: string;
  /** A required part that is missing; undefined when nothing is missing. */
  missing: Missing | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

function sourcesOf(environment: string, env: Environment): string[] {
  const files = ['default', environment].map((name) => join('config', `${name}.json`));
  const variables = Object.keys(environmentNames).flatMap((name) => [name, `${name}_FILE`]);
  return [
    ...files.filter((file) => existsSync(join(packageFolder, file))),
    ...variables.filter((name) => (env[name] ?? '') !== ''),
  ];
}

/** With more tenants the server is in use already: they are not searched. */
const maxTenants = 10;

const createAdministrator = (slug: string): string =>
  `${programCall()} admin create --tenant ${slug} --email you@example.com`;

/** The address by which a program on this machine reaches the server; undefined where it listens elsewhere only. */
function localUrl(url: string, baseUrl: string): string | undefined {
  const [listens, base] = [new URL(url), new URL(baseUrl)];
  const isLocal = ({ hostname }: URL): boolean => /^(localhost|127\..+|\[::1\])$/.test(hostname);
  const isAnywhere = ['0.0.0.0', '[::]'].includes(listens.hostname);
  if (!isLocal(listens) && !isAnywhere) return undefined;
  // Where links lead here anyway the person stays at one address, and signed in.
  if (isLocal(base) && base.protocol === 'http:' && base.port === listens.port) return baseUrl;
  return isAnywhere ? `http://localhost:${listens.port}` : url;
}

async function firstRunOf(core: Core, url: string): Promise<Missing> {
  const token = await firstRunToken(core);
  const address = localUrl(url, core.config.baseUrl);
  return {
    what: 'No tenant and no administrator yet',
    help: createAdministrator('acme'),
    ...(token !== undefined && address !== undefined && { open: `${address}/first-run/${token}` }),
  };
}

async function missingOf(core: Core, url: string): Promise<Missing | undefined> {
  const { store } = core;
  const tenants = await store.server.collection('tenants').find(isCustomer, { limit: maxTenants + 1 });
  if (tenants.length > maxTenants) return undefined;
  for (const { _id } of tenants) {
    const { administratorRoles } = await tenantConfig(core, _id);
    const administrator = await store
      .tenant(_id)
      .collection('users')
      .findOne({ 'grants.role': { $in: [...administratorRoles] } });
    if (administrator) return undefined;
  }
  const [first] = tenants;
  if (!first) return firstRunOf(core, url);
  return { what: 'No administrator yet', help: createAdministrator(first.slug) };
}

/** Collects the message of a start. It contains no secret except the address of the first run. */
export async function startFacts(
  { url, core }: { url: string; core: Core },
  env: Environment,
): Promise<StartFacts> {
  const { config, store } = core;
  return {
    version: packageVersion,
    node: process.versions.node,
    environment: config.environment,
    config: sourcesOf(config.environment, env),
    secrets: config.secretKey
      ? 'from SECRET_KEY'
      : `generated, kept in ${join(config.dataDir, 'secret-key')} (back this up)`,
    storage: store.description,
    url,
    baseUrl: config.baseUrl,
    mail: config.smtpUrl
      ? `by SMTP, from ${config.mailFrom}`
      : `no SMTP: messages are written to ${join(config.dataDir, 'outbox')}`,
    missing: await missingOf(core, url),
  };
}

function missingLines({ what, help, open }: Missing): string[] {
  if (open === undefined) return [`  ! ${what}. Run:  ${help}`];
  return [
    '',
    `  ! ${what}. Open this on this machine, it works once:`,
    '',
    `      ${open}`,
    '',
    `    or run:  ${help}`,
    '',
  ];
}

/** The same for a person: where everything is, and what is still missing. */
export function bannerLines(facts: StartFacts): string[] {
  const elsewhere = new URL(facts.url).port === new URL(facts.baseUrl).port ? '' : ` (at ${facts.url})`;
  const lines = [
    `  Gatehouse ${facts.version} · node ${facts.node} · ${facts.environment}`,
    `  config   ${facts.config.join(' + ')} · secrets: ${facts.secrets}`,
    `  storage  ${facts.storage}`,
    `  listen   ${facts.baseUrl}${elsewhere}   sign-in /signin   account /account   API /api/v1   its docs /docs/api`,
    `  scim     /scim/v2    oidc /oidc/.well-known/openid-configuration   health /healthz /readyz /metrics`,
    `  mail     ${facts.mail}`,
  ];
  return facts.missing ? [...lines, ...missingLines(facts.missing)] : lines;
}
