import type { Documents } from '../persistence/collections/index.js';
import type { Core } from './core.js';

/** How often the use of a credential is noted at most. */
const maxNoteAgeMs = 60_000;

const titles = {
  api_keys: 'a key',
  operator_keys: 'an operator key',
  scim_tokens: 'a token',
} as const;

/** Whether a use that was noted at this time needs no new note. */
export function isUseNoted(lastUsedAt: Date | null, now: Date): boolean {
  return lastUsedAt !== null && now.getTime() - lastUsedAt.getTime() < maxNoteAgeMs;
}

/** Notes that a credential was used, at most once a minute. The request does not wait for it. */
export function noteUse<N extends keyof typeof titles>(
  core: Core,
  collection: N,
  credential: Documents[N],
  now: Date,
): void {
  if (isUseNoted(credential.lastUsedAt, now)) return;
  core.store
    .tenant(credential.tenantId)
    .collection(collection)
    .update(credential._id, (stored) =>
      isUseNoted(stored.lastUsedAt, now) ? undefined : { ...stored, lastUsedAt: now },
    )
    .catch((error: unknown) =>
      core.log.warn({ err: error }, `the use of ${titles[collection]} could not be noted`),
    );
}
