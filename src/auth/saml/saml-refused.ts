/** Why an answer of a SAML provider is not accepted: a stable word for the audit trail. */
export type SamlReason =
  | 'malformed'
  | 'size'
  | 'doctype'
  | 'markup'
  | 'structure'
  | 'status'
  | 'unsigned'
  | 'signature'
  | 'algorithm'
  | 'encryption'
  | 'issuer'
  | 'destination'
  | 'recipient'
  | 'confirmation'
  | 'in_response_to'
  | 'audience'
  | 'conditions'
  | 'expired'
  | 'not_yet_valid'
  | 'name_id'
  | 'subject'
  | 'replayed'
  | 'provider_unknown';

const hints: Readonly<Record<SamlReason, string>> = {
  malformed: 'The answer is no SAML response that can be read.',
  size: 'The answer is too large: have the provider send fewer groups or attributes.',
  doctype: 'The answer has a document type definition, which no provider sends.',
  markup:
    'The answer has a comment, a CDATA section or a processing instruction, which may change what it says.',
  structure: 'The answer holds elements where none may be, as a forged one does.',
  status:
    'The provider did not sign the person in. Look whether they are assigned to this application there.',
  unsigned: 'Neither the response nor the assertion is signed: have the provider sign one of them.',
  signature:
    'The signature is not of a certificate of this connection, or the answer was changed. If the provider has a new certificate, give its metadata again.',
  algorithm:
    'The answer is signed by an algorithm that is not accepted, such as SHA-1: choose RSA-SHA256 at the provider.',
  encryption:
    'The assertion cannot be decrypted, or by an algorithm that is not accepted: give the provider our present metadata.',
  issuer: 'The answer is of another entity id than the connection’s.',
  destination:
    'The answer was sent to another address: compare the ACS URL at the provider with the connection’s.',
  recipient:
    'The assertion is for another address: compare the ACS URL at the provider with the connection’s.',
  confirmation: 'The assertion has no bearer confirmation.',
  in_response_to: 'The answer belongs to no request of this connection.',
  audience:
    'The assertion is for another service: compare the entity id (audience) at the provider with the connection’s.',
  conditions: 'The assertion has conditions that are missing or not understood.',
  expired: 'The answer came too late, or the clocks of the provider and this server differ.',
  not_yet_valid: 'The answer is of the future: the clocks of the provider and this server differ.',
  name_id:
    'The NameID cannot be a person’s key: have the provider send a persistent one, or choose an attribute.',
  subject: 'The attribute that identifies a person is missing, or has several values.',
  replayed: 'The answer was used before.',
  provider_unknown: 'The connection has no certificate of its provider yet.',
};

/** An answer of a SAML provider that is not accepted. The message says what was found, for administrators alone. */
export class SamlRefused extends Error {
  readonly reason: SamlReason;

  constructor(reason: SamlReason, found: string) {
    super(found);
    this.name = 'SamlRefused';
    this.reason = reason;
  }

  /** What an administrator can do about it. */
  get hint(): string {
    return hints[this.reason];
  }
}
