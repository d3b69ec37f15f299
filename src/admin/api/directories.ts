import type { Core } from '../../identity/core.js';
import {
  createDirectory,
  deleteDirectory,
  getDirectory,
  listDirectories,
  updateDirectory,
  type DirectoryDocument,
  type DirectoryInput,
} from '../../identity/directories/directories.js';
import { federationOf, tokenLife } from '../../identity/directories/federation.js';
import { getPull, getPulls } from '../../identity/directories/pulls.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { listOf, namedListQuery, pageOfNamed } from '../list.js';
import {
  dialectSchema,
  directorySchema,
  federationInput,
  guardInput,
  mappingInput,
  presentDirectory,
  ruleInput,
  tokenSeconds,
  type RuleInput,
} from '../present/directory.js';
import { line } from '../present/fields.js';
import { googleChange, googleInput, kindSchema } from '../present/pull.js';
import { reroot } from '../reroot.js';
import { fullKeysOf } from '../role-names.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';

export const directoryTag = 'Directories';

/** Finds the directory a path names. */
export const targetDirectory = (
  core: Core,
  tenantId: string,
  { id }: { readonly id: string },
): Promise<DirectoryDocument> => getDirectory(core, tenantId, id);

async function reply(
  core: Core,
  directory: DirectoryDocument,
): Promise<Reply<z.input<typeof directorySchema>>> {
  const pull = directory.google ? await getPull(core, directory.tenantId, directory._id) : undefined;
  return { body: presentDirectory(directory, core.config.baseUrl, pull), version: directory.version };
}

const listAll = route({
  method: 'get',
  path: '/directories',
  id: 'listDirectories',
  summary: 'SCIM directories',
  tag: directoryTag,
  permission: 'scim.manage',
  query: namedListQuery,
  output: listOf(directorySchema),
  async handler(context) {
    const { core, actor } = context;
    const all = await listDirectories(core, actor.tenantId);
    const page = await pageOfNamed(context, all, ({ name }) => [name]);
    const pulling = page.items.filter(({ google }) => google).map(({ _id }) => _id);
    const pulls = await getPulls(core, actor.tenantId, pulling);
    const present = (item: DirectoryDocument) =>
      presentDirectory(item, core.config.baseUrl, pulls.get(item._id));
    return { body: { ...page, items: page.items.map(present) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/directories/{id}',
  id: 'getDirectory',
  summary: 'Read a directory',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  output: directorySchema,
  handler: ({ core, target }) => reply(core, target),
});

/** Rules whose roles may be named by id as well as by key. */
export async function rulesOf(
  core: Core,
  tenantId: string,
  rules: readonly RuleInput[],
): Promise<NonNullable<DirectoryInput['roleRules']>> {
  const config = await tenantConfig(core, tenantId);
  return rules.map(({ when, grant }) => {
    const { path, is, in: list, matches } = when;
    return {
      when: {
        path,
        ...(is !== undefined && { is }),
        ...(list !== undefined && { in: list }),
        ...(matches !== undefined && { matches }),
      },
      grant: fullKeysOf(config, grant),
    };
  });
}

const rules = z.array(ruleInput).max(500);
export const mapping = z.array(mappingInput).max(100);
/** Rules are judged as a list of their own, and what is said of them points at an index. */
const ofRules = /^(?=\/\d|$)/;

const createOne = route({
  method: 'post',
  path: '/directories',
  id: 'createDirectory',
  summary: 'Create a directory',
  tag: directoryTag,
  permission: 'scim.manage',
  body: z
    .strictObject({
      name: line(200),
      kind: kindSchema.default('scim'),
      google: googleInput.optional().describe('where to pull from; with the kind `google` alone'),
      dialect: dialectSchema.optional().describe('default `auto`, of the kind `google`: `google`'),
      enabled: z.boolean().default(true),
      roleRules: rules.default([]),
      attributeMapping: mapping.default([]),
      changeGuard: guardInput.nullable().default(null),
      tokenSeconds: tokenSeconds.default(tokenLife.default),
      federation: federationInput.nullable().default(null),
    })
    .openapi('CreateDirectory'),
  status: 201,
  output: directorySchema,
  async handler({ core, actor, body }) {
    const roleRules = await rulesOf(core, actor.tenantId, body.roleRules);
    const federation = body.federation && federationOf(body.federation);
    const directory = await reroot(ofRules, '/roleRules', () =>
      createDirectory(core, actor, { ...body, roleRules, federation }),
    );
    return {
      ...(await reply(core, directory)),
      headers: { Location: `/api/v1/directories/${directory._id}` },
    };
  },
});

const changeOne = route({
  method: 'patch',
  path: '/directories/{id}',
  id: 'changeDirectory',
  isPlanned: true,
  summary: 'Change a directory; new rules are worked out for its users at once',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  body: z
    .strictObject({
      name: line(200).optional(),
      dialect: dialectSchema.optional(),
      enabled: z.boolean().optional(),
      roleRules: rules.optional(),
      attributeMapping: mapping.optional().describe('all of it; holds from each user’s next push'),
      changeGuard: guardInput.nullable().optional().describe('all of it; null: off'),
      tokenSeconds: tokenSeconds.optional(),
      federation: federationInput.nullable().optional(),
      google: googleChange.optional().describe('what is absent stays; a change is pulled at once'),
    })
    .openapi('ChangeDirectory'),
  output: directorySchema,
  async handler({ core, actor, body, params, ifVersion }) {
    const change: Partial<DirectoryInput> = {
      ...(body.name !== undefined && { name: body.name }),
      ...(body.dialect !== undefined && { dialect: body.dialect }),
      ...(body.enabled !== undefined && { enabled: body.enabled }),
      ...(body.changeGuard !== undefined && { changeGuard: body.changeGuard }),
      ...(body.tokenSeconds !== undefined && { tokenSeconds: body.tokenSeconds }),
      ...(body.federation !== undefined && { federation: body.federation && federationOf(body.federation) }),
      ...(body.google && { google: body.google }),
      ...(body.attributeMapping && { attributeMapping: body.attributeMapping }),
      ...(body.roleRules && { roleRules: await rulesOf(core, actor.tenantId, body.roleRules) }),
    };
    const update = () => updateDirectory(core, actor, params.id, change, ifVersion);
    return reply(core, await reroot(ofRules, '/roleRules', update));
  },
});

const deleteOne = route({
  method: 'delete',
  path: '/directories/{id}',
  id: 'deleteDirectory',
  isPlanned: true,
  summary: 'Delete a directory with its tokens and clients; its users stay and lose what its rules gave them',
  tag: directoryTag,
  permission: 'scim.manage',
  stepUp: true,
  target: targetDirectory,
  async handler({ core, actor, params, ifVersion }) {
    await deleteDirectory(core, actor, params.id, ifVersion);
    return {};
  },
});

export const directoryRoutes: readonly Route[] = [listAll, readOne, createOne, changeOne, deleteOne];
