const dateTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * Reads an xsd:dateTime (RFC 7643 section 2.3.5): date and time; without a zone it counts as UTC.
 *
 * @returns milliseconds since 1970, or undefined when it is none.
 */
export function parseInstant(text: string): number | undefined {
  const match = dateTime.exec(text);
  if (match === null) return undefined;
  const instant = Date.parse(match[1] === undefined ? `${text}Z` : text);
  return Number.isNaN(instant) ? undefined : instant;
}
