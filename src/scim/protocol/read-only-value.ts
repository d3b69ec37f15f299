import type { Attribute } from './attribute.js';
import { findAttribute } from './attribute.js';
import { parseInstant } from './date-time.js';
import type { JsonObject } from './json-value.js';
import { isJsonObject, isUnassigned } from './json-value.js';

/**
 * Whether the value a client sent for a read-only attribute is the stored one, or a part of it: then nothing changes. Members that
 * are null, or that no schema has, say nothing.
 */
export function isPartOf(sent: unknown, stored: unknown, attribute: Attribute): boolean {
  if (isUnassigned(sent)) return isUnassigned(stored);
  if (!attribute.multiValued) return isSame(sent, stored, attribute);
  const [parts, elements] = [asList(sent), asList(stored)];
  return parts.every((part) => elements.some((element) => isSame(part, element, attribute)));
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

function isSame(sent: unknown, stored: unknown, attribute: Attribute): boolean {
  if (attribute.type !== 'complex') return isSameText(sent, stored, attribute);
  if (!isJsonObject(sent) || !isJsonObject(stored)) return false;
  return Object.keys(sent).every((name) => isSameMember(sent[name], stored, name, attribute));
}

function isSameMember(sent: unknown, stored: JsonObject, name: string, { subs }: Attribute): boolean {
  const sub = findAttribute(subs, name);
  return sub === undefined || isUnassigned(sent) || isSameText(sent, stored[sub.name], sub);
}

/** An instant may be written in several ways, an address relative to another. */
function isSameText(sent: unknown, stored: unknown, { type }: Attribute): boolean {
  if (sent === stored) return true;
  if (typeof sent !== 'string' || typeof stored !== 'string') return false;
  if (type === 'dateTime') {
    const instant = parseInstant(sent);
    return instant !== undefined && instant === parseInstant(stored);
  }
  return type === 'reference' && sent !== '' && stored.endsWith(`/${sent.replace(/^[./]+/, '')}`);
}
