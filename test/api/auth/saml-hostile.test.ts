import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { createConnection, type SsoConnectionDocument } from '../../../src/identity/sso/connections.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Page } from '../../support/browser.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import {
  answerAt,
  assertionXml,
  encryptAssertion,
  honestAnswer,
  leaveForSaml,
  persistent,
  responseXml,
  samlKey,
  signedAnswer,
  signXml,
  type SamlRequest,
  type SamlSaid,
} from '../../support/saml.js';

const issuer = 'https://idp.test/entity';
const minutes = (count: number): Date => new Date(Date.now() + count * 60_000);

/** What a hostile answer is made of. */
interface Scene {
  said: SamlSaid;
  request: SamlRequest;
  /** Our certificate that assertions are encrypted for. */
  certificate: string;
  /** Whoever the attacker wants to be. */
  victim: string;
}

type Attack = (scene: Scene) => string | Promise<string>;

const key = () => samlKey(0);
const foreign = () => samlKey(1);
const signed =
  (change: Partial<SamlSaid>): Attack =>
  ({ said }) =>
    signedAnswer({ ...said, ...change }, key());
/** A good answer, changed after it was signed. */
const changed =
  (change: (xml: string, scene: Scene) => string): Attack =>
  (scene) =>
    change(signedAnswer(scene.said, key()), scene);

const assertionOf = (xml: string): string => /<saml:Assertion[\s\S]*<\/saml:Assertion>/.exec(xml)?.[0] ?? '';
const signatureOf = (xml: string): string => /<Signature[\s\S]*<\/Signature>/.exec(xml)?.[0] ?? '';

/** A copy of a signed element that names the victim, without the signature, under another id. */
const evilOf = (element: string, { said, victim }: Scene): string =>
  element
    .replace(signatureOf(element), '')
    .replaceAll(said.assertionId, '_evil')
    .replace(/(<saml:NameID[^>]*>)[^<]*/, `$1${victim}`)
    .replace(/(<saml:AttributeValue>)[^<]*/, `$1${victim}`);

/** Wrapping attacks on a signed assertion and on a signed response (Somorovsky and others, "On Breaking SAML", XSW 1-8). */
const wrapped: Record<string, Attack> = {
  'XSW 1: a signed response inside the signature of a forged one': (scene) => {
    const xml = signXml(responseXml(scene.said, assertionXml(scene.said)), 'Response', { key: key() });
    const forged = evilOf(xml, scene).replace(scene.said.responseId, '_other');
    return forged.replace(
      '<samlp:Status>',
      `${signatureOf(xml).replace('</Signature>', `${xml.replace(signatureOf(xml), '')}</Signature>`)}<samlp:Status>`,
    );
  },
  'XSW 2: a signed response beside the signature of a forged one': (scene) => {
    const xml = signXml(responseXml(scene.said, assertionXml(scene.said)), 'Response', { key: key() });
    const forged = evilOf(xml, scene).replace(scene.said.responseId, '_other');
    return forged.replace(
      '<samlp:Status>',
      `${signatureOf(xml)}${xml.replace(signatureOf(xml), '')}<samlp:Status>`,
    );
  },
  'XSW 3: a forged assertion before the signed one': changed((xml, scene) =>
    xml.replace('<saml:Assertion', `${evilOf(assertionOf(xml), scene)}<saml:Assertion`),
  ),
  'XSW 4: the signed assertion inside a forged one': changed((xml, scene) => {
    const evil = evilOf(assertionOf(xml), scene);
    return xml.replace(
      assertionOf(xml),
      evil.replace('</saml:Assertion>', `${assertionOf(xml)}</saml:Assertion>`),
    );
  }),
  'XSW 5: a forged assertion with the signature, the signed one after it': changed((xml, scene) => {
    const original = assertionOf(xml).replace(signatureOf(xml), '');
    const evil = evilOf(assertionOf(xml), scene).replace(
      '</saml:Issuer>',
      `</saml:Issuer>${signatureOf(xml)}`,
    );
    return xml.replace(assertionOf(xml), `${evil}${original}`);
  }),
  'XSW 6: the signed assertion inside the signature of a forged one': changed((xml, scene) => {
    const original = assertionOf(xml).replace(signatureOf(xml), '');
    const signature = signatureOf(xml).replace('</Signature>', `${original}</Signature>`);
    return xml.replace(
      assertionOf(xml),
      evilOf(assertionOf(xml), scene).replace('</saml:Issuer>', `</saml:Issuer>${signature}`),
    );
  }),
  'XSW 7: a forged assertion in Extensions': changed((xml, scene) =>
    xml.replace(
      '<samlp:Status>',
      `<samlp:Extensions>${evilOf(assertionOf(xml), scene)}</samlp:Extensions><samlp:Status>`,
    ),
  ),
  'XSW 8: the signed assertion in an Object of the signature': changed((xml, scene) => {
    const original = assertionOf(xml).replace(signatureOf(xml), '');
    const signature = signatureOf(xml).replace('</Signature>', `<Object>${original}</Object></Signature>`);
    return xml.replace(
      assertionOf(xml),
      evilOf(assertionOf(xml), scene).replace('</saml:Issuer>', `</saml:Issuer>${signature}`),
    );
  }),
};

