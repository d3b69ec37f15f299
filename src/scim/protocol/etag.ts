import { ScimError } from './scim-error.js';

export interface Preconditions {
  /** Header texts as received. */
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
}

/** The entity tag of a resource's version: `W/"7"` (RFC 7644 section 3.14). */
export function toEntityTag(version: number | string): string {
  return `W/"${version}"`;
}

/**
 * Evaluates If-Match and If-None-Match (RFC 9110 section 13.2); SCIM's tags are weak, so they compare weakly.
 *
 * @param current - the resource's tag; undefined when there is no such resource.
 * @returns `not-modified` (304) only when `isRead`.
 * @throws ScimError 412.
 */
export function evaluatePreconditions(
  { ifMatch, ifNoneMatch }: Preconditions,
  current: string | undefined,
  isRead: boolean,
): 'proceed' | 'not-modified' {
  if (ifMatch !== undefined && !includesTag(ifMatch, current)) {
    throw new ScimError(412, undefined, 'the resource is not in the version that "If-Match" names');
  }
  if (ifNoneMatch === undefined || !includesTag(ifNoneMatch, current)) return 'proceed';
  if (isRead) return 'not-modified';
  throw new ScimError(412, undefined, 'the resource is in a version that "If-None-Match" names');
}

function includesTag(header: string, current: string | undefined): boolean {
  if (current === undefined) return false;
  if (header.trim() === '*') return true;
  const wanted = opaqueOf(current);
  return (header.match(entityTag) ?? []).some((tag) => opaqueOf(tag) === wanted);
}

/** Preconditions of a write as data: the versions it is for, and those it is not for. */
export interface VersionConditions {
  ifVersion?: readonly number[];
  unlessVersion?: 'any' | readonly number[];
}

/**
 * The preconditions of a write on a resource that exists (RFC 9110 section 13.1). Tags that are none of ours name no version;
 * `If-Match: *` asks for nothing but that the resource exists.
 */
export function parseVersionConditions({ ifMatch, ifNoneMatch }: Preconditions): VersionConditions {
  return {
    ...(ifMatch !== undefined && ifMatch.trim() !== '*' && { ifVersion: versionsIn(ifMatch) }),
    ...(ifNoneMatch !== undefined && {
      unlessVersion: ifNoneMatch.trim() === '*' ? ('any' as const) : versionsIn(ifNoneMatch),
    }),
  };
}

function versionsIn(header: string): number[] {
  return (header.match(entityTag) ?? [])
    .map(opaqueOf)
    .filter((tag) => /^[1-9]\d{0,15}$/.test(tag))
    .map(Number);
}

/** One tag of a list; some clients send the bare version without quotes. */
const entityTag = /(?:W\/)?"[^"]*"|[^\s,"]+/gi;

function opaqueOf(tag: string): string {
  const strong = /^W\//i.test(tag) ? tag.slice(2) : tag;
  return strong.startsWith('"') ? strong.slice(1, -1) : strong;
}
