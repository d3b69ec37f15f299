import { directoryAdvice } from '../../identity/directories/advice.js';
import { listOf } from '../list.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { directoryTag, targetDirectory } from './directories.js';

const adviceSchema = z
  .strictObject({
    code: z.string().describe('stable: `no_group`, `empty_groups`, ...'),
    message: z.string().describe('what has not come, or will not work'),
    hint: z.string().describe('what to do about it, at this provider'),
  })
  .openapi('DirectoryAdvice');

const listAll = route({
  method: 'get',
  path: '/directories/{id}/advice',
  id: 'listDirectoryAdvice',
  summary: 'What has not come by a directory, or will not work; empty: nothing was found',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  output: listOf(adviceSchema),
  async handler({ core, target }) {
    const items = await directoryAdvice(core, target);
    return { body: { items, total: items.length, next: null } };
  },
});

export const directoryAdviceRoutes: readonly Route[] = [listAll];