const nameIds: Record<string, string> = {
  empty: persistent(''),
  blank: persistent('   '),
  missing: '',
  'with spaces around it': persistent(' somebody '),
  'of 257 characters': persistent('n'.repeat(257)),
  'with an invisible character': persistent('some\u200bbody'),
  'with an element inside': '<saml:NameID>some<b>body</b></saml:NameID>',
  'that stands twice': persistent('a') + persistent('b'),
  transient: '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">t</saml:NameID>',
  encrypted: '<saml:EncryptedID>x</saml:EncryptedID>',
};

const sha1 = {
  signature: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
  digest: 'http://www.w3.org/2000/09/xmldsig#sha1',
};
const nested = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth);

/** By the reason they are refused for. */
const attacks: Record<string, Record<string, Attack>> = {
  unsigned: {
    'without any signature': ({ said }) => responseXml(said, assertionXml(said)),
    'with a KeyInfo and no signature': ({ said }) =>
      responseXml(said, assertionXml(said).replace('</saml:Issuer>', '</saml:Issuer><KeyInfo/>')),
    'encrypted, and unsigned inside': ({ said, certificate }) =>
      encryptAssertion(responseXml(said, assertionXml(said)), certificate),
  },
  signature: {
    'signed by another key': ({ said }) => signedAnswer(said, foreign()),
    'signed by a key whose certificate it brings itself (node-saml CVE-2025-54369)': ({ said }) => {
      const xml = signedAnswer(said, foreign());
      const base64 = foreign().certificate.replace(/-----[A-Z ]+-----|\s+/g, '');
      return xml.replace(
        /<KeyInfo>[\s\S]*<\/KeyInfo>/,
        `<KeyInfo><X509Data><X509Certificate>${base64}</X509Certificate></X509Data></KeyInfo>`,
      );
    },
    'changed after it was signed': changed((xml, { victim }) =>
      xml.replace(/(<saml:NameID[^>]*>)[^<]*/, `$1${victim}`),
    ),
    'whose attributes were changed (node-saml CVE-2025-54419)': changed((xml, { victim }) =>
      xml.replace(/(<saml:AttributeValue>)[^<]*/, `$1${victim}`),
    ),
    'whose response has a bad signature around a good assertion': ({ said }) => {
      const inner = signXml(assertionXml(said), 'Assertion', { key: key() });
      return signXml(responseXml(said, inner), 'Response', { key: foreign() }).replace(
        /^(<samlp:Response[^>]*>)/,
        '$1',
      );
    },
    'encrypted, and signed inside by another key': async ({ said, certificate }) =>
      encryptAssertion(signedAnswer(said, foreign()), certificate),
  },
  algorithm: {
    'signed by RSA-SHA1': ({ said }) =>
      responseXml(said, signXml(assertionXml(said), 'Assertion', { key: key(), ...sha1 })),
    'with a SHA-1 digest under RSA-SHA256': ({ said }) =>
      responseXml(said, signXml(assertionXml(said), 'Assertion', { key: key(), digest: sha1.digest })),
    'signed by HMAC with the certificate': changed((xml) =>
      xml.replace(
        'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
      ),
    ),
    'canonicalised with comments': ({ said }) =>
      responseXml(
        said,
        signXml(assertionXml(said), 'Assertion', {
          key: key(),
          transforms: [
            'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
            'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
          ],
        }),
      ),
    'transformed by XSLT': changed((xml) =>
      xml.replace(
        'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
        'http://www.w3.org/TR/1999/REC-xslt-19991116',
      ),
    ),
  },
  encryption: {
    'encrypted by RSA 1.5': ({ said, certificate }) =>
      encryptAssertion(signedAnswer(said, key()), certificate, {
        key: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5',
      }),
    'encrypted by triple DES': ({ said, certificate }) =>
      encryptAssertion(signedAnswer(said, key()), certificate, {
        data: 'http://www.w3.org/2001/04/xmlenc#tripledes-cbc',
      }),
    'encrypted for somebody else': ({ said }) =>
      encryptAssertion(signedAnswer(said, key()), foreign().certificate),
    'whose cipher text was changed': async ({ said, certificate }) => {
      const xml = await encryptAssertion(signedAnswer(said, key()), certificate);
      const at = xml.lastIndexOf('CipherValue>');
      return xml.slice(0, at - 40) + (xml[at - 40] === 'A' ? 'B' : 'A') + xml.slice(at - 39);
    },
  },
  issuer: {
    'of another entity, signed by the pinned key': signed({ issuer: 'https://evil.test' }),
    'whose response is of another entity': signed({ responseIssuer: 'https://evil.test' }),
  },
  destination: { 'sent to another address': signed({ destination: 'https://other.test/acs' }) },
  recipient: {
    'for another address': signed({ recipient: 'https://other.test/acs' }),
    'without a Recipient': signed({ recipient: null }),
  },
  confirmation: {
    'with another confirmation method': signed({ method: 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches' }),
  },
  audience: {
    'for another audience': signed({ audience: 'https://other.test/metadata' }),
    'without an audience': signed({ audience: null }),
    'whose second audience restriction is not ours': signed({
      conditions:
        '<saml:AudienceRestriction><saml:Audience>https://other.test</saml:Audience></saml:AudienceRestriction>',
    }),
  },
  conditions: {
    'without an end': signed({ notOnOrAfter: null, confirmedUntil: minutes(5) }),
    'whose confirmation has no end': signed({ confirmedUntil: null }),
    'with a condition nobody knows': signed({ conditions: '<x:Only xmlns:x="urn:x"/>' }),
  },
  expired: {
    'that has expired': signed({ notOnOrAfter: minutes(-2) }),
    'whose confirmation has expired': signed({ confirmedUntil: minutes(-2) }),
    'that ends at no instant': ({ said }) => {
      const xml = assertionXml(said).replace(/NotOnOrAfter="[^"]*"/g, 'NotOnOrAfter="never"');
      return responseXml(said, signXml(xml, 'Assertion', { key: key() }));
    },
  },
  not_yet_valid: {
    'that is not valid yet': signed({ notBefore: minutes(3) }),
    'issued in the future': signed({ authnInstant: minutes(3) }),
  },
  in_response_to: {
    'to a request nobody made': signed({ inResponseTo: '_somebody' }),
    'to a request of the right form that we did not make': signed({
      inResponseTo: `_${'0'.repeat(32)}-${'A'.repeat(43)}`,
    }),
    'to no request, with the RelayState of one': signed({ inResponseTo: null }),
    'whose response alone names the request': ({ said, request }) =>
      signedAnswer({ ...said, inResponseTo: null, outerInResponseTo: request.id }, key()),
    'whose response names another request': signed({ outerInResponseTo: '_another' }),
  },
  status: {
    'that says no, with a signed assertion beside it': signed({
      status: 'urn:oasis:names:tc:SAML:2.0:status:Responder',
    }),
  },
  doctype: {
    'with a bare DOCTYPE': changed((xml) => `<!DOCTYPE Response>${xml}`),
    'with an external DTD': changed((xml) => `<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">${xml}`),
    'with entities (billion laughs)': changed(
      (xml) =>
        `<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>${xml.replace('Success', 'Success&b;')}`,
    ),
    'with a parameter entity': changed(
      (xml) => `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>${xml}`,
    ),
  },
  markup: {
    'with a comment inside the NameID': changed((xml) =>
      xml.replace('</saml:NameID>', '<!-- -->.evil</saml:NameID>'),
    ),
    'whose DigestValue has a comment (xml-crypto CVE-2025-29775)': changed((xml) =>
      xml.replace('<DigestValue>', '<DigestValue><!--x-->'),
    ),
    'with a processing instruction inside the NameID': changed((xml) =>
      xml.replace('</saml:NameID>', '<?x y?></saml:NameID>'),
    ),
    'with a CDATA section': changed((xml) => xml.replace('</saml:NameID>', '<![CDATA[x]]></saml:NameID>')),
  },
  structure: {
    ...wrapped,
    'with two signed assertions': ({ said }) => {
      const both = [said, { ...said, assertionId: '_second' }].map((one) =>
        signXml(assertionXml(one), 'Assertion', { key: key() }),
      );
      return responseXml(said, both.join(''));
    },
    'without an assertion': ({ said }) => responseXml(said, ''),
    'with two SignedInfo (xml-crypto CVE-2025-29774)': changed((xml) => {
      const [info = ''] = /<SignedInfo>[\s\S]*<\/SignedInfo>/.exec(xml) ?? [];
      return xml.replace(info, `${info}${info}`);
    }),
    'with an id that stands twice': changed((xml, { said }) =>
      xml.replace('<samlp:Status>', `<samlp:Status ID="${said.assertionId}">`),
    ),
    'with an xml:id': changed((xml, { said }) =>
      xml.replace('<samlp:Status>', `<samlp:Status xml:id="${said.assertionId}">`),
    ),
    'with an assertion of another namespace': changed((xml) =>
      xml.replace('<samlp:Status>', '<Assertion xmlns="urn:x"/><samlp:Status>'),
    ),
    'whose signature is of the whole document (empty reference)': changed((xml, { said }) =>
      xml.replace(`URI="#${said.assertionId}"`, 'URI=""'),
    ),
    'whose signature is of the response and stands in the assertion': changed((xml, { said }) =>
      xml.replace(`URI="#${said.assertionId}"`, `URI="#${said.responseId}"`),
    ),
    'of SAML 1.1 inside': signed({ version: '1.1' }),
  },
  malformed: {
    'that is no XML': () => 'hello',
    'that is no response': ({ said }) => signXml(assertionXml(said), 'Assertion', { key: key() }),
    'of another protocol namespace': ({ said }) =>
      signedAnswer(said, key()).replace('SAML:2.0:protocol', 'SAML:1.0:protocol'),
    'with two roots (xmldom CVE-2022-39353)': changed((xml) => `${xml}${xml}`),
    'with an attribute twice': changed((xml) => xml.replace('Version="2.0"', 'Version="2.0" Version="2.0"')),
    'with an undeclared entity': changed((xml) => xml.replace('</saml:NameID>', '&evil;</saml:NameID>')),
  },
  size: {
    'that is huge': changed((xml) =>
      xml.replace('</saml:Assertion>', `${' '.repeat(300_000)}</saml:Assertion>`),
    ),
    'nested deeply': changed((xml) =>
      xml.replace('<samlp:Status>', `<samlp:Extensions>${nested(2000)}</samlp:Extensions><samlp:Status>`),
    ),
    'with very many elements': changed((xml) =>
      xml.replace(
        '<samlp:Status>',
        `<samlp:Extensions>${'<a/>'.repeat(12_000)}</samlp:Extensions><samlp:Status>`,
      ),
    ),
    'with very many attributes on one element': changed((xml) =>
      xml.replace(
        '<samlp:Status>',
        `<samlp:Status ${Array.from({ length: 3000 }, (_, i) => `a${i}="x"`).join(' ')}>`,
      ),
    ),
  },
  name_id: Object.fromEntries(
    Object.entries(nameIds).map(([title, nameId]) => [`whose NameID is ${title}`, signed({ nameId })]),
  ),
};

describe('a SAML provider that misbehaves', () => {
  let app: TestApp;
  let tenantId: string;
  let connection: SsoConnectionDocument;
  let domain: string;
  let victim: string;

  before(async () => {
    app = await startApp({ config: {} });
    tenantId = (await givenTenant(app.core)).tenantId;
    domain = `${unique('company')}.test`;
    connection = await createConnection(app.core, systemActor(tenantId), {
      name: unique('connection'),
      protocol: 'saml',
      idpEntityId: issuer,
      idpSsoUrl: 'https://idp.test/sso',
      idpCertificates: [samlKey(0).certificate],
      mode: 'required',
      domains: [{ domain, verified: true }],
    });
    victim = (await givenUser(app.core, tenantId, { email: `victim@${domain}`, password: null })).userName;
    samlKey(1);
  });
  after(() => app.stop());

  async function attacked(attack: Attack): Promise<Page> {
    const browser = openBrowser(app.url);
    const email = `${unique('u')}@${domain}`;
    const request = await leaveForSaml(browser, email);
    const said = honestAnswer(request, { issuer, subject: unique('s'), email, now: new Date() });
    const certificate = connection.saml!.encryption.certificate;
    return answerAt(browser, request, await attack({ said, request, certificate, victim }));
  }

  async function lastReason(): Promise<string | undefined> {
    const [event] = await app.core.store
      .tenant(tenantId)
      .collection('audit_events')
      .find({ action: 'login.failed' }, { sort: { _id: -1 }, limit: 1 });
    return event?.changes.find(({ path }) => path === 'reason')?.after as string | undefined;
  }

  for (const [reason, cases] of Object.entries(attacks)) {
    for (const [title, attack] of Object.entries(cases)) {
      it(`refuses an answer ${title}: ${reason}`, async () => {
        const page = await attacked(attack);
        expect(page.status, page.text).to.equal(reason === 'status' ? 403 : 400);
        expect(page.alert).to.be.a('string');
        expect(page.headers.getSetCookie().join()).to.not.include('gh_session');
        expect(await lastReason()).to.equal(reason);
      });
    }
  }

  it('makes nobody of all this', async () => {
    const identities = app.core.store.tenant(tenantId).collection('identities');
    expect(await identities.count({})).to.equal(0);
  });
});
