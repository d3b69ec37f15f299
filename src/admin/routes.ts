import { createHash } from 'node:crypto';
import { Router, type Response } from 'express';
import type { Core } from '../identity/core.js';
import { bindRoutes } from './bind.js';
import { guidePage } from './reference/guides.js';
import { referencePage, referencePolicy } from './reference/page.js';
import type { Document } from './reference/schemas.js';
import { apiDocument, routeTable } from './table.js';

/** Everything below `/api/v1`. */
export function apiRoutes(core: Core): Router {
  return bindRoutes(core, routeTable);
}

/** What stays the same as long as the server runs: one buffer for all who ask, and the tag by which they know that they have it. */
interface Fixed {
  readonly bytes: Buffer;
  readonly etag: string;
}

function fixed(text: string): Fixed {
  const bytes = Buffer.from(text);
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
}

/** Answers with the bytes; 304 without them to a reader that has them (RFC 9110 section 13.1.2). */
function sendFixed(res: Response, type: string, { bytes, etag }: Fixed): void {
  res.set({ ETag: etag, 'Cache-Control': 'no-cache' });
  res.type(type).send(bytes);
}

/** `/openapi.json`, `/docs/api` and `/docs/guides`, what the server says about itself: no credentials asked for. Each is made when first asked for. */
export function apiReferenceRoutes(core: Core): Router {
  const router = Router();
  const described = (): string => JSON.stringify(apiDocument(core.config.baseUrl));
  let document: Fixed | undefined;
  let page: Fixed | undefined;

  router.get('/openapi.json', (_req, res) => {
    document ??= fixed(described());
    sendFixed(res, 'application/json', document);
  });

  router.get('/docs/api', (_req, res) => {
    page ??= fixed(referencePage(routeTable, JSON.parse(described()) as Document));
    res.set({ 'Content-Security-Policy': referencePolicy, 'X-Content-Type-Options': 'nosniff' });
    sendFixed(res, 'html', page);
  });

  router.get('/docs/guides/:name', (req, res, next) => {
    const guide = guidePage(req.params.name, core.config.baseUrl);
    if (guide === undefined) {
      next();
      return;
    }
    res.set({ 'Content-Security-Policy': referencePolicy, 'X-Content-Type-Options': 'nosniff' });
    sendFixed(res, 'html', fixed(guide));
  });

  return router;
}
