const dateTime = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * Reads an xsd:dateTime (RFC 7643 section 2.3.5): date and time; without a zone it counts as UTC.
 *
 * @returns milliseconds since 1970, or undefined when it is not valid, also when the calendar has no such day.
 */
export function parseInstant(text: string): number | undefined {
  const match = dateTime.exec(text);
  if (match === null) return undefined;
  const [, year, month, day] = match.map(Number);
  // JavaScript counts 30 February as 2 March.
  const isDay = new Date(Date.UTC(2000, 0, 1)).setUTCFullYear(year ?? 0, (month ?? 0) - 1, day);
  if (new Date(isDay).getUTCDate() !== day) return undefined;
  const instant = Date.parse(match[4] === undefined ? `${text}Z` : text);
  return Number.isNaN(instant) ? undefined : instant;
}
