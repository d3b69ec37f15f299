const beyondAscii = /[^\0-\x7f]/;

/** Text as it is compared where case means nothing: compatibility forms unified (RFC 8264 section 5.2), then in lower case. */
export function fold(text: string): string {
  return (beyondAscii.test(text) ? text.normalize('NFKC') : text).toLowerCase();
}
