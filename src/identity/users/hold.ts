import type { UserDocument } from '../../persistence/collections/users.js';
import type { Actor } from '../core.js';
import type { UserInput } from './input.js';

type Standing = Pick<UserDocument, 'enabled' | 'hold' | 'heldChange'>;

/**
 * Whether a user is let in after a change of `active`. A disable that holds is lifted by people alone: what a directory says in the meantime is
 * kept beside it, so that the directory reads what it wrote and has no reason to write it again. The same is so for a disable that the
 * change guard holds back: `active: true` cancels it.
 *
 * @param stored - before the change.
 * @param directoryId - who manages the user from now on.
 */
export function standingAfter(
  actor: Actor,
  stored: Standing,
  { active, hold }: Pick<UserInput, 'active' | 'hold'>,
  directoryId: string | null,
): Standing {
  if (actor.directoryId !== null) return standingByDirectory(stored, active);
  const held = stored.hold ?? null;
  const isDefault = stored.enabled && directoryId !== null && actor.party.type !== 'system';
  const holds = !active && (hold ?? (held !== null || isDefault));
  if (holds) return { enabled: false, hold: held ?? { active: false } };
  return { enabled: active, ...(held && { hold: null }) };
}

function standingByDirectory({ hold, heldChange }: Standing, active: boolean): Standing {
  if (hold) return { enabled: false, hold: { active } };
  if (!heldChange?.disables) return { enabled: active };
  return { enabled: true, heldChange: { ...heldChange, disables: !active } };
}

/** SCIM's `active`: what the directory said last where a hold keeps it from counting, else whether the user is let in. */
export const activeFor = ({ enabled, hold, heldChange }: Standing): boolean =>
  (enabled && !heldChange?.disables) || hold?.active === true;

/** Whether only people can enable the user again. */
export const isHeld = ({ hold }: Pick<UserDocument, 'hold'>): boolean => (hold ?? null) !== null;
