import { createSign, verify } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Core } from '../../identity/core.js';
import { openPrivateKey } from '../../identity/sso/saml/key-pair.js';
import type { SamlConnection } from '../../identity/sso/saml/saml-settings.js';
import { algorithms } from './names.js';
import { SamlRefused } from './saml-refused.js';

/** Which of the two a message is, as the bindings call its field. */
export type MessageField = 'SAMLRequest' | 'SAMLResponse';

const rsaSha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
/** The largest message that is read, characters as they come and bytes unpacked. */
const maxQuery = 32_768;
const maxXmlBytes = 65_536;

/**
 * Where a message of ours takes the browser (SAML bindings section 3.4), signed by the connection's own key.
 *
 * @param message - `to`: the provider's address; `relayState`: what it gives back, or got from the provider.
 */
export function redirectUrl(
  core: Core,
  { saml }: SamlConnection,
  message: { field: MessageField; xml: string; to: string; relayState: string },
): string {
  const query = new URLSearchParams({
    [message.field]: deflateRawSync(message.xml).toString('base64'),
    ...(message.relayState !== '' && { RelayState: message.relayState }),
    SigAlg: rsaSha256,
  }).toString();
  const signature = createSign('sha256').update(query).sign(openPrivateKey(core, saml.signing), 'base64');
  const joint = message.to.includes('?') ? '&' : '?';
  return `${message.to}${joint}${query}&${new URLSearchParams({ Signature: signature }).toString()}`;
}

/** A message that came by redirect, with a good signature. */
export interface RedirectMessage {
  field: MessageField;
  xml: string;
  relayState: string;
}

/** The fields of the binding as they stand in the address, each once: what was signed is their very spelling. */
function fieldsOf(rawQuery: string): Map<string, string> {
  if (rawQuery.length > maxQuery) throw new SamlRefused('size', `longer than ${maxQuery} characters`);
  const fields = new Map<string, string>();
  for (const part of rawQuery.split('&')) {
    const [name = '', ...value] = part.split('=');
    if (!/^(?:SAML(?:Request|Response)|RelayState|SigAlg|Signature)$/.test(name)) continue;
    if (fields.has(name)) throw new SamlRefused('structure', `${name} twice`);
    fields.set(name, value.join('='));
  }
  return fields;
}

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', '%20'));
  } catch {
    throw new SamlRefused('malformed', 'an address that is not encoded');
  }
}

function inflated(base64: string): string {
  try {
    const bytes = inflateRawSync(Buffer.from(base64, 'base64'), { maxOutputLength: maxXmlBytes });
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SamlRefused('malformed', 'not a deflated message');
  }
}

function requireSigned({ saml }: SamlConnection, signed: string, fields: ReadonlyMap<string, string>): void {
  const signature = fields.get('Signature');
  if (signature === undefined) throw new SamlRefused('unsigned', 'no Signature');
  const algorithm = decoded(fields.get('SigAlg') ?? '');
  if (!algorithms.signature.has(algorithm))
    throw new SamlRefused('algorithm', `SigAlg ${algorithm.slice(0, 120)}`);
  const hash = algorithm === rsaSha256 ? 'sha256' : 'sha512';
  const bytes = Buffer.from(decoded(signature), 'base64');
  const isGood = saml.idpCertificates.some((pem) => verify(hash, Buffer.from(signed), pem, bytes));
  if (!isGood) throw new SamlRefused('signature', 'not of a certificate of the connection');
}

/**
 * Reads a message of the provider from an address of ours.
 *
 * @param rawQuery - without its `?`, as it came.
 * @throws {@link SamlRefused} unless one of the connection's certificates has signed it.
 */
export function readRedirect(connection: SamlConnection, rawQuery: string): RedirectMessage {
  const fields = fieldsOf(rawQuery);
  const [field, other] = (['SAMLRequest', 'SAMLResponse'] as const).filter((name) => fields.has(name));
  if (field === undefined || other !== undefined)
    throw new SamlRefused('malformed', 'not one SAMLRequest or SAMLResponse');
  const signed = [field, 'RelayState', 'SigAlg']
    .filter((name) => fields.has(name))
    .map((name) => `${name}=${fields.get(name)}`)
    .join('&');
  requireSigned(connection, signed, fields);
  const relayState = decoded(fields.get('RelayState') ?? '');
  return { field, xml: inflated(decoded(fields.get(field) ?? '')), relayState };
}
