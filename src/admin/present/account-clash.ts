import {
  clashDecisions,
  clashSources,
  clashStates,
  type AccountClashDocument,
} from '../../identity/sso/account-clashes.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { z } from '../schema.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

export const decisionSchema = z
  .enum(clashDecisions)
  .describe(
    '`link`: it is this user; `apart`: it is not, and stays out; `merge`: this user becomes the user `into`; `rename`: this user gets another name',
  );

export const accountClashSchema = z
  .strictObject({
    id,
    source: z.enum(clashSources).describe('a sign-in at a connection, or a request of a directory'),
    from: z.strictObject({ id, name: z.string() }).describe('the connection or directory'),
    incoming: z.string().describe('the address or userName it came with'),
    issuer: z.string().nullable(),
    subject: z.string().nullable().describe('who it is at the provider; null for a directory'),
    user: z
      .strictObject({ id, label: z.string(), loginType: z.string(), directoryId: z.string().nullable() })
      .nullable()
      .describe('the user that it met; null: is gone'),
    reason: z.string(),
    times: z.int(),
    firstSeenAt: instant,
    lastSeenAt: instant,
    state: z.enum(clashStates),
    decision: decisionSchema.nullable(),
    decidedAt: instantOrNull,
    decidedBy: z.string().nullable(),
  })
  .openapi('AccountClash');

/** @param user - the account it met; undefined: it is gone. */
export function presentClash(clash: AccountClashDocument, user: UserDocument | undefined) {
  const { _id, source, sourceId, sourceName, incoming, issuer, subject, reason, times } = clash;
  return {
    id: _id,
    from: { id: sourceId, name: sourceName },
    ...{ source, incoming, issuer, subject, reason, times },
    user: user
      ? {
          id: user._id,
          label: user.email ?? user.userName,
          loginType: user.loginType,
          directoryId: user.directoryId,
        }
      : null,
    firstSeenAt: iso(clash.createdAt),
    lastSeenAt: iso(clash.lastSeenAt),
    state: clash.state,
    decision: clash.decision,
    decidedAt: isoOrNull(clash.decidedAt),
    decidedBy: clash.decidedBy,
  };
}
