import type { FieldChange } from '../../identity/changes.js';
import { commonSchemas } from '../../identity/tenants/schemas.js';
import type { Core } from '../../identity/core.js';
import type { DirectoryDocument } from '../../identity/directories/directories.js';
import type {
  ScimOperationRecord,
  ScimRequestDocument,
} from '../../persistence/collections/scim-requests.js';
import { cutLong, holdsCut } from '../../shared/cut-values.js';
import { newId } from '../../shared/ids.js';
import { createRests } from '../../shared/rests.js';
import { service } from '../../shared/services.js';
import { countDeviations, learnFrom } from './deviations.js';
import { fixHint } from './fix-hints.js';
import type { Failure } from '../exchange/error-response.js';
import { openLogWriter, type DroppedListener } from './log-writer.js';
import { openListeners, type LoggedRequest, type LogListener } from './listeners.js';
import { leanDiff } from './logged-diff.js';
import { neverReturned } from '../protocol/schema-registry.js';
import { refusedTarget } from '../exchange/targets.js';
import {
  masked,
  maskPath,
  maskSecrets,
  maskDetail,
  secretNames,
  type IsSecret,
  type Trace,
} from '../exchange/trace.js';

/** A request as it was answered, not yet in the form of the log. */
export interface AnsweredRequest {
  readonly tenantId: string;
  readonly directory: DirectoryDocument;
  readonly at: Date;
  readonly method: string;
  /** Below `/scim/v2`, with its query. */
  readonly path: string;
  readonly status: number;
  readonly latencyMs: number;
  readonly requestId: string;
  readonly userAgent: string;
  readonly ip: string;
  readonly credential: NonNullable<ScimRequestDocument['credential']>;
  readonly body: unknown;
  readonly trace: Trace;
  readonly failure: Failure | null;
}

export type { LoggedRequest } from './listeners.js';

export interface RequestLog {
  /** Queues one request; returns at once. What the disk does with it never slows the answer. */
  record(entry: AnsweredRequest): void;
  /** Writes what is queued. Never throws: a log that cannot be written is reported and dropped. */
  flush(): Promise<void>;
  /** @returns how to stop listening. */
  subscribe(directoryId: string, listener: LogListener): () => void;
  /** Tells of entries that are lost to the log, for the metrics. */
  tellDropped(listener: DroppedListener): void;
}

const flushAfterMs = 200;
/** Past this many waiting entries the newest are dropped: the log may not eat the memory when the database is away. */
const queueLimit = 20_000;
/** Longer texts are cut: certificates, pictures. A body that is larger even so is not kept; neither can be replayed. */
const maxCharacters = { text: 4096, whole: 256 * 1024 };

const dayMs = 86_400_000;

/** Whether a body was too large for the log. */
export function isOmitted(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'omitted' in body && body.omitted === true;
}

/** MongoDB takes no name with a NUL in it, and makes something of its own of `_bsontype`. */
function withPlainNames(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withPlainNames);
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name === '_bsontype' ? '␀_bsontype' : name.replaceAll('\0', '␀'),
      withPlainNames(entry),
    ]),
  );
}

function keptBody(body: unknown, isSecret: IsSecret): unknown {
  if (body === undefined) return null;
  // A text alone is no SCIM message: nothing says what is in it.
  if (typeof body === 'string') return { omitted: true, characters: body.length };
  const shorter = cutLong(withPlainNames(maskSecrets(body, isSecret)), maxCharacters);
  return holdsCut(shorter) && 'cut' in (shorter as object)
    ? { omitted: true, characters: JSON.stringify(body).length }
    : shorter;
}

/** A refusal as the log keeps it, with what to do about it. */
function toLoggedError(failure: Failure | null, isSecret: IsSecret): ScimRequestDocument['error'] {
  if (!failure) return null;
  const { status, scimType = null, detail, conflictsWith = null } = failure;
  return { status, scimType, detail: maskDetail(detail, isSecret), hint: fixHint(failure), conflictsWith };
}

/** A creation that was refused is about what stands in its way. */
function clashTarget(failure: Failure | null): Trace['target'] {
  const party = failure?.conflictsWith;
  return party ? { type: party.type === 'user' ? 'User' : 'Group', id: party.id, label: party.label } : null;
}

/** What a request, or one operation of a bulk request, changed; nothing when it was refused. */
export function toOutcome(
  { trace, failure }: { trace: Trace; failure: Failure | null },
  isSecret: IsSecret,
): Pick<ScimOperationRecord, 'target' | 'diff' | 'roleChanges' | 'error'> {
  const hidden = ({ path, before, after }: FieldChange): FieldChange =>
    isSecret(path)
      ? { path, before: masked, after: masked }
      : { path, before: cutLong(before, maxCharacters), after: cutLong(after, maxCharacters) };
  return {
    target: trace.target ?? clashTarget(failure),
    diff: failure ? [] : trace.diff().map(hidden),
    roleChanges: failure ? [] : trace.roleChanges(),
    error: toLoggedError(failure, isSecret),
  };
}

