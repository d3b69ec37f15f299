import { randomBytes } from 'node:crypto';
import type { Router } from 'express';
import { makeCertifiedKey, type CertifiedKey } from '../infrastructure/certificate.js';
import type { Clock } from '../shared/clock.js';
import { companyApp } from './company-app.js';
import { companyProvider } from './company-provider.js';
import { companySaml } from './company-saml.js';
import { connectionKey, makeCompany, putEmployee, type Company } from './company.js';
import { openDirectory } from './directory.js';
import type { Listener } from './listener.js';
import type { Narrator } from './narrator.js';
import { departments, makeGroup, makePerson } from './person.js';
import type { ProfileName } from './profiles/profile.js';
import { sampleApp } from './sample-app.js';
import { scimTargetOf, type CompanyTarget } from './target.js';

/** The secrets of one customer, new at every start. */
interface DemoSecrets {
  companyClientSecret: string;
  localPassword: string;
}

/** The vendor's product: one application, registered once for all customers. */
export interface DemoProduct {
  key: string;
  name: string;
  url: string;
  clientId: string;
  clientSecret: string;
  /** The vendor's own key: opens every tenant. */
  operatorKey: string;
  /** A consultant with an account at each customer, and the same password. */
  shared: { email: string; password: string };
}

/** One tenant of the demo: a customer of the product, with the login and the directory of its company. */
export interface DemoTenant {
  company: Company;
  companyUrl: string;
  /** The company's partners, who have a domain of their own and sign in by SAML. */
  partners: { company: Company; key: CertifiedKey };
  /** The product's address: the same for every customer. */
  appUrl: string;
  clientId: string;
  localEmail: string;
  /** How its directory proves itself: a static token, or access tokens by OAuth. */
  scim: { token: string } | { oauth: { clientId: string; clientSecret: string } };
  /** What the consultant may do here. */
  sharedRole: string;
  secrets: DemoSecrets;
}

/** The role rules of the demo: what each department may do in the sample application. */
export const demoRoles = {
  [departments.support]: ['agent'],
  [departments.sales]: ['agent', 'manager'],
} as const;

/** Of one person at each company: a rule gives them a role that nobody else has. */
export const headTitle = 'Head of Sales';

interface DemoCompany {
  name: string;
  profile: ProfileName;
  brand: string;
  /** How its directory pushes. */
  scim: 'token' | 'oauth';
  sharedRole: string;
  support: readonly string[];
  /** The first is their head. */
  sales: readonly string[];
  /** In the directory, not assigned yet: to click in. */
  waiting: readonly string[];
  /** In no directory: they sign in by SAML, and are made here by it. */
  partner: string;
}

/** The two companies the demo plays. */
export const demoCompanies: readonly DemoCompany[] = [
  {
    name: 'Acme',
    profile: 'okta',
    brand: '#0b3d91',
    scim: 'oauth',
    sharedRole: 'manager',
    support: ['Ada Lovelace', 'Katherine Johnson'],
    sales: ['Alan Turing'],
    waiting: ['Barbara Liskov'],
    partner: 'Mary Jackson',
  },
  {
    name: 'Globex',
    profile: 'entra',
    brand: '#0f6c5c',
    scim: 'token',
    sharedRole: 'agent',
    support: ['Edsger Dijkstra', 'Radia Perlman'],
    sales: ['Frances Allen'],
    waiting: ['John Backus'],
    partner: 'Hedy Lamarr',
  },
];

function secret(prefix: string): string {
  return `${prefix}${randomBytes(24).toString('base64url')}`;
}

/** A company with its people in their departments' groups. */
function staffed(about: DemoCompany): Company {
  const slug = about.name.toLowerCase();
  const domain = `${slug}.test`;
  const company = makeCompany({ name: about.name, slug, domain, profile: about.profile, brand: about.brand });
  for (const [department, names] of [
    [departments.support, about.support],
    [departments.sales, about.sales],
  ] as const) {
    const group = makeGroup(department, domain);
    company.groups.set(group.id, group);
    for (const name of names) {
      const title = name === about.sales[0] ? headTitle : undefined;
      putEmployee(company, makePerson(name, domain, department, title), true).groupIds.add(group.id);
    }
  }
  for (const name of about.waiting) {
    const waiting = putEmployee(company, makePerson(name, domain, departments.support), false);
    waiting.groupIds.add(makeGroup(departments.support, domain).id);
  }
  return company;
}

