import { randomBytes } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { SignedXml } from 'xml-crypto';
import type { CertifiedKey } from '../infrastructure/certificate.js';
import { attributeOf, childrenNamed, escapeXml, parseXml } from '../infrastructure/xml.js';
import type { Company, Employee } from './company.js';
import { fullName } from './person.js';

const protocol = 'urn:oasis:names:tc:SAML:2.0:protocol';
const assertionNamespace = 'urn:oasis:names:tc:SAML:2.0:assertion';
const maxInflated = 100_000;

/** What a service asks for. */
export interface SamlQuestion {
  id: string;
  issuer: string;
  relayState: string;
}

/** Reads an AuthnRequest of the HTTP-Redirect binding; undefined: it is none. */
export function readQuestion(samlRequest: string, relayState: string): SamlQuestion | undefined {
  try {
    const options = { maxOutputLength: maxInflated };
    const xml = inflateRawSync(Buffer.from(samlRequest, 'base64'), options).toString();
    const root = parseXml(xml, { maxPasswordLength: maxInflated });
    const id = attributeOf(root, 'ID');
    const [issuer] = childrenNamed(root, assertionNamespace, 'Issuer');
    return id === undefined || !issuer ? undefined : { id, issuer: issuer.textContent, relayState };
  } catch {
    return undefined;
  }
}

const entraClaims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';

/** Each provider has names of its own for the same things. */
function attributesOf(company: Company, { person, groupIds }: Employee): [string, string[]][] {
  const groups = [...groupIds].map((id) => company.groups.get(id)?.displayName ?? id);
  if (!company.profile.startsWith('entra')) {
    return [
      ['email', [person.userName]],
      ['firstName', [person.givenName]],
      ['lastName', [person.familyName]],
      ['groups', groups],
    ];
  }
  return [
    [`${entraClaims}/emailaddress`, [person.userName]],
    [`${entraClaims}/givenname`, [person.givenName]],
    [`${entraClaims}/surname`, [person.familyName]],
    ['http://schemas.microsoft.com/identity/claims/displayname', [fullName(person)]],
    ['http://schemas.microsoft.com/ws/2008/06/identity/claims/groups', groups],
  ];
}

function attributeXml([name, values]: [string, string[]]): string {
  const all = values.map((value) => `<saml:AttributeValue>${escapeXml(value)}</saml:AttributeValue>`);
  return `<saml:Attribute Name="${escapeXml(name)}">${all.join('')}</saml:Attribute>`;
}

function assertionXml(answer: SamlAnswer, id: string): string {
  const { acs, company, employee, issuer, now, question } = answer;
  const at = (minutes: number): string => new Date(now.getTime() + minutes * 60_000).toISOString();
  const data = `Recipient="${escapeXml(acs)}" InResponseTo="${escapeXml(question.id)}" NotOnOrAfter="${at(5)}"`;
  const context = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
  return [
    `<saml:Assertion xmlns:saml="${assertionNamespace}" ID="${id}" Version="2.0" IssueInstant="${at(0)}">`,
    `<saml:Issuer>${escapeXml(issuer)}</saml:Issuer><saml:Subject>`,
    `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${escapeXml(employee.person.id)}</saml:NameID>`,
    `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData ${data}/>`,
    `</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${at(-5)}" NotOnOrAfter="${at(60)}">`,
    `<saml:AudienceRestriction><saml:Audience>${escapeXml(question.issuer)}</saml:Audience></saml:AudienceRestriction>`,
    `</saml:Conditions><saml:AuthnStatement AuthnInstant="${at(0)}" SessionIndex="${id}"><saml:AuthnContext>`,
    `<saml:AuthnContextClassRef>${context}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    `<saml:AttributeStatement>${attributesOf(company, employee).map(attributeXml).join('')}</saml:AttributeStatement>`,
    '</saml:Assertion>',
  ].join('');
}

/** The signature stands behind the issuer of what it signs. */
function signed(xml: string, element: string, { certificate, privateKey }: CertifiedKey): string {
  const signer = new SignedXml({
    privateKey,
    publicCert: certificate,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  });
  const xpath = `//*[local-name(.)='${element}']`;
  signer.addReference({
    xpath,
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
    transforms: [
      'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
      'http://www.w3.org/2001/10/xml-exc-c14n#',
    ],
  });
  const place = 'after';
  const location = { reference: `${xpath}/*[local-name(.)='Issuer']`, action: place } as const;
  signer.computeSignature(xml, { location });
  return signer.getSignedXml();
}

/** Who is signed in, for whom. */
export interface SamlAnswer {
  company: Company;
  employee: Employee;
  /** The company's entity id. */
  issuer: string;
  /** Where the answer goes. */
  acs: string;
  question: SamlQuestion;
  now: Date;
}

const newId = (): string => `_${randomBytes(16).toString('hex')}`;

/** A response as the company's kind of provider makes it: Entra signs the assertion, Okta the response as well. */
export function samlAnswer(answer: SamlAnswer, key: CertifiedKey): string {
  const { acs, company, issuer, now, question } = answer;
  const assertion = signed(assertionXml(answer, newId()), 'Assertion', key);
  const response = [
    `<samlp:Response xmlns:samlp="${protocol}" ID="${newId()}" Version="2.0" IssueInstant="${now.toISOString()}"`,
    ` Destination="${escapeXml(acs)}" InResponseTo="${escapeXml(question.id)}">`,
    `<saml:Issuer xmlns:saml="${assertionNamespace}">${escapeXml(issuer)}</saml:Issuer>`,
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>',
    `${assertion}</samlp:Response>`,
  ].join('');
  return company.profile.startsWith('entra') ? response : signed(response, 'Response', key);
}
