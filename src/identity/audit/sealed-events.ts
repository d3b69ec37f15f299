import type { AuditEventDocument, AuditSealDocument } from '../../persistence/collections/events.js';
import type { Query } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { beginning, canonical, holds, lateSince, membersOf, sealPurpose } from './seal.js';

/** What is known of events below the last seal: which were sealed late, and from which id on one may still be on its way to that. */
export interface Lateness {
  sealed: ReadonlySet<string>;
  since: string;
}

/** @param seals - all of a tenant, in order. */
export function latenessOf(seals: readonly AuditSealDocument[]): Lateness {
  return {
    sealed: new Set(seals.flatMap((seal) => seal.late ?? [])),
    since: lateSince(seals.at(-1) ?? beginning),
  };
}

/** Finds the events of a seal, and those that stand among them. */
export function eventsOfSeal(seal: AuditSealDocument): Query {
  if (seal.late) return { _id: { $in: seal.late } };
  return { _id: { ...(seal.fromId !== '' && { $gt: seal.fromId }), $lte: seal.toId } };
}

/** Of the events {@link eventsOfSeal} finds: `own` without what another seal holds, `held` what this one does. */
export function partsOfSeal(
  seal: AuditSealDocument,
  found: readonly AuditEventDocument[],
  late: Lateness,
): { own: readonly AuditEventDocument[]; held: readonly AuditEventDocument[] } {
  if (seal.late) return { own: found, held: found };
  const members = membersOf(seal);
  const own = found.filter(({ _id }) => !late.sealed.has(_id));
  return { own, held: own.filter(({ _id }) => _id <= late.since || holds(members, _id)) };
}

const amendmentMac = (core: Core, { tenantId, sequence, mac }: AuditSealDocument, digest: string): string =>
  core.secretBox.sign(sealPurpose, canonical(['amended', tenantId, sequence, mac, digest]));

/** What a seal gets when an erasure changed its events: their digest now, signed together with the seal as it was made. */
export function amendmentOf(core: Core, seal: AuditSealDocument, digest: string) {
  return { digest, mac: amendmentMac(core, seal, digest) };
}

/** The digest that the events of a seal must have now; undefined: an amendment that this server did not make. */
export function expectedDigest(core: Core, seal: AuditSealDocument): string | undefined {
  const { amended, digest } = seal;
  if (!amended) return digest;
  return amendmentMac(core, seal, amended.digest) === amended.mac ? amended.digest : undefined;
}
