const beyondAscii = /[^\0-\x7f]/;

/** Case folding of what is not ASCII: upper case first, so that `ß` and `ss`, `ς` and `σ` are the same. The dotless i is no i. */
const caseFold = (text: string): string =>
  text.replace(/[^\u0131]+/g, (part) => part.toUpperCase()).toLowerCase();

/**
 * Text as it is compared where case means nothing: compatibility forms unified (RFC 8264 section 5.2), then case folded, and unified once
 * more, as folding may part what belongs together (Unicode's NFKC_Casefold).
 */
export function fold(text: string): string {
  return beyondAscii.test(text) ? caseFold(text.normalize('NFKC')).normalize('NFKC') : text.toLowerCase();
}
