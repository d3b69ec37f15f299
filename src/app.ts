import type { RequestListener } from 'node:http';
import express, { type RequestHandler } from 'express';
import { consoleRoutes } from './admin/console-routes.js';
import { endEventStreams } from './admin/event-stream.js';
import { apiRoutes, apiReferenceRoutes } from './admin/routes.js';
import { findTokenOwner } from './auth/provider/access-token.js';
import { openIdProvider } from './auth/provider/provider.js';
import { accountRoutes } from './auth/routes/account-routes.js';
import { browserErrors } from './auth/routes/page-errors.js';
import { firstRunRoutes } from './auth/routes/first-run-routes.js';
import { addressRoutes } from './auth/routes/address-routes.js';
import { passwordRoutes } from './auth/routes/password-routes.js';
import { answerRegistration, registrationJob } from './identity/invitations/registration.js';
import { registrationRoutes } from './auth/routes/registration-routes.js';
import { setupRoutes } from './auth/routes/setup-routes.js';
import { signInRoutes } from './auth/routes/sign-in-routes.js';
import { watchSignIns } from './auth/routes/sign-in-results.js';
import { samlRoutes } from './auth/routes/saml-routes.js';
import { ssoRoutes } from './auth/routes/sso-routes.js';
import { accessLog } from './http/access-log.js';
import { lastErrorHandler, notFound } from './http/error-page.js';
import { healthRoutes, type Readiness } from './http/health-routes.js';
import { requestId } from './http/request-context.js';
import { withOriginForm } from './http/request-target.js';
import { limitUnreadAnswers } from './http/unread-answers.js';
import { revocationJobs } from './auth/revocation.js';
import { bulkJobs } from './identity/bulk/handlers.js';
import { attributeRemovalJob, removeAttributeValues } from './identity/attributes/removal-job.js';
import { pruneTrail } from './identity/audit/retention.js';
import { resumeIds, startAuditSealer } from './identity/audit/seal.js';
import { tenantSettings } from './identity/tenants/settings.js';
import type { Core } from './identity/core.js';
import { countJobs } from './identity/jobs/kept-jobs.js';
import { handledKinds, startJobWorker, type JobHandlers, type JobWorker } from './identity/jobs/queue.js';
import { mailJob, reportLostMail, sendMail } from './identity/jobs/mails.js';
import { answerPasswordReset, forgotJob } from './identity/credentials/reset.js';
import { memberPartJob, writeLeftPart } from './identity/groups/batches.js';
import { recomputeJob, releaseRoleJob } from './identity/users/recompute.js';
import { checkDomain, domainCheckJob } from './identity/sso/domain-check-job.js';
import {
  countExpiring,
  expiryReminderJob,
  remindOfExpiry,
  watchOlderConnections,
} from './identity/sso/expiry-reminders.js';
import { fallBack, requiredFallbackJob } from './identity/sso/required-fallback.js';
import { refreshMetadata, samlMetadataJob } from './identity/sso/saml/metadata-refresh.js';
import { recomputeGrants, releaseServerRole } from './identity/directories/recompute-job.js';
import { startDispatcher, type Dispatcher } from './identity/events/dispatcher.js';
import { personErasureJobs } from './identity/privacy/erase-job.js';
import { expireInvitation, invitationExpireJob } from './identity/invitations/expiry.js';
import { heldReleaseJob } from './identity/users/change-guard.js';
import { releaseOverdue } from './identity/users/held-changes.js';
import { expireAccess } from './identity/users/actions.js';
import { endGrants, grantEndJob } from './identity/users/role-grants.js';
import { accessExpireJob } from './identity/users/save.js';
import { countHeartbeats, startWatch } from './identity/watch/watch.js';
import { createMetrics, type Metrics } from './infrastructure/metrics.js';
import { requestLogOf } from './scim/log/request-log.js';
import { scimRoutes } from './scim/http/routes.js';
import { createPuller, type Puller } from './scim/pull/pull.js';

/** A composed server, not yet listening. */
export interface App {
  readonly express: RequestListener;
  readonly readiness: Readiness;
  /** Makes what the first request needs: the OpenID provider's signing keys. */
  prepare(): Promise<void>;
  /** Starts what runs beside requests: the job worker, sweeps. */
  start(): void;
  /** Stops the same, waiting for what is under way. */
  stop(): Promise<void>;
}

/** `TRUST_PROXY` as express wants it: a number of hops, or a list of addresses; never blindly `true`. */
function trustProxy(value: string | undefined): number | string | false {
  if (value === undefined) return false;
  return /^\d+$/.test(value) ? Number(value) : value;
}

/** SCIM with people's access tokens opening `/Me`, counted for the metrics. */
function openScim(core: Core, metrics: Metrics): RequestHandler {
  requestLogOf(core).tellDropped((reason, count) => metrics.scimLogDropped.inc({ reason }, count));
  return scimRoutes(core, {
    findTokenOwner: (token, origin) => findTokenOwner(core, token, origin),
    onAnswered: (operation, status) => metrics.scimRequests.inc({ operation, status: String(status) }),
  });
}

