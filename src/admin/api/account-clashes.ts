import { Readable } from 'node:stream';
import { writeEvent } from '../../identity/audit/audit.js';
import type { Core } from '../../identity/core.js';
import {
  accountsOf,
  clashSources,
  clashStates,
  getClash,
  listClashes,
  openClashes,
  type AccountClashDocument,
} from '../../identity/sso/account-clashes.js';
import { decideClash } from '../../identity/sso/clash-decisions.js';
import { decideClashes } from '../../identity/bulk/clash-file.js';
import { sendCsv } from '../csv.js';
import { listOf, pageAfter, pageParameters } from '../list.js';
import { accountClashSchema, decisionSchema, presentClash } from '../present/account-clash.js';
import { id } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Account clashes';

async function present(core: Core, clashes: readonly AccountClashDocument[]) {
  const [first] = clashes;
  if (!first) return [];
  const accounts = await accountsOf(core, first.tenantId, clashes);
  return clashes.map((clash) => presentClash(clash, accounts.get(clash.userId)));
}

const listAll = route({
  method: 'get',
  path: '/account-clashes',
  id: 'listAccountClashes',
  summary: 'Sign-ins and requests of directories that met a user who is not theirs, newest first',
  tag,
  permission: 'users.read',
  query: z.strictObject({
    state: z.enum(clashStates).optional(),
    source: z.enum(clashSources).optional(),
    ...pageParameters,
  }),
  output: listOf(accountClashSchema),
  async handler(context) {
    const { core, actor, query } = context;
    const filter = {
      ...(query.state !== undefined && { state: query.state }),
      ...(query.source !== undefined && { source: query.source }),
    };
    const page = await pageAfter(
      context,
      (afterId: string | undefined, limit) =>
        listClashes(core, actor.tenantId, filter, { ...limit, afterId }),
      ({ _id }) => _id,
    );
    return { body: { ...page, items: await present(core, page.items) } };
  },
});

const decideOne = route({
  method: 'post',
  path: '/account-clashes/{id}/decide',
  id: 'decideAccountClash',
  summary: 'Decide what a clash means, and do it',
  tag,
  permission: 'users.update',
  stepUp: true,
  target: (core, tenantId, params: { readonly id: string }) => getClash(core, tenantId, params.id),
  body: z
    .strictObject({
      decision: decisionSchema,
      into: z.string().min(1).max(64).optional().describe('`merge`: id of the user that stays'),
      userName: z.string().min(1).max(320).optional().describe('`rename`: the new userName'),
      email: z.string().min(1).max(320).optional().describe('`rename`: the new address'),
    })
    .openapi('DecideAccountClash'),
  output: accountClashSchema,
  async handler({ core, actor, params, body }) {
    const clash = await decideClash(core, actor, params.id, body);
    const accounts = await accountsOf(core, actor.tenantId, [clash]);
    return { body: presentClash(clash, accounts.get(clash.userId)) };
  },
});

const exportOpen = route({
  method: 'get',
  path: '/account-clashes/export.csv',
  id: 'exportAccountClashes',
  summary: 'The open clashes as CSV, with columns for the decisions',
  tag,
  permission: 'users.export',
  produces: 'text/csv',
  async handler({ core, actor, ...reader }) {
    await writeEvent(core, actor, { action: 'user.clashes_exported' });
    const clashes = await present(core, await openClashes(core, actor.tenantId));
    const titles = ['Id', 'Source', 'From', 'Incoming', 'User', 'Reason', 'Times', 'Last seen'];
    const decisions = ['Decision', 'Into', 'New userName', 'New email'];
    const rows = clashes.map(({ id: clashId, source, from, incoming, user, reason, times, lastSeenAt }) => [
      ...[clashId, source, from.name, incoming, user?.label ?? '', reason, String(times), lastSeenAt],
      ...['', '', '', ''],
    ]);
    await sendCsv(
      reader,
      'account-clashes',
      core.clock.now(),
      [...titles, ...decisions],
      Readable.from(rows),
    );
    return undefined;
  },
});

const decideFile = route({
  method: 'post',
  path: '/account-clashes/decisions',
  id: 'decideAccountClashes',
  summary: 'Decide by the CSV file of the export; lines without a decision stay open',
  tag,
  permission: 'users.update',
  stepUp: true,
  body: z
    .strictObject({ content: z.string().min(1).max(1_048_576).describe('the file as text') })
    .openapi('DecideAccountClashes'),
  output: z
    .strictObject({
      results: z.array(
        z.strictObject({
          line: z.int(),
          id,
          outcome: z.enum(['done', 'failed']),
          reason: z.string().nullable(),
        }),
      ),
    })
    .openapi('AccountClashResults'),
  handler: async ({ core, actor, body }) => ({
    body: { results: await decideClashes(core, actor, body.content) },
  }),
});

export const accountClashRoutes: readonly Route[] = [listAll, exportOpen, decideFile, decideOne];
