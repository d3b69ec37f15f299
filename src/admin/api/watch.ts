import { listDirectories } from '../../identity/directories/directories.js';
import { listConnections } from '../../identity/sso/connections.js';
import { heldSince } from '../../identity/users/held-changes.js';
import { pulseOf } from '../../identity/watch/rhythm.js';
import { heartbeatsOf, heartbeatStates } from '../../identity/watch/watch.js';
import type { HeartbeatDocument } from '../../persistence/collections/heartbeats.js';
import { listOf, namedListQuery, pageOfNamed } from '../list.js';
import { id, instantOrNull, isoOrNull } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { directoryTag } from './directories.js';

const fields = {
  id,
  name: z.string(),
  state: z
    .enum(heartbeatStates)
    .describe('`waiting`: not looked at yet; `learning`: too little is known to say; `off`: not in use'),
  since: instantOrNull.describe('of this state'),
  checkedAt: instantOrNull,
  checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() })),
};

const connectionHealth = z.strictObject(fields).openapi('ConnectionHealth');
const directoryHealth = z
  .strictObject({
    ...fields,
    lastRequestAt: instantOrNull,
    usualGapSeconds: z.number().nullable().describe('its longest usual silence; null while it is learned'),
    silentAt: instantOrNull.describe('when it counts as silent, if nothing comes until then'),
    heldSince: instantOrNull.describe('since when its change guard holds changes back'),
  })
  .openapi('DirectoryHealth');

function present(heartbeat: HeartbeatDocument | undefined) {
  return {
    state: heartbeat?.state ?? ('waiting' as const),
    since: isoOrNull(heartbeat?.since ?? null),
    checkedAt: isoOrNull(heartbeat?.checkedAt ?? null),
    checks: heartbeat?.checks ?? [],
  };
}

function presentRhythm(heartbeat: HeartbeatDocument | undefined, now: Date) {
  const rhythm = heartbeat?.rhythm;
  if (!rhythm) return { lastRequestAt: null, usualGapSeconds: null, silentAt: null };
  const { gapSeconds, silentAt } = pulseOf(rhythm, now);
  return {
    lastRequestAt: isoOrNull(rhythm.lastAt),
    usualGapSeconds: gapSeconds,
    silentAt: isoOrNull(silentAt),
  };
}

const connections = route({
  method: 'get',
  path: '/watch/sso-connections',
  id: 'watchConnections',
  summary: 'How each SSO connection does: looked at every 15 minutes',
  tag: 'SSO connections',
  permission: 'sso.manage',
  query: namedListQuery,
  output: listOf(connectionHealth),
  async handler(context) {
    const { core, actor } = context;
    const all = await listConnections(core, actor.tenantId);
    const page = await pageOfNamed(context, all, ({ name }) => [name]);
    const found = await heartbeatsOf(core, actor.tenantId, 'connection');
    const items = page.items.map(({ _id, name }) => ({ id: _id, name, ...present(found.get(_id)) }));
    return { body: { ...page, items } };
  },
});

const directories = route({
  method: 'get',
  path: '/watch/directories',
  id: 'watchDirectories',
  summary: 'How each directory does: whether it calls as it used to, and whether changes are held back',
  tag: directoryTag,
  permission: 'scim.manage',
  query: namedListQuery,
  output: listOf(directoryHealth),
  async handler(context) {
    const { core, actor } = context;
    const all = await listDirectories(core, actor.tenantId);
    const page = await pageOfNamed(context, all, ({ name }) => [name]);
    const found = await heartbeatsOf(core, actor.tenantId, 'directory');
    const now = core.clock.now();
    const items = page.items.map(async ({ _id, name }) => ({
      ...{ id: _id, name, ...present(found.get(_id)), ...presentRhythm(found.get(_id), now) },
      heldSince: isoOrNull(await heldSince(core, actor.tenantId, _id)),
    }));
    return { body: { ...page, items: await Promise.all(items) } };
  },
});

export const watchRoutes: readonly Route[] = [connections, directories];
