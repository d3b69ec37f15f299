import express, { type Response, type Router } from 'express';
import { z } from 'zod';
import type { CertifiedKey } from '../infrastructure/certificate.js';
import { escapeXml } from '../infrastructure/xml.js';
import type { Clock } from '../shared/clock.js';
import { controlPeople } from './company-control.js';
import { mayUseGatehouse, type Company } from './company.js';
import { escapeHtml, htmlPage } from './html.js';
import { fullName } from './person.js';
import { readQuestion, samlAnswer, type SamlQuestion } from './saml-answer.js';

/** Below the company's address. */
export const samlPath = '/saml';

/** The entity id of a company, which is the address of its metadata. */
export const samlEntity = (companyUrl: string): string => `${companyUrl}${samlPath}/metadata`;
/** Where a company takes requests. */
export const samlSignIn = (companyUrl: string): string => `${companyUrl}${samlPath}/sso`;

/** What a company's SAML provider works with. */
export interface SamlParts {
  /** Whom it signs in. */
  company: Company;
  companyUrl: string;
  key: CertifiedKey;
  /** The one service it knows. */
  service: { entityId: string; acs: string };
  clock: Clock;
}

const base64Of = (pem: string): string => pem.replace(/-----[A-Z ]+-----|\s+/g, '');

function metadataOf({ companyUrl, key }: SamlParts): string {
  const redirect = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
  return [
    '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"',
    ` entityID="${escapeXml(samlEntity(companyUrl))}">`,
    '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">',
    '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data>',
    `<ds:X509Certificate>${base64Of(key.certificate)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
    `<md:SingleSignOnService Binding="${redirect}" Location="${escapeXml(samlSignIn(companyUrl))}"/>`,
    '</md:IDPSSODescriptor></md:EntityDescriptor>',
  ].join('');
}

const hidden = (name: string, value: string): string =>
  `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`;

function choicePage(company: Company, { id, issuer, relayState }: SamlQuestion, alert?: string): string {
  const people = [...company.employees.values()].filter(({ assigned }) => assigned);
  const buttons = people.map(
    ({ person }) =>
      `<button name="user" value="${escapeHtml(person.id)}">${escapeHtml(fullName(person))} <small>${escapeHtml(person.userName)}</small></button>`,
  );
  return htmlPage(
    `Sign in at ${company.name}`,
    company.brand,
    `<h1>${escapeHtml(company.name)}</h1><p class="sub">The company's own login by SAML (simulated). Who are you?</p>
${alert === undefined ? '' : `<p role="alert">${escapeHtml(alert)}</p>`}
<form class="list" method="post" action="${samlPath}/sign-in">${hidden('id', id)}${hidden('issuer', issuer)}${hidden('relayState', relayState)}${buttons.join('')}</form>`,
  );
}

/** What takes the answer to the service: its form goes off by itself where there is JavaScript. */
function answerPage(company: Company, acs: string, xml: string, relayState: string): string {
  const response = Buffer.from(xml).toString('base64');
  return htmlPage(
    `Signed in at ${company.name}`,
    company.brand,
    `<form method="post" action="${escapeHtml(acs)}">${hidden('SAMLResponse', response)}${hidden('RelayState', relayState)}<button class="main">Continue</button></form>
<script>document.forms[0].submit()</script>`,
  );
}

const querySchema = z.object({ SAMLRequest: z.string(), RelayState: z.string().default('') });

const formSchema = z.object({
  id: z.string(),
  issuer: z.string(),
  relayState: z.string(),
  user: z.string().optional(),
});

function answer(parts: SamlParts, res: Response, form: z.output<typeof formSchema>): void {
  const { clock, company, companyUrl, key, service } = parts;
  const { user, ...question } = form;
  const employee = user === undefined ? undefined : mayUseGatehouse(company, user);
  if (!employee) {
    const alert = 'This account is not assigned to the application.';
    res.status(403).send(choicePage(company, question, alert));
    return;
  }
  const issuer = samlEntity(companyUrl);
  const said = { company, employee, issuer, acs: service.acs, question, now: clock.now() };
  res.send(answerPage(company, service.acs, samlAnswer(said, key), question.relayState));
}

/** A company's SAML provider, to be mounted at {@link samlPath}: people are chosen by a click. */
export function companySaml(parts: SamlParts): Router {
  const router = express.Router();
  router.get('/metadata', (_req, res) => {
    res.type('application/samlmetadata+xml').send(metadataOf(parts));
  });
  router.get('/sso', (req, res) => {
    const query = querySchema.safeParse(req.query);
    const question = query.success && readQuestion(query.data.SAMLRequest, query.data.RelayState);
    if (question && question.issuer === parts.service.entityId) res.send(choicePage(parts.company, question));
    else res.status(400).send('no AuthnRequest of a service that is known here');
  });
  router.post('/sign-in', express.urlencoded({ extended: false }), (req, res) => {
    const form = formSchema.safeParse(req.body);
    if (form.success && form.data.issuer === parts.service.entityId) answer(parts, res, form.data);
    else res.status(400).send('no sign-in is under way');
  });
  router.put('/people', express.json(), controlPeople(parts.company));
  return router;
}
