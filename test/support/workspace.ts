import express from 'express';
import { systemActor } from '../../src/identity/actors.js';
import type { Core } from '../../src/identity/core.js';
import { createDirectory, type DirectoryDocument } from '../../src/identity/directories/directories.js';
import type { GoogleSourceInput } from '../../src/identity/directories/google-source.js';
import { getPull, requestPull, type DirectoryPullDocument } from '../../src/identity/directories/pulls.js';
import type { RoleRuleInput } from '../../src/identity/grants/rules.js';
import { startJobWorker, type JobWorker } from '../../src/identity/jobs/queue.js';
import { recomputeGrants } from '../../src/identity/directories/recompute-job.js';
import { recomputeJob } from '../../src/identity/users/recompute.js';
import { memberPartJob, writeLeftPart } from '../../src/identity/groups/batches.js';
import type { UserDocument } from '../../src/persistence/collections/users.js';
import type { GroupDocument } from '../../src/persistence/collections/groups.js';
import type { ScimRequestDocument } from '../../src/persistence/collections/scim-requests.js';
import { createPuller, type Puller } from '../../src/scim/pull/pull.js';
import { requestLogOf } from '../../src/scim/log/request-log.js';
import { googleApi } from '../../src/sim/google-api.js';
import { makeWorkspace, newServiceKeys, type Workspace } from '../../src/sim/google-workspace.js';
import { listen } from '../../src/sim/listener.js';
import { newId } from '../../src/shared/ids.js';
import type { ManualClock } from './clock.js';
import { openTestCore } from './core.js';
import { givenTenant } from './people.js';

/** Made once: it takes a while. */
const serviceKeys = newServiceKeys();

/** A Workspace behind real HTTP, a tenant with a directory that pulls from it, and the worker that does so. */
export interface PullingTenant {
  readonly core: Core & { clock: ManualClock };
  readonly workspace: Workspace;
  readonly apiUrl: string;
  readonly tenantId: string;
  readonly directory: DirectoryDocument;
  /** What the puller waited for between two tries, in milliseconds. */
  readonly waits: number[];
  /** Pulls once, on demand. @returns how it ended. */
  pull(options?: { force?: boolean }): Promise<DirectoryPullDocument>;
  /** Ends the pull that is under way, as a stop of the server does. */
  interrupt(): void;
  /** Another process in place of the one that pulls. */
  restart(): Promise<void>;
  /** Does what is due. */
  drain(): Promise<void>;
  state(): Promise<DirectoryPullDocument>;
  users(): Promise<Map<string, UserDocument>>;
  groups(): Promise<Map<string, GroupDocument>>;
  /** The direct members of a group by their names. */
  members(displayName: string): Promise<string[]>;
  /** The directory's request log, oldest first. */
  requests(): Promise<ScimRequestDocument[]>;
  stop(): Promise<void>;
}

export interface PullingOptions {
  google?: GoogleSourceInput;
  roleRules?: readonly RoleRuleInput[];
  settings?: Parameters<typeof givenTenant>[1];
  prepare?: (workspace: Workspace) => void;
  /** Called in place of each wait between two tries. */
  onWait?: () => void;
}

/** Requests as `METHOD /Endpoint status`, without ids. */
export const linesOf = (requests: readonly ScimRequestDocument[]): string[] =>
  requests.map(({ method, path, status }) => `${method} /${path.split('/')[1] ?? ''} ${status}`);

/** Starts it; nothing is pulled yet. */
export async function startPulling(options: PullingOptions = {}): Promise<PullingTenant> {
  const core = await openTestCore({ allowPrivateIssuers: true });
  const workspace = makeWorkspace('acme.test', serviceKeys);
  options.prepare?.(workspace);
  const listener = await listen(0);
  const app = express();
  app.use('/google', googleApi(workspace, core.clock));
  listener.serve(app);
  const apiUrl = `${listener.url}/google`;
  const { _id: tenantId } = await givenTenant(core, options.settings);
  const system = systemActor(tenantId);
  const directory = await createDirectory(core, system, {
    name: `Google ${newId()}`,
    kind: 'google',
    google: {
      administrator: workspace.administrator,
      serviceAccount: { ...workspace.serviceAccount },
      apiUrl,
      ...options.google,
    },
    roleRules: options.roleRules ?? [],
  });
  const waits: number[] = [];
  const wait = (ms: number): Promise<void> => {
    waits.push(ms);
    options.onWait?.();
    return Promise.resolve();
  };
  const start = (): { puller: Puller; worker: JobWorker } => {
    const puller = createPuller(core, { wait });
    const worker = startJobWorker(core, {
      ...puller.handlers,
      [recomputeJob]: (job) => recomputeGrants(core, job),
      [memberPartJob]: (job) => writeLeftPart(core, job),
    });
    return { puller, worker };
  };
  let process = start();
  const end = async (): Promise<void> => {
    process.puller.stop();
    await process.worker.stop();
  };
  const scope = core.store.tenant(tenantId);
  const state = async (): Promise<DirectoryPullDocument> => (await getPull(core, tenantId, directory._id))!;
  const drain = (): Promise<void> => process.worker.drain();
  const groups = async (): Promise<Map<string, GroupDocument>> =>
    new Map((await scope.collection('groups').find({})).map((group) => [group.displayName, group]));
  const users = async (): Promise<Map<string, UserDocument>> =>
    new Map((await scope.collection('users').find({})).map((user) => [user.userName, user]));
  return {
    ...{ core, workspace, apiUrl, tenantId, directory, waits, state, drain, groups, users },
    async pull(pullOptions) {
      await drain();
      await requestPull(core, system, directory._id, pullOptions);
      await drain();
      return state();
    },
    async members(displayName) {
      const group = (await groups()).get(displayName);
      if (!group) throw new Error(`there is no group ${displayName}`);
      const inside = { groupIds: group._id };
      const people = await scope.collection('users').find(inside);
      const nested = await scope.collection('groups').find(inside);
      return [...people.map((user) => user.userName), ...nested.map((child) => child.displayName)].sort();
    },
    async requests() {
      await requestLogOf(core).flush();
      return scope.collection('scim_requests').find({ directoryId: directory._id });
    },
    interrupt: () => process.puller.stop(),
    async restart() {
      await end();
      process = start();
    },
    async stop() {
      await end();
      await listener.stop();
      await requestLogOf(core).flush();
      await core.store.close();
    },
  };
}
