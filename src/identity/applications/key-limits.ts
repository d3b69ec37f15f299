import { BlockList, isIP } from 'node:net';
import type { ApiKeyDocument } from '../../persistence/collections/api-keys.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import type { Actor } from '../core.js';

/** An IP address, or a range of them in CIDR notation, as `[address, prefix]`. */
function readRange(text: string): [address: string, prefix: number, family: 'ipv4' | 'ipv6'] | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return undefined;
  const most = version === 4 ? 32 : 128;
  if (bits === undefined) return [address, most, `ipv${version}` as 'ipv4' | 'ipv6'];
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) return undefined;
  return [address, Number(bits), `ipv${version}` as 'ipv4' | 'ipv6'];
}

/** @throws AppError `input.invalid` naming each entry that is no address and no range. */
export function requireRanges(addresses: readonly string[]): void {
  const errors = addresses.flatMap((text, index) =>
    readRange(text) ? [] : [{ pointer: `/addresses/${index}`, detail: `${text} is no IP address or range` }],
  );
  if (errors.length > 0) throw new AppError('input.invalid', 'some addresses cannot be read', { errors });
}

/** Whether a key may be used from an address (IPv4 in IPv6 form too); a key without a list may from everywhere. */
export function isAllowedFrom({ addresses }: Pick<ApiKeyDocument, 'addresses'>, ip: string | null): boolean {
  if (!addresses || addresses.length === 0) return true;
  const plain = ip?.replace(/^::ffff:(?=\d+\.)/i, '') ?? '';
  const version = isIP(plain);
  if (version === 0) return false;
  const list = new BlockList();
  for (const range of addresses.flatMap((text) => [readRange(text)])) if (range) list.addSubnet(...range);
  return list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}

/** What a key may do: what its role holds, cut down to the key's scopes, and to what its owner may do. */
export function permissionsOf(
  held: Iterable<string>,
  { scopes }: Pick<ApiKeyDocument, 'scopes'>,
  owner: ReadonlySet<string> | undefined,
): Set<string> {
  const all = [...held];
  return new Set(
    all.filter((one) => (!scopes || scopes.includes(one)) && (owner === undefined || owner.has(one))),
  );
}

type Limits = Pick<ApiKeyDocument, 'addresses' | 'expiresAt'>;

const endOf = ({ expiresAt }: Limits): number => expiresAt?.getTime() ?? Infinity;

/**
 * Whether limits of a key would be wider than those of the key that sets them, other than they are already.
 *
 * @param own - of the key that acts.
 * @param before - of the key that is changed; undefined: it is new.
 */
function isWider(own: Limits, before: Limits | undefined, after: Limits): boolean {
  const isLater = endOf(after) > endOf(own) && (!before || endOf(after) > endOf(before));
  const { addresses: ownList = [] } = own;
  const had = before?.addresses ?? [];
  const has = after.addresses ?? [];
  if (isLater || ownList.length === 0) return isLater;
  if (has.length === 0) return !before || had.length > 0;
  return !has.every((one) => ownList.includes(one) || had.includes(one));
}

/**
 * An API key makes no key that ends later, or may be used from elsewhere, than it may itself.
 *
 * @throws AppError `auth.forbidden`.
 */
export function* requireWithinLimits(
  tx: Transaction,
  { party, tenantId }: Actor,
  before: Limits | undefined,
  after: Limits,
): Step<void> {
  if (party.type !== 'api_key') return;
  const own = yield* tx.tenant(tenantId).collection('api_keys').get(party.id);
  if (own && !isWider(own, before, after)) return;
  throw new AppError('auth.forbidden', 'a key sets no later end and no other addresses than its own');
}

/**
 * An API key learns no value of a key that ends later, may be used from elsewhere, or belongs to somebody else than it does itself.
 *
 * @throws AppError `auth.forbidden`.
 */
export function* requireNoWiderKey(
  tx: Transaction,
  { party, tenantId }: Actor,
  key: ApiKeyDocument,
): Step<void> {
  if (party.type !== 'api_key' || party.id === key._id) return;
  const own = yield* tx.tenant(tenantId).collection('api_keys').get(party.id);
  const isOwners = !own?.userId || own.userId === key.userId;
  if (own && isOwners && !isWider(own, undefined, key)) return;
  throw new AppError('auth.forbidden', 'a key rotates none of wider limits than its own');
}
