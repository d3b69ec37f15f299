import type { StoredDocument } from '../store.js';
import { defineCollection, nestedSchema, requiredText } from './definition.js';
import { loginTypes, type LoginType } from './users.js';

/** Somebody was asked in. Its status is derived: revoked, completed (answered), expired, else waiting. */
export interface InvitationDocument extends StoredDocument {
  userId: string;
  /** As typed, without spaces around it. */
  email: string;
  /** For the search: folded. */
  emailKey: string;
  /** Full keys of the roles it gives. */
  roles: string[];
  loginType: LoginType;
  accessExpiresAt: Date | null;
  sender: { id: string; name: string };
  /** For the search: folded. */
  senderKey: string;
  expiresAt: Date;
  respondedAt: Date | null;
  revokedAt: Date | null;
  resentCount: number;
  /** Why its newest mail could not be sent and was given up. */
  mailFailure?: string | null;
  /** The sender's own words, which a mail that is sent again repeats. Absent: none. */
  message?: string;
  /** Ids of the groups it puts the person into. Absent: none. */
  groups?: string[];
  /** Keys of the applications it assigns the person to. Absent: none. */
  services?: string[];
}

export const invitationSchema = defineCollection<InvitationDocument>(
  'invitations',
  {
    userId: { type: String, required: true },
    email: { type: String, required: true },
    emailKey: { type: String, required: true },
    roles: { type: [String], required: true },
    loginType: { type: String, required: true, enum: loginTypes },
    accessExpiresAt: Date,
    sender: { type: nestedSchema({ id: requiredText, name: requiredText }), required: true },
    senderKey: { type: String, required: true },
    expiresAt: { type: Date, required: true },
    respondedAt: Date,
    revokedAt: Date,
    resentCount: { type: Number, required: true },
    mailFailure: String,
    message: String,
    groups: { type: [String], default: undefined },
    services: { type: [String], default: undefined },
  },
  [
    { name: 'invitations_by_id', key: { tenantId: 1, _id: 1 } },
    { name: 'invitations_user', key: { tenantId: 1, userId: 1 } },
  ],
);
