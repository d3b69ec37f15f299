import type { SessionDocument } from '../../identity/users/sessions.js';
import { z } from '../schema.js';
import { id, instant, iso } from './fields.js';

export const sessionSchema = z
  .strictObject({
    id,
    current: z.boolean().describe('the session this request was made in'),
    method: z.enum(['password', 'passkey', 'sso']),
    createdAt: instant,
    lastSeenAt: instant,
    expiresAt: instant.describe('if it is not used again'),
    ip: z.string(),
    userAgent: z.string(),
  })
  .openapi('Session');

export function presentSession(session: SessionDocument, currentId: string | null) {
  return {
    id: session._id,
    current: session._id === currentId,
    method: session.method,
    createdAt: iso(session.signedInAt),
    lastSeenAt: iso(session.lastSeenAt),
    expiresAt: iso(session.expiresAt),
    ip: session.ip,
    userAgent: session.userAgent,
  };
}
