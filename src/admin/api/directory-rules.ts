import { setImmediate as pause } from 'node:timers/promises';
import type { Core } from '../../identity/core.js';
import {
  changeRules,
  updateDirectory,
  type DirectoryDocument,
} from '../../identity/directories/directories.js';
import { checkRules, conditionOf, type RoleRule } from '../../identity/grants/rules.js';
import { ruleId } from '../../identity/grants/role-mapping.js';
import { dryRunRules, explainRoles } from '../../identity/users/role-explanation.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { previewMapping } from '../../scim/log/mapping-preview.js';
import { AppError } from '../../shared/errors.js';
import { listOf, pageOfAll, pageParameters } from '../list.js';
import { ruleInput, ruleSchema } from '../present/directory.js';
import { dryRunSchema, presentExplanation, roleExplanationSchema } from '../present/role-explanation.js';
import { reroot } from '../reroot.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { directoryTag, rulesOf, targetDirectory } from './directories.js';
import { targetUser, userTag } from './users.js';

const rules = z.array(ruleInput).max(500);

const listRules = route({
  method: 'get',
  path: '/directories/{id}/rules',
  id: 'listRoleRules',
  summary: 'A directory’s role rules, in order',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  query: z.strictObject({ ...pageParameters }),
  output: listOf(ruleSchema),
  async handler(context) {
    const page = await pageOfAll(context, context.target.roleRules);
    return { body: { ...page, items: [...page.items] }, version: context.target.version };
  },
});

const ruleList = z.strictObject({ items: z.array(ruleSchema) }).openapi('RoleRules');

const replaceRules = route({
  method: 'put',
  path: '/directories/{id}/rules',
  id: 'replaceRoleRules',
  isPlanned: true,
  summary: 'Replace all rules; the roles of the directory’s users are computed again',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  body: z.strictObject({ rules }).openapi('ReplaceRoleRules'),
  output: ruleList,
  async handler({ core, actor, body, params, ifVersion }) {
    const roleRules = await rulesOf(core, actor.tenantId, body.rules);
    const update = () => updateDirectory(core, actor, params.id, { roleRules }, ifVersion);
    const directory = await reroot('', '/rules', update);
    return { body: { items: directory.roleRules }, version: directory.version };
  },
});

const addRule = route({
  method: 'post',
  path: '/directories/{id}/rules',
  id: 'addRoleRule',
  isPlanned: true,
  summary: 'Add a rule at the end',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  body: ruleInput.openapi('AddRoleRule'),
  status: 201,
  output: ruleSchema,
  async handler({ core, actor, body, params, ifVersion }) {
    const added = await rulesOf(core, actor.tenantId, [body]);
    // Of the list that is judged only this one is new.
    const directory = await reroot(/^\/\d+/, '', () =>
      changeRules(core, actor, params.id, (rules) => [...rules, ...added], ifVersion),
    );
    // A rule that says what another says already is that other one: ids are made of what is said.
    const said = added.map(({ when, grant }) => ruleId(conditionOf(when), grant));
    const rule = directory.roleRules.find(({ id }) => said.includes(id));
    if (!rule) throw new Error('a rule that was added is there');
    return { body: rule, version: directory.version };
  },
});

const deleteRule = route({
  method: 'delete',
  path: '/directories/{id}/rules/{ruleId}',
  id: 'deleteRoleRule',
  isPlanned: true,
  summary: 'Remove a rule and the roles it gave',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  async handler({ core, actor, params, ifVersion }) {
    const { id, ruleId: removed } = params;
    const without = (rules: readonly RoleRule[]): RoleRule[] => {
      const rest = rules.filter((rule) => rule.id !== removed);
      if (rest.length === rules.length)
        throw new AppError('rule.not_found', 'this directory has no such rule');
      return rest;
    };
    await changeRules(core, actor, id, without, ifVersion);
    return {};
  },
});

const dryRunInput = z
  .strictObject({
    user: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('a SCIM User resource, as a directory would send it'),
    userId: z.string().max(200).optional().describe('a stored user'),
    rules: rules.optional().describe('to be tried in place of the directory’s own'),
  })
  .refine((body) => (body.user === undefined) !== (body.userId === undefined), 'give either user or userId')
  .openapi('DryRun');

/** A user as the directory's attribute mapping would fill it; one that would be refused stays as it is. */
async function mapped(
  core: Core,
  directory: DirectoryDocument,
  user: Record<string, unknown>,
): Promise<Readonly<Record<string, unknown>>> {
  if (!directory.attributeMapping) return user;
  const { after, error } = await previewMapping(core, directory, { user });
  return error === null ? after : user;
}

const dryRun = route({
  method: 'post',
  path: '/directories/{id}/rules/dry-run',
  id: 'dryRunRoleRules',
  summary: 'What rules would give a user; writes nothing',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  body: dryRunInput,
  output: dryRunSchema,
  async handler({ core, actor, body, target }) {
    const { tenantId } = actor;
    const config = await tenantConfig(core, tenantId);
    const tried = body.rules && (await rulesOf(core, tenantId, body.rules));
    // Reading the body and judging the rules may each take a while: others come in between.
    await pause();
    const checked = tried
      ? await reroot('', '/rules', () =>
          Promise.resolve().then(() => checkRules(core, actor, config, target.roleRules, tried)),
        )
      : target.roleRules;
    await pause();
    const subject = body.user
      ? { user: await mapped(core, target, body.user) }
      : { userId: body.userId ?? '' };
    return { body: await reroot('', '/user', () => dryRunRules(core, target, subject, checked)) };
  },
});

const explain = route({
  method: 'get',
  path: '/users/{id}/role-explanation',
  id: 'explainUserRoles',
  summary: 'Why a user has each role, and what the rules did not know',
  tag: userTag,
  permission: 'users.read',
  target: targetUser,
  output: roleExplanationSchema,
  handler: async ({ core, actor, params }) => ({
    body: presentExplanation(await explainRoles(core, actor.tenantId, params.id)),
  }),
});

export const directoryRuleRoutes: readonly Route[] = [
  listRules,
  replaceRules,
  addRule,
  deleteRule,
  dryRun,
  explain,
];