/** What does each kind of job. */
const jobHandlers = (core: Core, puller: Puller, onConfirmed: (seconds: number) => void): JobHandlers => ({
  ...puller.handlers,
  ...revocationJobs(core, onConfirmed),
  ...personErasureJobs(core),
  ...bulkJobs(core),
  [mailJob]: {
    run: (job) => sendMail(core, job),
    onGivenUp: (job, reason) => reportLostMail(core, job, reason),
  },
  [forgotJob]: (job) => answerPasswordReset(core, job),
  [registrationJob]: (job) => answerRegistration(core, job),
  [memberPartJob]: (job) => writeLeftPart(core, job),
  [recomputeJob]: (job) => recomputeGrants(core, job),
  [releaseRoleJob]: (job) => releaseServerRole(core, job),
  [attributeRemovalJob]: (job) => removeAttributeValues(core, job),
  [accessExpireJob]: (job) => expireAccess(core, job),
  [invitationExpireJob]: (job) => expireInvitation(core, job),
  [domainCheckJob]: (job) => checkDomain(core, job),
  [samlMetadataJob]: (job) => refreshMetadata(core, job),
  [requiredFallbackJob]: (job) => fallBack(core, job),
  [expiryReminderJob]: (job) => remindOfExpiry(core, job),
  [grantEndJob]: (job) => endGrants(core, job),
  [heldReleaseJob]: (job) => releaseOverdue(core, job),
});

/** What runs beside requests: jobs, the sealing of the audit trail, the delivery of events. */
function backgroundWork(
  core: Core,
  handlers: JobHandlers,
  metrics: Metrics,
): { start(): void; stop(): Promise<void> } {
  let worker: JobWorker | undefined;
  let sealer: ReturnType<typeof startAuditSealer> | undefined;
  let dispatcher: Dispatcher | undefined;
  let watching: Promise<void> | undefined;
  let watch: ReturnType<typeof startWatch> | undefined;
  for (const kind of Object.keys(handlers)) handledKinds(core).add(kind);
  return {
    start() {
      watching = watchOlderConnections(core).catch((error: unknown) =>
        core.log.warn({ err: error }, 'older connections are not watched for what expires'),
      );
      sealer = startAuditSealer(core, async (tenantId) =>
        pruneTrail(core, tenantId, (await tenantSettings(core, tenantId))['audit.retentionDays']),
      );
      dispatcher = startDispatcher(core);
      watch = startWatch(core);
      worker = startJobWorker(core, handlers, {
        onTried: (kind, result) => metrics.jobs.inc({ kind, result }),
      });
    },
    async stop() {
      await Promise.all([worker?.stop(), sealer?.stop(), dispatcher?.stop(), watching, watch?.stop()]);
    },
  };
}

const openMetrics = (core: Core, handlers: JobHandlers): Metrics =>
  createMetrics({
    countJobs: () => countJobs(core, Object.keys(handlers)),
    countExpiring: () => countExpiring(core),
    countHeartbeats: () => countHeartbeats(core),
  });

/**
 * Composes the server: the only place that knows every area. The order matters: the OpenID provider parses its own bodies and comes
 * before all parsers; SCIM and the API render their own errors.
 *
 * @param version - the package's version, shown by `/healthz`.
 */
export function createApp(core: Core, version: string): App {
  const { config, store, log } = core;
  const puller = createPuller(core);
  const handlers = jobHandlers(core, puller, (seconds) => metrics.logoutConfirmed.observe(seconds));
  const metrics = openMetrics(core, handlers);
  const readiness: Readiness = { isDraining: false };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', trustProxy(config.trustProxy));
  app.set('query parser', 'simple');

  app.use(limitUnreadAnswers(log));
  app.use(requestId());
  app.use(accessLog(log, metrics));
  // Before everything else that routes: identity providers send by far the most requests.
  app.use('/scim', openScim(core, metrics));
  const isBehindProxy = config.trustProxy !== undefined;
  const { metricsToken } = config;
  app.use(healthRoutes({ store, metrics, metricsToken, isBehindProxy, readiness, version }));

  const oidc = openIdProvider(core);
  app.use(oidc.routes);
  app.use('/api/v1', apiRoutes(core));
  app.use(apiReferenceRoutes(core));
  app.use(consoleRoutes(core));
  app.use(watchSignIns((method, result) => metrics.signIns.inc({ method, result })));
  app.use(signInRoutes(core));
  app.use(firstRunRoutes(core), setupRoutes(core));
  app.use(accountRoutes(core));
  app.use(passwordRoutes(core), registrationRoutes(core), addressRoutes(core));
  app.use(samlRoutes(core));
  app.use(ssoRoutes(core));

  app.use(notFound());
  app.use(browserErrors(core));
  app.use(lastErrorHandler(log));

  const background = backgroundWork(core, handlers, metrics);
  return {
    express: withOriginForm(app),
    readiness,
    async prepare() {
      await oidc.prepare();
      await resumeIds(core);
    },
    start: () => background.start(),
    async stop() {
      endEventStreams(core);
      puller.stop();
      await background.stop();
      await requestLogOf(core).flush();
    },
  };
}
