/** The first bytes of each kind of image that is taken as a picture of a person. */
const signatures: readonly (readonly [string, RegExp])[] = [
  ['image/png', /^\x89PNG\r\n\x1a\n/],
  ['image/jpeg', /^\xff\xd8\xff/],
  // RFC 9649: the length stands between both words.
  ['image/webp', /^RIFF[\s\S]{4}WEBP/],
];

/** The kind of an image by what is in it, whatever its sender calls it; undefined: none that is taken. */
export function imageType(bytes: Uint8Array): string | undefined {
  const beginning = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  return signatures.find(([, shape]) => shape.test(beginning))?.[0];
}
