import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed, nestedSchema, partySchema, requiredText } from './definition.js';

export interface AuditParty {
  type: string;
  id: string;
  label: string;
}

/** Who did what to whom. Append-only: there is no update and no delete. */
export interface AuditEventDocument extends StoredDocument {
  at: Date;
  actor: AuditParty;
  action: string;
  target: AuditParty | null;
  /** Field by field, without secrets: `{path, before, after}`. */
  changes: { path: string; before: unknown; after: unknown }[];
  requestId: string | null;
  ip: string | null;
  result: 'success' | 'failure';
}

export const auditEventSchema = defineCollection<AuditEventDocument>(
  'audit_events',
  {
    at: { type: Date, required: true },
    actor: { type: partySchema, required: true },
    action: { type: String, required: true },
    target: partySchema,
    changes: { type: [nestedSchema({ path: requiredText, before: Mixed, after: Mixed })], required: true },
    requestId: String,
    ip: String,
    result: { type: String, required: true, enum: ['success', 'failure'] },
  },
  [
    { name: 'audit_events_by_id', key: { tenantId: 1, _id: 1 } },
    { name: 'audit_events_action', key: { tenantId: 1, action: 1, _id: 1 } },
    { name: 'audit_events_target', key: { tenantId: 1, 'target.id': 1, _id: 1 } },
    { name: 'audit_events_actor', key: { tenantId: 1, 'actor.id': 1, _id: 1 } },
    {
      name: 'audit_events_failures',
      key: { tenantId: 1, result: 1, _id: 1 },
      where: { result: 'failure' },
    },
  ],
);

/**
 * Binds a run of audit events and the seal before it: `_id` is `<tenantId>:<sequence>`, so that two processes cannot make the same one.
 */
export interface AuditSealDocument extends StoredDocument {
  /** 1 for a tenant's first. */
  sequence: number;
  /** The run: ids beyond `fromId` (exclusive; empty for the first) up to `toId` (inclusive). */
  fromId: string;
  toId: string;
  count: number;
  /** What tells each event of the run from others: the ends of their ids, joined; absent in seals of earlier versions. */
  members?: string;
  /** Ids of events that came in below the seals that stood already, by another clock; their run is empty. */
  late?: string[];
  /** SHA-256 of the events. */
  digest: string;
  /** Keyed MAC of all of this and of the seal before. */
  mac: string;
  /** After an erasure: the digest of the events as they are now, under a MAC of its own. */
  amended?: { digest: string; mac: string };
}

export const auditSealSchema = defineCollection<AuditSealDocument>(
  'audit_seals',
  {
    sequence: { type: Number, required: true },
    fromId: { type: String, required: true },
    toId: { type: String, required: true },
    count: { type: Number, required: true },
    members: String,
    late: { type: [String], default: undefined },
    digest: { type: String, required: true },
    mac: { type: String, required: true },
    amended: nestedSchema({ digest: requiredText, mac: requiredText }),
  },
  [{ name: 'audit_seals_sequence', key: { tenantId: 1, sequence: 1 }, unique: true }],
);

/** What holds of a tenant's audit trail as a whole; `_id` is the tenant's. Absent: nothing was sealed yet by this version. */
export interface AuditTrailDocument extends StoredDocument {
  /** How often events were rewritten by erasures: a seal is made only of what was read since the last. */
  rewrites: number;
  /** The last seal of the part that was removed, as it was too old: the trail begins after it. Absent: it has its beginning. */
  foundation?: {
    sequence: number;
    toId: string;
    mac: string;
    /** Keyed MAC of this. */
    proof: string;
    /** Everything before it is gone. */
    isClean: boolean;
  };
}

export const auditTrailSchema = defineCollection<AuditTrailDocument>(
  'audit_trails',
  {
    rewrites: { type: Number, required: true },
    foundation: nestedSchema({
      sequence: { type: Number, required: true },
      toId: requiredText,
      mac: requiredText,
      proof: requiredText,
      isClean: { type: Boolean, required: true },
    }),
  },
  [],
);

/** Work to do after a commit, at least once: written in the same transaction as the change that asks for it. */
export interface JobDocument extends StoredDocument {
  kind: string;
  payload: Record<string, unknown>;
  runAt: Date;
  attempts: number;
  /** Held by a worker until then. */
  leasedUntil: Date | null;
  /** Not tried again after that; absent in jobs of earlier versions. */
  giveUpAt?: Date | null;
  /** When it was given up: it then waits for somebody to run it again or to remove it. */
  failedAt?: Date | null;
  /** Why it failed last. */
  error?: string | null;
}

export const jobSchema = defineCollection<JobDocument>(
  'jobs',
  {
    kind: { type: String, required: true },
    payload: { type: Mixed, required: true },
    runAt: { type: Date, required: true },
    attempts: { type: Number, required: true },
    leasedUntil: Date,
    giveUpAt: Date,
    failedAt: Date,
    error: String,
  },
  [
    { name: 'jobs_due', version: 2, key: { kind: 1, runAt: 1 } },
    { name: 'jobs_by_tenant', key: { tenantId: 1, failedAt: 1, _id: 1 } },
    { name: 'jobs_given_up', key: { failedAt: 1, _id: 1 }, where: { failedAt: { $gt: new Date(0) } } },
  ],
);
