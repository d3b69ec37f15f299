import type { Request, RequestHandler } from 'express';
import type { Logger } from '../infrastructure/logger.js';
import type { Metrics } from '../infrastructure/metrics.js';
import { callerOf, requestIdOf } from './request-context.js';

/** Paths asked for every few seconds by machines: logged at debug only. */
const quiet = new Set(['/healthz', '/readyz', '/metrics']);

/** Parts that route by themselves: all their addresses share one label, so that clients cannot fill the metrics with invented ones. */
const ownRouting = ['/scim/v2', '/oidc'];

function routeOf(req: Request, path: string): string {
  const noted = callerOf(req).route;
  if (noted !== undefined) return noted;
  const route = req.route as { path?: unknown } | undefined;
  // A handler may have called a router mounted deeper: the path already contains its prefix.
  if (typeof route?.path === 'string') {
    return route.path.startsWith(`${req.baseUrl}/`) ? route.path : `${req.baseUrl}${route.path}`;
  }
  return ownRouting.find((prefix) => path.startsWith(`${prefix}/`)) ?? 'unmatched';
}

/** One line and one measurement for each answered request. Never the query: it may hold codes, tokens and addresses. */
export function accessLog(log: Logger, metrics: Metrics): RequestHandler {
  // The fields are known and none is secret: looking for some in every line would cost more than writing it.
  const lines = log.child({}, { redact: [] });
  return (req, res, next) => {
    const start = performance.now();
    const path = req.path;
    res.once('close', () => {
      const seconds = (performance.now() - start) / 1000;
      const route = routeOf(req, path);
      const { route: _noted, ...who } = callerOf(req);
      const status = res.writableFinished ? res.statusCode : 499;
      metrics.requests.observe({ method: req.method, route, status: String(status) }, seconds);
      lines[quiet.has(path) ? 'debug' : 'info'](
        {
          requestId: requestIdOf(req),
          method: req.method,
          route,
          status,
          ms: Math.round(seconds * 100_000) / 100,
          ip: req.ip,
          ...who,
        },
        'request',
      );
    });
    next();
  };
}
