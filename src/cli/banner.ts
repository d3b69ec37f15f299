import { packageVersion } from '../infrastructure/package-info.js';
import type { RunningServer } from '../main.js';

/** What a person sees when the server has started: where everything is, and what is still missing. */
export async function bannerLines({ url, core }: RunningServer): Promise<string[]> {
  const { config, store } = core;
  const tenants = await store.server.collection('tenants').count({});
  const secrets = config.secretKey
    ? 'from SECRET_KEY'
    : `generated, kept in ${config.dataDir}/secret-key (back this up)`;
  const mail = config.smtpUrl ? 'by SMTP_URL' : `no SMTP: messages are written to ${config.dataDir}/outbox`;
  const lines = [
    `  Gatehouse ${packageVersion} · node ${process.versions.node} · ${config.environment}`,
    `  secrets  ${secrets}`,
    `  storage  ${store.description}`,
    `  listen   ${config.baseUrl}${url.endsWith(`:${config.port}`) ? '' : ` (at ${url})`}   sign-in /signin   account /account`,
    `  scim     /scim/v2    oidc /oidc/.well-known/openid-configuration   api /api/v1   /openapi.json`,
    `  health   /healthz /readyz /metrics`,
    `  mail     ${mail}`,
  ];
  if (tenants === 0) {
    lines.push(
      `  ! No tenant yet. Name a file in BOOTSTRAP_FILE, or make the first administrator:`,
      `    npx gatehouse admin create --tenant acme --email you@example.com`,
    );
  }
  return lines;
}
