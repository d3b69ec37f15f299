import type { AuditEventDocument } from '../../identity/audit/audit.js';
import { z } from '../schema.js';
import { id, instant, iso } from './fields.js';

const party = z.strictObject({ type: z.string(), id: z.string(), label: z.string() });

export const auditEventSchema = z
  .strictObject({
    id,
    at: instant,
    actor: party,
    action: z.string().describe('`noun.verb`, e.g. `user.disabled`'),
    target: party.nullable(),
    changes: z
      .array(z.strictObject({ path: z.string(), before: z.unknown(), after: z.unknown() }))
      .describe('field by field, without secrets'),
    requestId: z.string().nullable(),
    ip: z.string().nullable(),
    result: z.enum(['success', 'failure']),
  })
  .openapi('AuditEvent');

export function presentAuditEvent(event: AuditEventDocument) {
  return {
    id: event._id,
    at: iso(event.at),
    actor: event.actor,
    action: event.action,
    target: event.target,
    changes: event.changes,
    requestId: event.requestId,
    ip: event.ip,
    result: event.result,
  };
}
