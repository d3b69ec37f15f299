// How long a start takes where a bootstrap file declares many tenants: `npm run bench -- --only start [--tenants 500]`.
// The first start makes them all; the second finds nothing to change, as every later one does.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

const secret = (prefix) => `${prefix}_${randomBytes(32).toString('base64url')}`;

/** A bootstrap file's content: tenants with a role, an application, a directory, a connection, a key and a user each. */
export function manyTenants(count) {
  return {
    tenants: Array.from({ length: count }, (_, at) => ({
      slug: `tenant-${at}`,
      name: `Tenant ${at}`,
      roles: [{ key: 'support', name: 'Support', permissions: ['users.read'] }],
      applications: [
        {
          key: 'crm',
          name: 'CRM',
          clientId: `crm-${at}`,
          clientSecret: secret('crm'),
          redirectUris: [`https://crm.tenant-${at}.test/callback`],
          roles: [{ key: 'agent', name: 'Agent', permissions: ['calls.read'] }],
        },
      ],
      users: [
        { email: `ada@tenant-${at}.test`, givenName: 'Ada', familyName: 'L', roles: ['administrator'] },
      ],
      apiKeys: [{ name: 'ci', key: secret('gh_sk'), role: 'administrator' }],
      directories: [
        {
          name: 'Okta',
          tokens: [{ name: 't1', token: secret('gh_scim') }],
          roleRules: [{ when: { path: 'groups.displayName', is: 'Engineering' }, grant: ['crm:agent'] }],
        },
      ],
      ssoConnections: [
        {
          name: 'Okta',
          issuer: `https://tenant-${at}.okta.test`,
          clientId: 'gatehouse',
          clientSecret: secret('okta'),
          domains: [{ domain: `tenant-${at}.test`, verified: true }],
          mode: 'optional',
        },
      ],
    })),
  };
}

/** Seconds of processor time a process has taken; the system counts them in hundredths. */
function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/**
 * @param start - starts a server and waits until it is ready; called twice on the same database.
 */
export async function measureStart(start, tenants) {
  console.log(`\n${tenants} tenants in the bootstrap file\n`);
  console.log('| start | seconds until ready | seconds of processor time |\n|---|--:|--:|');
  for (const name of ['first', 'second, nothing changed']) {
    const begun = performance.now();
    const { child, stop } = await start();
    const seconds = (performance.now() - begun) / 1000;
    console.log(`| ${name} | ${seconds.toFixed(1)} | ${processorSeconds(child.pid).toFixed(1)} |`);
    await stop();
  }
}
