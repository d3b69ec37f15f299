import {
  importedFormats,
  peopleImport,
  rowsOfPeople,
  type PeopleOptions,
} from '../../identity/bulk/import-people.js';
import {
  invitationImport,
  memberImport,
  rowsOfInvitations,
  rowsOfMembers,
  type InvitationOptions,
} from '../../identity/bulk/import-others.js';
import { startBulk } from '../../identity/bulk/jobs.js';
import { requirePermission } from '../../identity/permissions.js';
import { requireAddingAllowed, requireGivable } from '../../identity/users/build.js';
import { bulkSchema, replyBulk } from '../present/bulk.js';
import { roleNames } from '../present/fields.js';
import { fullKeysOf } from '../role-names.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { requireUnprovisioned } from '../../identity/groups/search.js';
import { groupTarget } from './group-target.js';

const tag = 'Bulk actions and imports';

const file = {
  content: z.string().min(1).max(33_554_432).describe('the file as text'),
  dryRun: z.boolean().default(false).describe('only shows what would happen to each row'),
};

const table = {
  columns: z
    .record(z.string().min(1).max(100), z.string().min(1).max(200))
    .refine((columns) => Object.keys(columns).length <= 100, 'at most 100 columns')
    .optional()
    .describe(
      'CSV: field to the heading of its column, these alone; absent: by what headings are usually called',
    ),
  delimiter: z
    .string()
    .length(1)
    .optional()
    .describe('CSV; the one the heading line has most of when absent'),
};

const name = z.string().min(1).max(200);
const encoding = z.enum(['base64', 'hex', 'utf8']);
const count = z.number().int().min(1);

const passwords = z
  .strictObject({
    algorithm: z
      .enum([
        'bcrypt',
        'argon2',
        'scrypt',
        'firebase-scrypt',
        'pbkdf2-sha1',
        'pbkdf2-sha256',
        'pbkdf2-sha512',
      ])
      .optional(),
    encoding: encoding.optional().describe('of the hash; base64 when absent'),
    saltEncoding: encoding.optional(),
    iterations: count.optional().describe('pbkdf2'),
    cost: count.optional().describe('scrypt: N'),
    blockSize: count.optional().describe('scrypt: r'),
    parallelism: count.optional().describe('scrypt: p'),
    signerKey: name.optional().describe('firebase-scrypt, of the project; it is not kept'),
    saltSeparator: z.string().max(200).optional().describe('firebase-scrypt'),
    rounds: count.optional().describe('firebase-scrypt'),
    memCost: count.optional().describe('firebase-scrypt'),
  })
  .optional()
  .describe('how hashes were made that do not say it themselves');

const importPeople = route({
  method: 'post',
  path: '/users/import',
  id: 'importUsers',
  stepUp: true,
  summary:
    'Take over people from a file, with the hashes of their passwords: CSV, JSON, Auth0, Keycloak, Cognito, Firebase',
  tag,
  permission: 'users.create',
  takesFile: true,
  body: z
    .strictObject({
      format: z.enum(importedFormats),
      ...file,
      ...table,
      passwords,
      roles: roleNames.optional().describe('for everybody, beside those of the row; needs `roles.assign`'),
      roleNames: z
        .record(name, name)
        .optional()
        .describe(
          'names of roles in the file to keys of roles here; other systems’ roles are left out without it',
        ),
      approved: z.boolean().optional().describe('needs `users.approve`'),
      sendActivation: z
        .boolean()
        .default(false)
        .describe('mails the way in to those who come without a password'),
    })
    .openapi('ImportUsers'),
  status: 202,
  output: bulkSchema,
  async handler({ core, actor, config, body }) {
    const { approved, dryRun, sendActivation } = body;
    if (body.roles !== undefined) requirePermission(actor, 'roles.assign');
    if (approved !== undefined) requirePermission(actor, 'users.approve');
    requireAddingAllowed({ actor, config });
    const roles = fullKeysOf(config, body.roles ?? []);
    requireGivable({ actor, config }, roles, []);
    const options: PeopleOptions = { roles, sendActivation, ...(approved !== undefined && { approved }) };
    const input = {
      kind: peopleImport,
      permission: 'users.create',
      isDryRun: dryRun,
      options: { ...options },
    };
    return replyBulk(core, await startBulk(core, actor, input, rowsOfPeople(body)));
  },
});

const importInvitations = route({
  method: 'post',
  path: '/invitations/import',
  id: 'importInvitations',
  summary: 'Invite the people of a CSV file',
  tag,
  permission: 'users.create',
  takesFile: true,
  body: z
    .strictObject({
      ...file,
      ...table,
      roles: roleNames.optional().describe('for rows that name none; needs `roles.assign`'),
      message: z.string().trim().max(2000).optional().describe('for rows that have none'),
    })
    .openapi('ImportInvitations'),
  status: 202,
  output: bulkSchema,
  async handler({ core, actor, config, body }) {
    if (body.roles !== undefined) requirePermission(actor, 'roles.assign');
    requireAddingAllowed({ actor, config });
    const roles = fullKeysOf(config, body.roles ?? []);
    requireGivable({ actor, config }, roles, []);
    const options: InvitationOptions = { roles, message: body.message ?? '' };
    const kind = invitationImport;
    const input = { kind, permission: 'users.create', isDryRun: body.dryRun, options: { ...options } };
    return replyBulk(core, await startBulk(core, actor, input, rowsOfInvitations(body.content, body)));
  },
});

const importMembers = route({
  method: 'post',
  path: '/groups/{id}/members/import',
  id: 'importGroupMembers',
  summary: 'Put the people of a CSV file into a group: by id, email or userName',
  tag,
  permission: 'groups.manage',
  target: groupTarget,
  takesFile: true,
  body: z.strictObject({ ...file, ...table }).openapi('ImportGroupMembers'),
  status: 202,
  output: bulkSchema,
  async handler({ core, actor, body, target }) {
    await requireUnprovisioned(core, target);
    const options = { group: target._id };
    const input = { kind: memberImport, permission: 'groups.manage', isDryRun: body.dryRun, options };
    return replyBulk(core, await startBulk(core, actor, input, rowsOfMembers(body.content, body)));
  },
});

export const importRoutes: readonly Route[] = [importPeople, importInvitations, importMembers];
