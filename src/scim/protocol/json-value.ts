/** A JSON object as it came off the wire, or a resource in canonical form. Never changed in place. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for objects; false for arrays and null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** null, [] and a missing attribute are the same state (RFC 7643 section 2.5). */
export function isUnassigned(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** Equal content; the order of an object's members has no meaning, that of an array has. For canonical values only: they are shallow. */
export function jsonEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => jsonEqual(item, right[index]))
    );
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && jsonEqual(left[key], right[key]))
  );
}

/** A copy without one member. */
export function without(object: JsonObject, name: string): JsonObject {
  const { [name]: _dropped, ...rest } = object;
  return rest;
}

/**
 * Reads a member of a message by its name without regard to case (RFC 7643 section 2.1).
 *
 * @returns undefined also for null.
 */
export function readMember(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name] ?? undefined;
  const folded = name.toLowerCase();
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === folded);
  return key === undefined ? undefined : (object[key] ?? undefined);
}

/** False for text with a lone surrogate: it cannot be stored or sent as UTF-8, so what came back would be another value. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
