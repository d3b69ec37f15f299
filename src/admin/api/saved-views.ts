import {
  createView,
  deleteView,
  getView,
  listViews,
  savedLists,
  updateView,
  type SavedViewDocument,
} from '../../identity/views/saved-views.js';
import type { Caller } from '../authenticate.js';
import type { Core } from '../../identity/core.js';
import { listOf, namedListQuery, pageOfNamed } from '../list.js';
import { id, instant, iso, line } from '../present/fields.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Saved views';
const permission = 'users.read';

const fields = {
  name: line(100),
  query: z
    .string()
    .max(2000)
    .regex(/^[^\p{Cc}?#]*$/u, 'must be a query without its question mark')
    .describe('as in the address of the list: `status=locked&sort=-createdAt`'),
};
const shared = z
  .boolean()
  .describe('all of the tenant see it; to write such a view needs `account.settings`');

const viewSchema = z
  .strictObject({
    ...{ id, list: z.enum(savedLists), name: z.string(), query: z.string(), shared },
    ...{ createdAt: instant, updatedAt: instant },
  })
  .openapi('SavedView');

const present = (view: SavedViewDocument): z.input<typeof viewSchema> => ({
  id: view._id,
  list: view.list,
  name: view.name,
  query: view.query,
  shared: view.userId === null,
  createdAt: iso(view.createdAt),
  updatedAt: iso(view.updatedAt),
});

const reply = (view: SavedViewDocument): Reply<z.input<typeof viewSchema>> => ({
  body: present(view),
  version: view.version,
});

const targetView = (
  core: Core,
  _tenantId: string,
  { id }: { readonly id: string },
  { actor }: Caller,
): Promise<SavedViewDocument> => getView(core, actor, id);

const listAll = route({
  method: 'get',
  path: '/views',
  id: 'listViews',
  summary: 'Saved views of lists: your own, and those that are shared',
  tag,
  permission,
  query: namedListQuery.extend({ list: z.enum(savedLists).optional() }),
  output: listOf(viewSchema),
  async handler(context) {
    const { core, actor, query } = context;
    const page = await pageOfNamed(context, await listViews(core, actor, query.list), ({ name }) => [name]);
    return { body: { ...page, items: page.items.map(present) } };
  },
});

const createOne = route({
  method: 'post',
  path: '/views',
  id: 'createView',
  summary: 'Save the filters and the order of a list under a name',
  tag,
  permission,
  body: z
    .strictObject({ list: z.enum(savedLists), ...fields, shared: shared.default(false) })
    .openapi('CreateView'),
  status: 201,
  output: viewSchema,
  async handler({ core, actor, body: { shared: isShared, ...body } }) {
    const view = await createView(core, actor, { ...body, isShared });
    return { ...reply(view), headers: { Location: `/api/v1/views/${view._id}` } };
  },
});

const readOne = route({
  method: 'get',
  path: '/views/{id}',
  id: 'getView',
  summary: 'Read a saved view',
  tag,
  permission,
  target: targetView,
  output: viewSchema,
  handler: ({ target }) => Promise.resolve(reply(target)),
});

const changeOne = route({
  method: 'patch',
  path: '/views/{id}',
  id: 'changeView',
  summary: 'Change a saved view',
  tag,
  permission,
  target: targetView,
  body: z
    .strictObject({ name: fields.name.optional(), query: fields.query.optional(), shared: shared.optional() })
    .openapi('ChangeView'),
  output: viewSchema,
  async handler({ core, actor, params, ifVersion, body: { shared: isShared, name, query } }) {
    const change = {
      ...(isShared !== undefined && { isShared }),
      ...(name !== undefined && { name }),
      ...(query !== undefined && { query }),
    };
    return reply(await updateView(core, actor, params.id, change, ifVersion));
  },
});

const deleteOne = route({
  method: 'delete',
  path: '/views/{id}',
  id: 'deleteView',
  summary: 'Delete a saved view',
  tag,
  permission,
  target: targetView,
  async handler({ core, actor, params, ifVersion }) {
    await deleteView(core, actor, params.id, ifVersion);
    return {};
  },
});

export const savedViewRoutes: readonly Route[] = [listAll, createOne, readOne, changeOne, deleteOne];
