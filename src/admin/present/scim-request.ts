import { fullDiff, type LoggedRequest, type Replay } from '../../scim/log/preview.js';
import { z } from '../schema.js';
import { id, instant, iso } from './fields.js';

const party = z.strictObject({ type: z.string(), id: z.string(), label: z.string() });
export const diff = z.array(z.strictObject({ path: z.string(), before: z.unknown(), after: z.unknown() }));
const deviations = z.array(z.string()).describe('tolerated departures from the RFCs');

const roleChanges = z.array(
  z.strictObject({ userId: z.string(), granted: z.array(z.string()), withdrawn: z.array(z.string()) }),
);

const error = z
  .strictObject({
    status: z.number().int(),
    scimType: z.string().nullable(),
    detail: z.string(),
    hint: z.string().describe('what to do about it'),
    conflictsWith: z
      .strictObject({
        type: z.enum(['user', 'group']),
        id: z.string(),
        label: z.string(),
        directory: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
      })
      .nullish()
      .describe('the user or group that has the value already; the directory does not see it'),
  })
  .nullable();

const operations = z
  .array(
    z.strictObject({
      method: z.string(),
      path: z.string(),
      status: z.number().int(),
      target: party.nullable(),
      diff,
      roleChanges,
      error,
    }),
  )
  .describe('of a bulk request, what each did, in order; empty for all others');

export const scimRequestSchema = z
  .strictObject({
    id,
    directoryId: z.string(),
    at: instant,
    method: z.string(),
    path: z.string().describe('below `/scim/v2`, with its query'),
    status: z.number().int(),
    latencyMs: z.number(),
    requestId: z.string(),
    userAgent: z.string(),
    ip: z.string(),
    credential: z
      .strictObject({
        type: z.enum(['token', 'client', 'federation', 'pull']),
        id: z.string(),
        name: z.string(),
      })
      .nullable()
      .describe('which of the directory’s credentials it came with; `pull`: it was made by a pull'),
    body: z.unknown().describe('as it was sent, without secrets'),
    deviations,
    target: party.nullable(),
    diff: diff.describe('attribute by attribute'),
    roleChanges,
    error,
    operations,
  })
  .openapi('ScimRequest');

const names = z
  .record(z.string(), z.string())
  .describe(
    'addresses and names, by their ids, of the users and groups that the changes speak of: at most 200',
  );

export const oneScimRequestSchema = z
  .strictObject({ ...scimRequestSchema.shape, names })
  .openapi('OneScimRequest');

export function presentScimRequest(request: LoggedRequest) {
  return {
    id: request._id,
    directoryId: request.directoryId,
    at: iso(request.at),
    method: request.method,
    path: request.path,
    status: request.status,
    latencyMs: request.latencyMs,
    requestId: request.requestId,
    userAgent: request.userAgent,
    ip: request.ip,
    credential: request.credential ?? null,
    body: request.body ?? null,
    deviations: request.deviations,
    target: request.target,
    diff: fullDiff(request),
    roleChanges: request.roleChanges,
    error: request.error,
    operations: request.operations,
  };
}

export const replaySchema = z
  .strictObject({ status: z.number().int(), deviations, diff, roleChanges, error, operations, names })
  .openapi('Replay');

export function presentReplay(replay: Replay, names: Record<string, string>) {
  return { ...replay, names, deviations: [...replay.deviations] };
}