/** People outside the company's directory, whom its login knows all the same. */
function partnersOf({ name, profile, brand, partner }: DemoCompany): Company {
  const slug = `${name.toLowerCase()}-partners`;
  const domain = `${slug}.test`;
  const company = makeCompany({ name: `${name} partners`, slug, domain, profile, brand });
  const group = makeGroup(departments.support, domain);
  company.groups.set(group.id, group);
  putEmployee(company, makePerson(partner, domain, departments.support), true).groupIds.add(group.id);
  return company;
}

/** The product with fresh secrets; nothing answers yet. */
export function makeDemoProduct(url: string): DemoProduct {
  return {
    key: 'crm',
    name: 'Initrode CRM',
    url,
    clientId: 'crm',
    clientSecret: secret(''),
    operatorKey: secret('gh_op_'),
    shared: { email: 'robin@consulting.test', password: secret('') },
  };
}

/** A tenant of the demo with fresh secrets; nothing answers yet. */
export async function makeDemoTenant(
  about: DemoCompany,
  companyUrl: string,
  appUrl: string,
  now: Date,
): Promise<DemoTenant> {
  const company = staffed(about);
  return {
    company,
    companyUrl,
    partners: { company: partnersOf(about), key: await makeCertifiedKey(`${about.name} login`, now) },
    appUrl,
    clientId: 'gatehouse',
    localEmail: `admin@${company.slug}-it.test`,
    scim:
      about.scim === 'token'
        ? { token: secret('gh_scim_') }
        : { oauth: { clientId: `${company.slug}-scim`, clientSecret: secret('') } },
    sharedRole: about.sharedRole,
    secrets: { companyClientSecret: secret(''), localPassword: secret('') },
  };
}

/** What a scenario needs to know of the tenant. */
export function targetOf(tenant: DemoTenant, serverUrl: string): CompanyTarget {
  const { company, secrets } = tenant;
  return {
    name: company.name,
    profile: company.profile,
    scimUrl: `${serverUrl}/scim/v2`,
    ...tenant.scim,
    domain: company.domain,
    companyUrl: tenant.companyUrl,
    partnerDomain: tenant.partners.company.domain,
    appUrl: tenant.appUrl,
    localUser: { email: tenant.localEmail, password: secrets.localPassword },
    rolesByDepartment: {
      [departments.support]: [...demoRoles.Support],
      [departments.sales]: [...demoRoles['Sales Managers']],
    },
  };
}

/** Lets the product answer. */
export function openDemoProduct(
  product: DemoProduct,
  tenants: readonly DemoTenant[],
  serverUrl: string,
  port: Listener,
): void {
  const { url, clientId, clientSecret } = product;
  port.serve(
    sampleApp(
      { issuer: `${serverUrl}/oidc`, clientId, clientSecret, url },
      {
        title: product.name,
        brand: '#5b2a86',
        slug: product.key,
        customers: tenants.map(({ company: { slug, name } }) => ({ slug, name })),
      },
    ),
  );
}

function samlOf({ companyUrl, partners }: DemoTenant, serverUrl: string, clock: Clock): Router {
  const base = `${serverUrl}/sso/${connectionKey(partners.company)}`;
  const service = { entityId: `${base}/metadata`, acs: `${base}/acs` };
  return companySaml({ ...partners, companyUrl, service, clock });
}

/**
 * Lets the company's login answer, and pushes everybody who is assigned.
 *
 * @returns how many of the pushed requests were answered otherwise than expected.
 */
export async function openDemoTenant(
  tenant: DemoTenant,
  serverUrl: string,
  port: Listener,
  parts: { clock: Clock; narrator: Narrator },
): Promise<number> {
  const { company, secrets } = tenant;
  const provider = await companyProvider(
    company,
    tenant.companyUrl,
    {
      clientId: tenant.clientId,
      clientSecret: secrets.companyClientSecret,
      redirectUri: `${serverUrl}/sso/${connectionKey(company)}/callback`,
    },
    parts.clock,
  );
  const directory = openDirectory(
    company,
    scimTargetOf(targetOf(tenant, serverUrl)),
    parts.clock,
    parts.narrator,
  );
  port.serve(companyApp(company, provider, directory, { saml: samlOf(tenant, serverUrl, parts.clock) }));
  parts.narrator.chapter(`${company.name} pushes its people`);
  return directory.pushAll();
}
