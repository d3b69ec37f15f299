import type { StoredDocument } from '../store.js';
import { defineCollection, nestedSchema, partySchema, requiredText } from './definition.js';
import type { AuditParty } from './events.js';

export const roleRequestStates = ['pending', 'approved', 'denied', 'cancelled', 'expired'] as const;
export type RoleRequestState = (typeof roleRequestStates)[number];

/** What was decided of a request. */
export interface RoleDecision {
  by: AuditParty;
  at: Date;
  message: string;
  /** When the role ends that was given; null: none was given. */
  until: Date | null;
}

/** A person is to have a role for a time, if one of those who may give it agrees. */
export interface RoleRequestDocument extends StoredDocument {
  user: { id: string; label: string };
  /** Full key. */
  role: string;
  requester: AuditParty;
  /** The user who made the API key that asked. Absent: a person asked, or no user made the key. */
  makerId?: string | null;
  reason: string;
  /** When the role is to end; null: `seconds` after the decision. */
  until: Date | null;
  seconds: number | null;
  /** `pending` also after {@link expiresAt}, until another request takes its place. */
  state: RoleRequestState;
  /** User and role while it is open: there is one for both at a time. Absent: closed. */
  openKey?: string;
  /** From then on it is too late to decide. */
  expiresAt: Date;
  decision: RoleDecision | null;
}

export const roleRequestSchema = defineCollection<RoleRequestDocument>(
  'role_requests',
  {
    user: { type: nestedSchema({ id: requiredText, label: requiredText }), required: true },
    role: { type: String, required: true },
    requester: { type: partySchema, required: true },
    makerId: String,
    reason: { type: String, required: true },
    until: Date,
    seconds: Number,
    state: { type: String, required: true, enum: roleRequestStates },
    openKey: { type: String, default: undefined },
    expiresAt: { type: Date, required: true },
    decision: nestedSchema({
      by: { type: partySchema, required: true },
      at: { type: Date, required: true },
      message: requiredText,
      until: Date,
    }),
  },
  [
    { name: 'role_requests_by_id', key: { tenantId: 1, _id: 1 } },
    {
      name: 'role_requests_open',
      key: { tenantId: 1, openKey: 1 },
      unique: true,
      where: { openKey: { $gt: '' } },
    },
    { name: 'role_requests_user', key: { tenantId: 1, 'user.id': 1, _id: 1 } },
    { name: 'role_requests_state', key: { tenantId: 1, state: 1, _id: 1 } },
  ],
);