/** The operations of a bulk request. */
export async function toOperations(
  { operations }: Trace,
  isSecret: IsSecret,
): Promise<ScimOperationRecord[]> {
  const rest = createRests();
  const records: ScimOperationRecord[] = [];
  for (const { method, path, status, ...outcome } of operations) {
    records.push({ method, path: maskPath(path, isSecret), status, ...toOutcome(outcome, isSecret) });
    await rest();
  }
  return records;
}

/** What the log of this server keeps to itself. */
export const secretsOf = service((core: Core): IsSecret => secretNames(neverReturned(commonSchemas(core))));

async function toDocument(
  entry: AnsweredRequest,
  retentionDays: number,
  isSecret: IsSecret,
): Promise<LoggedRequest> {
  const { trace } = entry;
  const body = keptBody(entry.body, isSecret);
  const outcome = toOutcome(entry, isSecret);
  return {
    _id: newId(),
    tenantId: entry.tenantId,
    directoryId: entry.directory._id,
    at: entry.at,
    method: entry.method,
    path: maskPath(entry.path, isSecret),
    status: entry.status,
    latencyMs: Math.round(entry.latencyMs * 1000) / 1000,
    requestId: entry.requestId,
    userAgent: entry.userAgent,
    ip: entry.ip,
    credential: entry.credential,
    body,
    deviations: [...new Set(trace.deviations)],
    ...outcome,
    diff: leanDiff(outcome.diff, body),
    operations: await toOperations(trace, isSecret),
    expiresAt: new Date(entry.at.getTime() + retentionDays * dayMs),
  };
}

/** Says of a refused request, and of each refused operation of a bulk request, what it was about. */
async function nameTargets(core: Core, entries: readonly AnsweredRequest[]): Promise<void> {
  for (const { tenantId, path, failure, trace } of entries) {
    for (const one of [{ path, failure, trace }, ...trace.operations]) {
      if (one.failure) one.trace.target ??= await refusedTarget(core, tenantId, one.path).catch(() => null);
    }
  }
}

/** Counts the deviations of a batch and lets `auto` learn from it, directory by directory. */
async function noteDialects(core: Core, entries: readonly AnsweredRequest[]): Promise<void> {
  for (const directory of new Map(entries.map((entry) => [entry.directory._id, entry.directory])).values()) {
    const own = entries.filter((entry) => entry.directory._id === directory._id);
    await learnFrom(
      core,
      directory,
      own.map(({ method, path, body, userAgent, trace: { deviations } }) => ({
        method,
        path,
        body,
        userAgent,
        deviations,
      })),
    );
    await countDeviations(
      core,
      directory,
      own.flatMap(({ trace }) => trace.deviations),
    );
  }
}

/** The entries in the form of the log; one that cannot be described loses no other. */
async function describe(
  core: Core,
  entries: readonly AnsweredRequest[],
  isSecret: IsSecret,
  drop: DroppedListener,
): Promise<LoggedRequest[]> {
  const days = core.config.scim.requestLogDays;
  const documents: LoggedRequest[] = [];
  const rest = createRests();
  for (const entry of entries) {
    try {
      documents.push(await toDocument(entry, days, isSecret));
    } catch (error) {
      core.log.error({ err: error, requestId: entry.requestId }, 'a scim request could not be described');
      drop('refused', 1);
    }
    await rest();
  }
  return documents;
}

function openRequestLog(core: Core): RequestLog {
  let queue: AnsweredRequest[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let onDropped: DroppedListener | undefined;
  const listeners = openListeners();
  const drop: DroppedListener = (reason, count) => {
    core.log.warn({ reason, count }, 'scim request log: entries dropped');
    onDropped?.(reason, count);
  };
  const writer = openLogWriter(core, drop);

  async function write(entries: readonly AnsweredRequest[]): Promise<void> {
    const isSecret = secretsOf(core);
    await nameTargets(core, entries);
    const documents = await describe(core, entries, isSecret, drop);
    listeners.tell(documents);
    await writer.write(documents);
    await noteDialects(core, entries);
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const entries = queue;
    queue = [];
    writing = writing
      .then(() => (entries.length > 0 ? write(entries) : undefined))
      .catch((error: unknown) => core.log.warn({ err: error }, 'scim request log: not written'));
    return writing;
  }

  return {
    record(entry) {
      if (queue.length >= queueLimit) {
        drop('queue', 1);
        return;
      }
      queue.push(entry);
      timer ??= setTimeout(() => void flush(), flushAfterMs).unref();
    },
    flush,
    subscribe: listeners.add,
    tellDropped(listener) {
      onDropped = listener;
    },
  };
}

/** The request log of a server: one, so that those who write and those who read it meet. */
export const requestLogOf = service(openRequestLog);
