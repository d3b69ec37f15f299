import { Router } from 'express';
import type { Core } from '../identity/core.js';
import { bindRoutes } from './bind.js';
import { referencePage, referencePolicy } from './reference/page.js';
import type { Document } from './reference/schemas.js';
import { apiDocument, routeTable } from './table.js';

/** Everything below `/api/v1`. */
export function apiRoutes(core: Core): Router {
  return bindRoutes(core, routeTable);
}

/** `/openapi.json` and `/docs/api`, what the API says about itself: no credentials asked for. Each is made when first asked for. */
export function apiReferenceRoutes(core: Core): Router {
  const router = Router();
  let document: string | undefined;
  let page: string | undefined;

  router.get('/openapi.json', (_req, res) => {
    document ??= JSON.stringify(apiDocument(core.config.baseUrl));
    res.type('application/json').send(document);
  });

  router.get('/docs/api', (_req, res) => {
    page ??= referencePage(routeTable, apiDocument(core.config.baseUrl) as unknown as Document);
    res.set({ 'Content-Security-Policy': referencePolicy, 'X-Content-Type-Options': 'nosniff' });
    res.type('html').send(page);
  });

  return router;
}
