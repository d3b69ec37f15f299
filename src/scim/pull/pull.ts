import { setTimeout as delay } from 'node:timers/promises';
import type { Core } from '../../identity/core.js';
import { openServiceAccount } from '../../identity/directories/google-source.js';
import {
  beginPull,
  endPull,
  getPull,
  pullJob,
  type BegunPull,
  type EndedPull,
} from '../../identity/directories/pulls.js';
import type { JobDocument, JobHandlers } from '../../identity/jobs/queue.js';
import { createGuardedFetch } from '../../infrastructure/guarded-fetch.js';
import { requestLogOf } from '../log/request-log.js';
import { openGoogleApi, rememberAnswers, type GoogleApi } from './google-api.js';
import { writeGroups } from './group-writes.js';
import { PullFault } from './pull-fault.js';
import { isDatabaseAway, newCounts, openScimWriter, type Counts, type ScimWriter } from './scim-writes.js';
import { readSnapshot } from './snapshot.js';
import { findLeavers, writeLeavers, writePeople, type Leavers } from './user-writes.js';

/** Fewer people may leave at once whatever their share is. */
const minStoppedPeople = 10;
const timeoutMs = 30_000;
/** A page of 500 users with all that is asked of them. */
const maxAnswerBytes = 16 * 1_048_576;

export interface PullerOptions {
  /** Waits between two tries of a request; absent: by the machine's clock. */
  wait?: (ms: number) => Promise<void>;
}

/** Whether so many people leave that somebody has to say that this is meant. */
export function isTooMany({ removed, suspended, of }: Leavers, maxPercent: number): boolean {
  const leaving = removed.length + suspended.length;
  return leaving >= minStoppedPeople && leaving * 100 > of * maxPercent;
}

function stopped({ removed, suspended, of }: Leavers, maxPercent: number, counts: Counts): EndedPull {
  const people = removed.length + suspended.length;
  const error = `the pull stopped: it would remove ${removed.length} and disable ${suspended.length} of ${of} people, more than ${maxPercent} %. Nothing was changed. Remedy: check the chosen groups and organizational units; if this is meant, confirm it with a forced pull.`;
  return { result: { outcome: 'stopped', ...counts }, error, leaving: { people, of } };
}

/** Asked late, so that a confirmation counts that came while Google was read. */
async function isForced({ core, directory }: ScimWriter): Promise<boolean> {
  const pull = await getPull(core, directory.tenantId, directory._id);
  return pull?.isForced === true;
}

/** Reads all of Google that counts, then writes: nothing is written by half a list. */
async function pullOnce(writer: ScimWriter, api: GoogleApi, counts: Counts): Promise<EndedPull> {
  const { google } = writer.directory;
  if (!google) throw new PullFault('the directory is not of the kind google');
  const snapshot = await readSnapshot(api, google);
  const leavers = await findLeavers(writer, snapshot);
  const { maxLeavingPercent } = google;
  if (isTooMany(leavers, maxLeavingPercent) && !(await isForced(writer)))
    return stopped(leavers, maxLeavingPercent, counts);
  await writeLeavers(writer, leavers, counts);
  await writePeople(writer, api, snapshot, counts);
  await writeGroups(writer, snapshot, counts);
  return { result: { outcome: 'done', ...counts }, error: null };
}

/** What is told of a pull that did not get through. */
function failed(core: Core, { directory }: BegunPull, error: unknown, counts: Counts): EndedPull {
  const result = { outcome: 'failed' as const, ...counts };
  if (error instanceof PullFault) return { result, error: error.message };
  core.log.error({ err: error, directory: directory._id, tenant: directory.tenantId }, 'a pull failed');
  return {
    result,
    error: 'something went wrong on our side. Remedy: the next pull tries again; the log has the cause.',
  };
}

/** What pulls directories, and how to end it. */
export interface Puller {
  readonly handlers: JobHandlers;
  /** Ends pulls that are under way; their jobs begin again elsewhere, which does no harm. */
  stop(): void;
}

/** The handler of {@link pullJob}. */
export function createPuller(core: Core, options: PullerOptions = {}): Puller {
  const ending = new AbortController();
  const { signal } = ending;
  const fetch = createGuardedFetch({
    allowPrivate: core.config.allowPrivateIssuers,
    timeoutMs,
    maxBytes: maxAnswerBytes,
  });
  const remembered = rememberAnswers();
  const wait = options.wait ?? ((ms: number) => delay(ms, undefined, { signal }));

  async function pull(begun: BegunPull, jobId: string, counts: Counts): Promise<EndedPull> {
    const { directory } = begun;
    const { google, _id: directoryId } = directory;
    const account = google && openServiceAccount(core, google);
    if (!google || !account)
      throw new PullFault(
        'there is no service account. Remedy: give the JSON key file of one to the directory.',
      );
    const { administrator } = google;
    const apiUrl = google.apiUrl?.replace(/\/+$/, '') ?? null;
    const { clock } = core;
    const access = { fetch, clock, wait, signal, account, administrator, apiUrl, directoryId, remembered };
    const api = openGoogleApi(access);
    return pullOnce(openScimWriter(core, directory, jobId, signal), api, counts);
  }

  async function run(job: JobDocument): Promise<void> {
    const begun = await beginPull(core, job);
    if (!begun) return;
    const counts = newCounts();
    let ended: EndedPull;
    try {
      ended = await pull(begun, job._id, counts);
    } catch (error) {
      // The same job begins again: it is still the directory's one.
      if (signal.aborted || isDatabaseAway(error)) throw error;
      ended = failed(core, begun, error, counts);
    }
    await requestLogOf(core).flush();
    await endPull(core, job, ended);
  }

  return { handlers: { [pullJob]: run }, stop: () => ending.abort() };
}
