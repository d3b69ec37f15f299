import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed, nestedSchema, partySchema, requiredText } from './definition.js';

/** What became of one operation of a bulk request. */
export interface ScimOperationRecord extends Pick<
  ScimRequestDocument,
  'method' | 'path' | 'status' | 'target' | 'roleChanges' | 'error'
> {
  diff: { path: string; before: unknown; after: unknown }[];
}

/** One SCIM request as the directory's log keeps it; secrets and passwords never. */
export interface ScimRequestDocument extends StoredDocument {
  directoryId: string;
  at: Date;
  method: string;
  /** Below `/scim/v2`, with its query. */
  path: string;
  status: number;
  latencyMs: number;
  requestId: string;
  userAgent: string;
  ip: string;
  /** What the request was let in by; absent in an entry of an older version. */
  credential?: { type: 'token' | 'client' | 'federation' | 'pull'; id: string; name: string };
  /** The body as sent, without secrets: what a replay sends again; null when there was none. */
  body: unknown;
  /** Names of the tolerated deviations, e.g. `entra.string_boolean`. */
  deviations: string[];
  target: { type: string; id: string; label: string } | null;
  /** Attribute by attribute; with `sent` in place of `after`, the new value is what the body's member of that name says. */
  diff: { path: string; before: unknown; after?: unknown; sent?: true }[];
  roleChanges: { userId: string; granted: string[]; withdrawn: string[] }[];
  error: {
    status: number;
    scimType: string | null;
    detail: string;
    hint: string;
    /** The user or group that has the value already; null or absent: none. */
    conflictsWith?: {
      type: 'user' | 'group';
      id: string;
      label: string;
      directory: { id: string; name: string } | null;
    } | null;
  } | null;
  /** Of a bulk request, operation by operation, what `diff` and `roleChanges` tell of all others; empty for those. */
  operations: ScimOperationRecord[];
  expiresAt: Date;
}

const roleChangeSchema = nestedSchema({
  userId: requiredText,
  granted: { type: [String], required: true },
  withdrawn: { type: [String], required: true },
});

export const scimRequestSchema = defineCollection<ScimRequestDocument>(
  'scim_requests',
  {
    directoryId: { type: String, required: true },
    at: { type: Date, required: true },
    method: { type: String, required: true },
    path: { type: String, required: true },
    status: { type: Number, required: true },
    latencyMs: { type: Number, required: true },
    requestId: { type: String, required: true },
    userAgent: { type: String, required: true },
    ip: { type: String, required: true },
    credential: nestedSchema({ type: { ...requiredText }, id: requiredText, name: requiredText }),
    body: Mixed,
    deviations: { type: [String], required: true },
    target: partySchema,
    diff: { type: [Mixed], required: true },
    roleChanges: { type: [roleChangeSchema], required: true },
    error: Mixed,
    operations: { type: [Mixed], required: true },
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'scim_requests_directory', key: { tenantId: 1, directoryId: 1, _id: 1 } },
    { name: 'scim_requests_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);

/** How often a directory's requests deviated from the RFC, by the deviation's name; `_id` is the directory's. */
export interface DeviationCountDocument extends StoredDocument {
  counts: Record<string, number>;
}

export const deviationCountSchema = defineCollection<DeviationCountDocument>(
  'deviation_counts',
  { counts: { type: Mixed, required: true } },
  [],
);
