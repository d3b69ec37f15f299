import type { AuditEventDocument } from '../../persistence/collections/events.js';
import { roughSize } from '../../shared/size.js';

/** What an event says, to whomever it is given. */
export interface EventData {
  readonly id: string;
  readonly tenant: { readonly id: string; readonly slug: string } | null;
  readonly actor: { readonly type: string; readonly id: string; readonly label: string };
  readonly target: { readonly type: string; readonly id: string; readonly label: string } | null;
  readonly changes: readonly { readonly path: string; readonly before: unknown; readonly after: unknown }[];
  /** The changes were too large and are left out: the audit trail has them. */
  readonly truncated: boolean;
  readonly result: 'success' | 'failure';
  readonly requestId: string | null;
  readonly ip: string | null;
}

/** An event as webhooks, the feed and streams give it: the members of a Standard Webhooks payload. */
export interface EventPayload {
  readonly type: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly data: EventData;
}

/** Larger changes are left out. */
const largestChanges = 65_536;

/** @param slug - of the event's tenant; undefined: it is gone. */
export function payloadOf(event: AuditEventDocument, slug: string | undefined): EventPayload {
  const { _id, at, action, actor, target, changes, result, requestId, ip, tenantId } = event;
  const truncated = roughSize(changes) > largestChanges;
  return {
    type: action,
    timestamp: at.toISOString(),
    data: {
      id: _id,
      tenant: slug === undefined ? null : { id: tenantId, slug },
      ...{ actor, target, changes: truncated ? [] : changes, truncated, result, requestId, ip },
    },
  };
}
