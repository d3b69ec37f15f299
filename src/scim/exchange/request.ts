import type { Actor, Core } from '../../identity/core.js';
import type { SchemaRegistry } from '../protocol/schema-registry.js';
import type { ColumnMapping, ForeignValues } from '../protocol/column-mapping.js';
import type { Trace } from './trace.js';
import type { Dialect, LearnedDialect } from '../../shared/dialects.js';

/** One SCIM request, free of HTTP: what a handler sees, be it sent alone, inside a `/Bulk` or replayed from the log. */
export interface ScimRequest {
  readonly method: string;
  /** The decoded segments below `/scim/v2`, e.g. `['Users', '0190...']`; empty for the root. */
  readonly segments: readonly string[];
  /** Query parameters by name; the last of several with one name wins, but lists of attributes are joined. */
  readonly query: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined when there was none. */
  readonly body: unknown;
  /** `If-Match` as sent (or a bulk operation's `version`). */
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  /** What the directory's attribute mapping took out of the body. */
  readonly foreign?: ForeignValues;
}

/** The answer to one request. A body is JSON text, so that stored resources are rendered once. */
export interface ScimAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** On whose behalf a request runs, and all it may touch. */
export interface ScimContext {
  readonly core: Core;
  readonly actor: Actor;
  readonly tenantId: string;
  /** The directory whose token was shown; null for a person's access token (`/Me`). */
  readonly directoryId: string | null;
  /** The person an access token belongs to; null for directory tokens. */
  readonly userId: string | null;
  /** How the directory's deviations from the RFC are read. */
  readonly dialect: Dialect;
  /** What `auto` has found out about who sends the requests; null: nothing yet. */
  readonly learnedDialect: LearnedDialect | null;
  /** How the directory fills users' attributes; undefined: as they are sent. */
  readonly mapping?: readonly ColumnMapping[] | undefined;
  /** Where links point: `BASE_URL/scim/v2`. */
  readonly baseUrl: string;
  /** The resource types with all their extensions. */
  readonly schemas: SchemaRegistry;
  /** What the request log will want to know. */
  readonly trace: Trace;
}

export type ScimHandler = (context: ScimContext, request: ScimRequest) => Promise<ScimAnswer> | ScimAnswer;
