import { Router } from 'express';
import type { Core } from '../identity/core.js';
import { bindRoutes } from './bind.js';
import { apiDocument, routeTable } from './table.js';

/** Everything below `/api/v1`. */
export function apiRoutes(core: Core): Router {
  return bindRoutes(core, routeTable);
}

/** `/openapi.json`: no credentials asked for. */
export function openApiRoutes(core: Core): Router {
  const router = Router();
  let document: string | undefined;
  router.get('/openapi.json', (_req, res) => {
    document ??= JSON.stringify(apiDocument(core.config.baseUrl));
    res.type('application/json').send(document);
  });
  return router;
}
