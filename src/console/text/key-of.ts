/** A key made of a name: small letters and digits, and the separator between words. */
export function keyOf(name: string, separator: '-' | '_'): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join(separator);
}
