import type { ReactElement } from 'react';
import { listAuditEvents } from '../../identity/audit/audit.js';
import { signInActions, signInOf } from '../../identity/audit/sign-ins.js';
import { ActivityPage } from '../views/account-sessions.js';
import type { AccountView } from './account-page.js';

const pageSize = 50;

/** One's own sign-ins, newest first. */
export async function activityPage({ before, core, frame, live }: AccountView): Promise<ReactElement> {
  const { user } = live;
  const { items } = await listAuditEvents(
    core,
    user.tenantId,
    { targetId: user._id, actions: signInActions() },
    { order: 'desc', limit: pageSize, ...(before !== undefined && { afterId: before }) },
  );
  const signIns = items.map((event) => ({ id: event._id, at: event.at, ip: event.ip, ...signInOf(event) }));
  const olderThan = items.length === pageSize ? items.at(-1)?._id : undefined;
  return <ActivityPage {...frame} signIns={signIns} olderThan={olderThan} />;
}
