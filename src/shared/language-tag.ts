/** The language of a tag, without region or script (RFC 5646): `de` of `de-AT`. */
export const languageOfTag = (tag: string): string => tag.trim().toLowerCase().split(/[-_]/, 1)[0] ?? '';
