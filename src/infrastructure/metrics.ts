import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What `/metrics` shows. One registry per running server, so that two servers in one process do not mix. */
export interface Metrics {
  readonly registry: Registry;
  /** Labels: method, route (the template, never an id), status. */
  readonly requests: Histogram<'method' | 'route' | 'status'>;
  /** Labels: method (`password`, `sso`), result (`succeeded`, `failed`, `refused`, `forwarded`). */
  readonly signIns: Counter<'method' | 'result'>;
  /** Labels: operation (method and resource type), status. */
  readonly scimRequests: Counter<'operation' | 'status'>;
  /** Labels: reason (`queue`, `budget`, `refused`, `away`). */
  readonly scimLogDropped: Counter<'reason'>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    requests: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time to answer, by route template',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    signIns: new Counter({
      name: 'signin_total',
      help: 'Sign-ins',
      labelNames: ['method', 'result'],
      registers,
    }),
    scimRequests: new Counter({
      name: 'scim_requests_total',
      help: 'SCIM requests',
      labelNames: ['operation', 'status'],
      registers,
    }),
    scimLogDropped: new Counter({
      name: 'scim_log_dropped_total',
      help: 'Requests that the log of their directory lacks',
      labelNames: ['reason'],
      registers,
    }),
  };
}
