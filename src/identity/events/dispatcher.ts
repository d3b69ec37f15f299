import type { WebhookDeliveryDocument, WebhookDocument } from '../../persistence/collections/feeds.js';
import type { Core } from '../core.js';
import { fanOut } from './deliveries.js';
import { deliver } from './delivery.js';
import { openStreams } from './streams.js';
import { openTurn } from './turn.js';
import { changedHere, liveWebhooks } from './webhooks.js';

/** Between two rounds. */
const roundMs = 250;
/** Tries to one endpoint at once; one alone while it fails. */
const atOnce = 4;
/** Tries to all endpoints at once. */
const maxAtOnce = 256;
/** Pages of events that a webhook gets in one round, so that a long backlog of one delays no other. */
const pagesPerRound = 5;
/** An endpoint without work is looked at again so much later, for replays that another process was asked for. */
const idleMs = 1_000;
/** The list of webhooks is read again so much later, for changes by other processes. */
const listMs = 1_000;

/** One endpoint with the tries under way: each has places of its own, so that a slow one holds up no other. */
interface Lane {
  readonly underWay: Map<string, Promise<void>>;
  isFailing: boolean;
  /** By the process's own clock: nothing is due before. */
  idleUntil: number;
}

interface Dispatch {
  readonly core: Core;
  readonly lanes: Map<string, Lane>;
  /** As they were read in the last round. */
  live: ReadonlyMap<string, WebhookDocument>;
  readAgainAt: number;
  readonly stopping: AbortController;
}

const countUnderWay = ({ lanes }: Dispatch): number =>
  [...lanes.values()].reduce((sum, { underWay }) => sum + underWay.size, 0);

function laneOf({ lanes }: Dispatch, id: string): Lane {
  const lane = lanes.get(id) ?? { underWay: new Map(), isFailing: false, idleUntil: 0 };
  lanes.set(id, lane);
  return lane;
}

async function tryOne(
  dispatch: Dispatch,
  webhook: WebhookDocument,
  delivery: WebhookDeliveryDocument,
): Promise<void> {
  const { core, stopping } = dispatch;
  const lane = laneOf(dispatch, webhook._id);
  try {
    lane.isFailing = !(await deliver(core, delivery, stopping.signal));
  } catch (error) {
    lane.isFailing = true;
    core.log.warn({ err: error, webhook: webhook._id }, 'a delivery could not be settled');
  }
}

/** Begins as many of a webhook's due deliveries as it has places for. */
async function pump(dispatch: Dispatch, webhook: WebhookDocument): Promise<void> {
  const { core, stopping } = dispatch;
  const lane = laneOf(dispatch, webhook._id);
  const places = Math.min(
    (lane.isFailing ? 1 : atOnce) - lane.underWay.size,
    maxAtOnce - countUnderWay(dispatch),
  );
  if (places <= 0 || performance.now() < lane.idleUntil) return;
  const now = core.clock.now();
  const due = await core.store
    .tenant(webhook.tenantId)
    .collection('webhook_deliveries')
    .find(
      { webhookId: webhook._id, nextAt: { $gt: new Date(0), $lte: now } },
      { sort: { nextAt: 1 }, limit: places + lane.underWay.size },
    );
  const fresh = due.filter(({ _id }) => !lane.underWay.has(_id)).slice(0, places);
  if (due.length === 0) lane.idleUntil = performance.now() + idleMs;
  for (const delivery of fresh) {
    if (stopping.signal.aborted) return;
    const work = tryOne(dispatch, webhook, delivery).finally(() => {
      lane.underWay.delete(delivery._id);
      const live = dispatch.live.get(webhook._id);
      if (live && !lane.isFailing)
        void pump(dispatch, live).catch((error: unknown) =>
          core.log.warn({ err: error }, 'deliveries could not be read'),
        );
    });
    lane.underWay.set(delivery._id, work);
  }
}

async function serveWebhook(dispatch: Dispatch, webhook: WebhookDocument): Promise<void> {
  for (let page = 0; page < pagesPerRound && !dispatch.stopping.signal.aborted; page += 1) {
    if (!(await fanOut(dispatch.core, webhook))) break;
    laneOf(dispatch, webhook._id).idleUntil = 0;
  }
  await pump(dispatch, webhook);
}

export interface Dispatcher {
  /** Ends the tries under way: the next process makes them again. */
  stop(): Promise<void>;
}

async function serveAll(dispatch: Dispatch): Promise<void> {
  const { core } = dispatch;
  const changes = changedHere(core);
  if (changes.isSo || performance.now() >= dispatch.readAgainAt) {
    changes.isSo = false;
    dispatch.readAgainAt = performance.now() + listMs;
    dispatch.live = new Map((await liveWebhooks(core)).map((webhook) => [webhook._id, webhook]));
  }
  for (const [id, { underWay }] of dispatch.lanes)
    if (underWay.size === 0 && !dispatch.live.has(id)) dispatch.lanes.delete(id);
  for (const webhook of dispatch.live.values()) {
    if (dispatch.stopping.signal.aborted) return;
    try {
      await serveWebhook(dispatch, webhook);
    } catch (error) {
      core.log.warn({ err: error, webhook: webhook._id }, 'a webhook could not be served');
    }
  }
}

/**
 * Begins to give out events to webhooks and streams, in one process at a time: what a process that dies has begun, the next one delivers again.
 */
export function startDispatcher(core: Core): Dispatcher {
  const dispatch: Dispatch = {
    core,
    lanes: new Map(),
    live: new Map(),
    readAgainAt: 0,
    stopping: new AbortController(),
  };
  const turn = openTurn(core);
  const streams = openStreams(core);
  let running: Promise<void> | undefined;
  const round = async (): Promise<void> => {
    if (!(await turn.isMine())) return;
    streams.pump();
    await serveAll(dispatch);
  };
  const tick = (): void => {
    running ??= round()
      .catch((error: unknown) => core.log.warn({ err: error }, 'events could not be given out'))
      .finally(() => (running = undefined));
  };
  const timer = setInterval(tick, roundMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      dispatch.stopping.abort();
      await Promise.all([running, streams.stop()]);
      await Promise.all([...dispatch.lanes.values()].flatMap(({ underWay }) => [...underWay.values()]));
      await turn.release();
    },
  };
}
