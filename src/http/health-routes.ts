import { Router, type Request } from 'express';
import type { Metrics } from '../infrastructure/metrics.js';
import type { Store } from '../persistence/store.js';
import { hashToken } from '../shared/ids.js';
import { isSameSecret } from '../shared/same-secret.js';
import { isLocalRequest } from './local-request.js';

/** What `/readyz` answers by. */
export interface Readiness {
  /** True from the moment a stop was asked for. */
  isDraining: boolean;
}

interface HealthParts {
  store: Store;
  metrics: Metrics;
  metricsToken: string | undefined;
  /** `TRUST_PROXY` is set: every request may come from elsewhere. */
  isBehindProxy: boolean;
  readiness: Readiness;
  version: string;
}

/** Without a token the metrics are for this machine alone. */
function mayReadMetrics(req: Request, token: string | undefined, isBehindProxy: boolean): boolean {
  if (token === undefined) return !isBehindProxy && isLocalRequest(req);
  const given = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? '';
  return isSameSecret(hashToken(token), hashToken(given));
}

/** `/healthz`: the process answers. `/readyz`: it may be sent requests. `/metrics`: Prometheus. No authentication but for the last. */
export function healthRoutes(parts: HealthParts): Router {
  const { store, metrics, metricsToken, isBehindProxy, readiness, version } = parts;
  const router = Router();

  router.get('/healthz', (_req, res) => {
    res.json({ status: 'ok', version });
  });

  router.get('/readyz', async (_req, res) => {
    const start = performance.now();
    const database = await store.ping().then(
      () => 'ok',
      () => 'away',
    );
    const ready = database === 'ok' && !readiness.isDraining;
    res.status(ready ? 200 : 503).json({
      status: ready ? 'ready' : readiness.isDraining ? 'draining' : 'unavailable',
      checks: { database, databaseMs: Math.round(performance.now() - start) },
      version,
    });
  });

  router.get('/metrics', async (req, res) => {
    if (!mayReadMetrics(req, metricsToken, isBehindProxy)) {
      res.status(401).set('WWW-Authenticate', 'Bearer realm="metrics"').end();
      return;
    }
    res.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });

  return router;
}
