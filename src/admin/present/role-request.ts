import { stateOf } from '../../identity/roles/role-request-search.js';
import type { RoleRequestDocument } from '../../identity/roles/role-requests.js';
import { z } from '../schema.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

export const roleRequestStatuses = ['pending', 'approved', 'denied', 'cancelled', 'expired'] as const;

const party = z.strictObject({ type: z.string(), id, label: z.string() });

export const roleRequestSchema = z
  .strictObject({
    id,
    user: z.strictObject({ id, label: z.string() }).describe('who is to have the role'),
    role: z.string(),
    status: z.enum(roleRequestStatuses),
    requester: party,
    reason: z.string(),
    until: instantOrNull.describe('when the role is to end; null: `seconds` after the decision'),
    seconds: z.number().int().nullable(),
    createdAt: instant,
    expiresAt: instant.describe('until then it can be decided'),
    decision: z
      .strictObject({
        by: party,
        at: instant,
        message: z.string(),
        until: instantOrNull.describe('when the role ends that was given'),
      })
      .nullable(),
  })
  .openapi('RoleRequest');

const partyOf = ({ type, id: partyId, label }: RoleRequestDocument['requester']) => ({
  type,
  id: partyId,
  label,
});

export function presentRequest(request: RoleRequestDocument, now: Date): z.input<typeof roleRequestSchema> {
  const { decision, user } = request;
  return {
    id: request._id,
    user: { id: user.id, label: user.label },
    role: request.role,
    status: stateOf(request, now),
    requester: partyOf(request.requester),
    reason: request.reason,
    until: isoOrNull(request.until),
    seconds: request.seconds,
    createdAt: iso(request.createdAt),
    expiresAt: iso(request.expiresAt),
    decision: decision && {
      by: partyOf(decision.by),
      at: iso(decision.at),
      message: decision.message,
      until: isoOrNull(decision.until),
    },
  };
}
