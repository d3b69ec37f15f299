import { createHash } from 'node:crypto';
import type { Core } from '../core.js';
import { digestOf } from './seal.js';

/**
 * One hash for a tenant's whole audit trail at this moment: of the newest seal, which covers all events before it, and of each
 * event since.
 *
 * @returns SHA-256, base64url.
 */
export async function auditHead(core: Core, tenantId: string): Promise<string> {
  const scope = core.store.tenant(tenantId);
  const seal = await scope.collection('audit_seals').findOne({}, { sort: { sequence: -1 } });
  const hash = createHash('sha256').update(`${seal?.mac ?? ''}\n`);
  const since = seal ? { _id: { $gt: seal.toId } } : {};
  for await (const event of scope.collection('audit_events').iterate(since)) hash.update(digestOf([event]));
  return hash.digest('base64url');
}
