import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Core } from '../identity/core.js';
import { tenantConfig } from '../identity/tenant-config.js';
import { environmentNames } from '../infrastructure/config.js';
import { packageFolder, packageVersion } from '../infrastructure/package-info.js';

/** What a start tells: to a person at a terminal as lines, to everybody else as one log line. */
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
  /** What nobody can do without; undefined when nothing is missing. */
  missing: { what: string; help: string } | undefined;
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

/** Beyond so many tenants somebody is at work here already: they are not looked through. */
const mostTenants = 10;

async function missingOf(core: Core): Promise<StartFacts['missing']> {
  const { store } = core;
  const tenants = await store.server.collection('tenants').find({}, { limit: mostTenants + 1 });
  if (tenants.length > mostTenants) return undefined;
  for (const { _id } of tenants) {
    const { administratorRoles } = await tenantConfig(core, _id);
    const administrator = await store
      .tenant(_id)
      .collection('users')
      .findOne({ 'grants.role': { $in: [...administratorRoles] } });
    if (administrator) return undefined;
  }
  const what = tenants.length === 0 ? 'No tenant and no administrator yet' : 'No administrator yet';
  const slug = tenants[0]?.slug ?? 'acme';
  return { what, help: `npx gatehouse admin create --tenant ${slug} --email you@example.com` };
}

/** Collects what a start tells. No secret is in it. */
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
    missing: await missingOf(core),
  };
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
  if (facts.missing) lines.push(`  ! ${facts.missing.what}. Run:  ${facts.missing.help}`);
  return lines;
}
