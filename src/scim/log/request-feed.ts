import type { Core } from '../../identity/core.js';
import type { LoggedRequest } from './request-log.js';
import { requestLogOf } from './request-log.js';
import { service } from '../../shared/services.js';

/** How often the requests other processes have answered are looked for. */
const pollMs = 1000;
/** Ids are made when a batch is written: one of another process may come this much later than its time says. */
const latenessMs = 5000;
/** Looked at in one poll; what is beyond is looked at in the next. */
const maxAtOnce = 1000;

/** The smallest id of that instant (UUID version 7 begins with its milliseconds). */
function idAt(time: number): string {
  const hex = Math.max(0, time).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

type Listener = (request: LoggedRequest) => void;

/** The requests of one directory as they are answered, for all who follow it. */
interface Feed {
  readonly listeners: Set<Listener>;
  stop(): void;
}

function openFeed(core: Core, tenantId: string, directoryId: string): Feed {
  const listeners = new Set<Listener>();
  const since = Date.now();
  const told = new Map<string, number>();
  const tell = (request: LoggedRequest): void => {
    if (told.has(request._id)) return;
    told.set(request._id, Date.now());
    for (const listener of listeners) listener(request);
  };
  const requests = core.store.tenant(tenantId).collection('scim_requests');
  let isPolling = false;
  const poll = async (): Promise<void> => {
    const from = Math.max(since, Date.now() - latenessMs);
    for (const [id, at] of told) if (at < from - latenessMs) told.delete(id);
    // Ids alone: an entry may be large, and most have been told by this process itself.
    const query = { directoryId, _id: { $gte: idAt(from) } };
    const found = await requests.find(query, {
      sort: { _id: 1 },
      limit: maxAtOnce,
      fields: ['directoryId'],
    });
    for (const { _id } of found) {
      if (told.has(_id)) continue;
      const request = await requests.get(_id);
      if (request) tell(request);
    }
  };
  const timer = setInterval(() => {
    if (isPolling) return;
    isPolling = true;
    poll()
      .catch((error: unknown) => core.log.warn({ err: error }, 'scim requests could not be read'))
      .finally(() => (isPolling = false));
  }, pollMs);
  timer.unref();
  const stopListening = requestLogOf(core).subscribe(directoryId, tell);
  return {
    listeners,
    stop() {
      clearInterval(timer);
      stopListening();
    },
  };
}

const openFeeds = service(() => new Map<string, Feed>());

/**
 * Tells of each request of a directory as it is answered, those that other processes answer within a second or so. However many follow a
 * directory, the log is looked at once for all of them, and they are given the very same objects.
 *
 * @returns how to stop.
 */
export function subscribeRequests(
  core: Core,
  tenantId: string,
  directoryId: string,
  listener: Listener,
): () => void {
  const open = openFeeds(core);
  const feed = open.get(directoryId) ?? openFeed(core, tenantId, directoryId);
  open.set(directoryId, feed);
  feed.listeners.add(listener);
  return () => {
    feed.listeners.delete(listener);
    if (feed.listeners.size > 0 || open.get(directoryId) !== feed) return;
    open.delete(directoryId);
    feed.stop();
  };
}
