import type { SecretBox } from '../../infrastructure/secret-box.js';
import { readSignedText, signText } from '../../infrastructure/signed-text.js';
import { ScimError } from '../protocol/scim-error.js';

/** What a cursor was made for: it is refused on any other query (RFC 9865 section 2.1). */
export interface CursorScope {
  readonly directoryId: string;
  readonly resource: string;
  readonly filter: string;
  readonly sortBy: string;
  readonly sortOrder: string;
}

/** Where the next page begins: after the resource with this sort key and id. */
export interface CursorPosition {
  readonly key: string | number | boolean | null;
  readonly id: string;
}

/** Seconds a cursor lives; `cursorTimeout` of the service provider configuration. */
export const cursorTimeoutSeconds = 3600;

const purpose = 'scim.cursor';

/** A cursor read back: where to go on, and how long its pages are. */
export interface OpenedCursor extends CursorPosition {
  readonly count: number;
}

interface Payload extends OpenedCursor {
  /** Seconds since 1970. */
  readonly at: number;
}

const bind = (scope: CursorScope): string =>
  JSON.stringify([scope.directoryId, scope.resource, scope.filter, scope.sortBy, scope.sortOrder]);

/** A cursor for the page after `position`: unreserved characters only, unforgeable, of use for this query alone. */
export function sealCursor(secretBox: SecretBox, scope: CursorScope, page: OpenedCursor, now: Date): string {
  const payload: Payload = {
    key: page.key,
    id: page.id,
    count: page.count,
    at: Math.floor(now.getTime() / 1000),
  };
  return signText(secretBox, purpose, bind(scope), payload);
}

/**
 * Reads a cursor back.
 *
 * @throws ScimError 400 invalidCursor (changed, or of another query) or expiredCursor (RFC 9865 section 2.3).
 */
export function openCursor(
  secretBox: SecretBox,
  scope: CursorScope,
  cursor: string,
  now: Date,
): OpenedCursor {
  const signed = readSignedText(secretBox, purpose, bind(scope), cursor);
  if (!signed) throw new ScimError(400, 'invalidCursor', 'the cursor is not one of this query');
  const payload = signed.value as Payload;
  if (now.getTime() / 1000 - payload.at > cursorTimeoutSeconds) {
    throw new ScimError(400, 'expiredCursor', `a cursor lives ${cursorTimeoutSeconds} seconds`);
  }
  return payload;
}
