import type { UserDocument } from '../../persistence/collections/users.js';
import { parseEmail } from '../email.js';
import { addressKeyOf, mailboxOf } from '../user-keys.js';
import { hasOwnAccount } from './protection.js';

/** How long a link for a new password still goes to the address a directory took away. */
const reachMs = 30 * 86_400_000;

const presentAddress = ({ email, userName }: UserDocument): string | null =>
  parseEmail(email ?? userName)?.address ?? null;

const isMoved = (before: UserDocument, after: UserDocument): boolean =>
  addressKeyOf(before) !== addressKeyOf(after) || mailboxOf(before) !== mailboxOf(after);

function isVerified(user: UserDocument): boolean {
  const key = addressKeyOf(user);
  return key !== null && user.verifiedEmailKey === key;
}

const withoutMark = ({ movedAddress: _, ...user }: UserDocument): UserDocument => user;

/**
 * A user as a change leaves them: where a directory gives another address to a person with an account of their own, it is kept in mind that
 * the directory alone says so, until another party does.
 *
 * @param actor - who changes the user.
 */
export function withMovedAddress(
  { directoryId }: { directoryId: string | null },
  before: UserDocument,
  after: UserDocument,
  now: Date,
): UserDocument {
  const unmarked = (): UserDocument => (after.movedAddress ? withoutMark(after) : after);
  if (isVerified(after)) return unmarked();
  if (!isMoved(before, after)) return after;
  if (directoryId === null || !hasOwnAccount(before)) return unmarked();
  const from = before.movedAddress ? before.movedAddress.from : presentAddress(before);
  const isBack = from !== null && parseEmail(from)?.key === addressKeyOf(after);
  return isBack ? unmarked() : { ...after, movedAddress: { from, at: now } };
}

/**
 * Where a link goes that a person asks for to set a new password: never to an address that only a directory says is theirs. The one before
 * it counts for 30 days.
 *
 * @returns undefined: nowhere.
 */
export function resetAddressOf(
  { email, movedAddress, userName }: UserDocument,
  now: Date,
): { address: string; isPresent: boolean } | undefined {
  const isPresent = movedAddress === undefined;
  const text = isPresent ? (email ?? userName) : movedAddress.from;
  const isLate = !isPresent && now.getTime() - movedAddress.at.getTime() > reachMs;
  const address = text === null || isLate ? undefined : parseEmail(text)?.address;
  return address === undefined ? undefined : { address, isPresent };
}
