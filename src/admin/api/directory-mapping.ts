import { previewMapping } from '../../scim/log/mapping-preview.js';
import { diff } from '../present/scim-request.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { directoryTag, mapping, targetDirectory } from './directories.js';

const resource = z.record(z.string(), z.unknown());

const preview = route({
  method: 'post',
  path: '/directories/{id}/mapping/preview',
  id: 'previewAttributeMapping',
  summary: 'What an attribute mapping makes of a user; writes nothing',
  tag: directoryTag,
  permission: 'scim.manage',
  target: targetDirectory,
  body: z
    .strictObject({
      attributeMapping: mapping.optional().describe('to be tried in place of the directory’s own'),
      user: resource.optional().describe('a SCIM User resource, as the directory would send it'),
      userId: z.string().max(200).optional().describe('a stored user of the directory'),
    })
    .refine((body) => body.user === undefined || body.userId === undefined, 'give user or userId, not both')
    .prefault({})
    .openapi('PreviewAttributeMapping'),
  output: z
    .strictObject({
      sample: z
        .strictObject({ source: z.enum(['given', 'request', 'user']), id: z.string().nullable() })
        .describe('without user and userId: the newest one in the request log, else the newest stored one'),
      before: resource,
      after: resource,
      changes: diff,
      unknownNames: z.array(z.string()).describe('what the sample has and no schema: `from` may name it'),
      error: z.string().nullable().describe('why a push of this user would be refused'),
    })
    .openapi('AttributeMappingPreview'),
  async handler({ core, body, target }) {
    const { before, after, ...told } = await previewMapping(core, target, body);
    return { body: { ...told, before: { ...before }, after: { ...after } } };
  },
});

export const directoryMappingRoutes: readonly Route[] = [preview];
