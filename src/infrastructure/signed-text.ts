import type { SecretBox } from './secret-box.js';

/**
 * A value as a text that a client carries and cannot change: unreserved characters only.
 *
 * @param purpose - what it is for: a text of one purpose is not valid for another.
 * @param scope - what it is of use for (a tenant, a question); it is not in the text.
 */
export function signText(secretBox: SecretBox, purpose: string, scope: string, value: unknown): string {
  const text = Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${text}.${secretBox.sign(purpose, `${scope}\n${text}`)}`;
}

/** What {@link signText} was given; undefined for what it did not make for this purpose and scope. */
export function readSignedText(
  secretBox: SecretBox,
  purpose: string,
  scope: string,
  signed: string,
): { value: unknown } | undefined {
  const [text = '', signature = '', ...more] = signed.split('.');
  if (more.length > 0 || !secretBox.verify(purpose, `${scope}\n${text}`, signature)) return undefined;
  return { value: JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) };
}
