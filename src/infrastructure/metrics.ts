import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { standardOutput } from './standard-output.js';

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
  /** Tries at jobs. Labels: kind (`mail.send`, `logout.notify`, ...), result (`done`, `failed`, `given_up`). */
  readonly jobs: Counter<'kind' | 'result'>;
  /** From the end of a session to the application's confirmation. */
  readonly logoutConfirmed: Histogram;
}

/** Counted only when the metrics are read. */
export interface MetricSources {
  countJobs(): Promise<readonly { kind: string; status: string; count: number }[]>;
  countExpiring(): Promise<readonly { state: string; count: number }[]>;
  countHeartbeats(): Promise<readonly { kind: string; state: string; count: number }[]>;
}

/** Jobs that wait, counted in the database; log lines, which no counter of ours sees. */
function registerSources(registry: Registry, sources: MetricSources): void {
  const registers = [registry];
  new Gauge({
    name: 'jobs_kept',
    help: 'Jobs in the database, by kind and status: waiting, or failed and given up',
    labelNames: ['kind', 'status'],
    registers,
    async collect() {
      // Without the database the other metrics are still returned.
      const counts = await sources.countJobs().catch(() => []);
      this.reset();
      for (const { kind, status, count } of counts) this.set({ kind, status }, count);
    },
  });
  new Gauge({
    name: 'sso_connections_expiring',
    help: 'SSO connections with a secret or certificate that expired, or expires within 30 days (soon)',
    labelNames: ['state'],
    registers,
    async collect() {
      const counts = await sources.countExpiring().catch(() => []);
      this.reset();
      for (const { state, count } of counts) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'heartbeats',
    help: 'SSO connections and directories, by the state they were last found in',
    labelNames: ['kind', 'state'],
    registers,
    async collect() {
      const counts = await sources.countHeartbeats().catch(() => []);
      this.reset();
      for (const { kind, state, count } of counts) this.set({ kind, state }, count);
    },
  });
  new Gauge({
    name: 'log_lines_dropped',
    help: 'Log lines that could not be written since the start',
    registers,
    collect() {
      this.set(standardOutput().dropped());
    },
  });
}

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  registerSources(registry, sources);
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
    logoutConfirmed: new Histogram({
      name: 'logout_confirmed_seconds',
      help: 'From the end of a session to the confirmation of an application',
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600],
      registers,
    }),
    jobs: new Counter({
      name: 'jobs_tried_total',
      help: 'Tries at jobs',
      labelNames: ['kind', 'result'],
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
