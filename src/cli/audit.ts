import { verifyAuditTrail, type AuditVerdict } from '../identity/audit/verify.js';
import type { Core } from '../identity/core.js';
import { listTenants, type TenantDocument } from '../identity/tenants/tenants.js';
import { exitCodes, textOf, UsageError, type Command } from './command.js';
import { withCore } from './server-core.js';
import { tenantOf, tenantOption } from './tenant.js';

function lineOf(slug: string, { broken, seals, sealed, late, unsealed, head }: AuditVerdict): string {
  if (broken) return `FAIL ${slug}: seal ${broken.sequence} does not hold: ${broken.reason}`;
  const noted = head === null ? '' : `; head ${head}`;
  const belated = late === 0 ? '' : `, ${late} came in late`;
  return `ok   ${slug}: ${sealed} events under ${seals} seals hold, ${unsealed} are not sealed yet${belated}${noted}`;
}

async function tenantsOf(core: Core, values: Parameters<typeof tenantOf>[1]): Promise<TenantDocument[]> {
  if (textOf(values, 'tenant') !== undefined) return [await tenantOf(core, values)];
  const tenants = await listTenants(core);
  if (textOf(values, 'head') !== undefined && tenants.length > 1) {
    throw new UsageError('--head belongs to one tenant: name it by --tenant');
  }
  return tenants;
}

export const auditVerifyCommand: Command = {
  name: 'audit verify',
  summary: 'check the seals of the audit trail: that no event was changed, removed or slipped in',
  options: {
    tenant: { ...tenantOption, describe: 'this tenant alone; else all' },
    head: {
      type: 'string',
      value: 'MAC',
      describe: 'a head that an earlier run printed: it must still be there',
    },
  },
  positionals: [],
  run: ({ values, terminal, report }) =>
    withCore(
      terminal,
      async (core) => {
        const results: ({ tenant: string } & AuditVerdict)[] = [];
        for (const tenant of await tenantsOf(core, values)) {
          const verdict = await verifyAuditTrail(core, tenant._id, textOf(values, 'head'));
          results.push({ tenant: tenant.slug, ...verdict });
        }
        const ok = results.every(({ broken }) => broken === null);
        report(
          { ok, tenants: results },
          results.map((result) => lineOf(result.tenant, result)),
        );
        return ok ? exitCodes.ok : exitCodes.failed;
      },
      'read',
    ),
};
