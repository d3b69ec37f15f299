/** Shapes of the two logs: requests of directories, and the audit trail. */

export interface Change {
  path: string;
  before?: unknown;
  after?: unknown;
}

export interface ScimRequest {
  id: string;
  at: string;
  method: string;
  path: string;
  status: number;
  latencyMs: number;
  requestId: string;
  userAgent: string | null;
  ip: string | null;
  credential: { type: string; id: string; name: string } | null;
  body?: unknown;
  deviations: string[];
  target: { type: string; id: string; label: string } | null;
  diff: Change[];
  roleChanges: { userId: string; granted: string[]; withdrawn: string[] }[];
  error: {
    status: number;
    scimType: string | null;
    detail: string;
    hint: string | null;
    conflictsWith?: {
      type: 'user' | 'group';
      id: string;
      label: string;
      directory: { id: string; name: string } | null;
    } | null;
  } | null;
}

/** One request by itself. */
export interface OneScimRequest extends ScimRequest {
  /** Of users and groups that the changes speak of, by id. */
  names: Record<string, string>;
  operations: Pick<ScimRequest, 'method' | 'path' | 'status' | 'target' | 'diff' | 'roleChanges' | 'error'>[];
}

export interface AuditEvent {
  id: string;
  at: string;
  actor: { type: string; id: string | null; label: string };
  action: string;
  target: { type: string; id: string | null; label: string } | null;
  changes: Change[];
  requestId: string | null;
  ip: string | null;
  result: 'success' | 'failure';
}
