import { randomBytes } from 'node:crypto';
import type { Clock } from '../shared/clock.js';
import { companyApp } from './company-app.js';
import { companyProvider } from './company-provider.js';
import { connectionKey, makeCompany, putEmployee, type Company } from './company.js';
import { openDirectory } from './directory.js';
import type { Listener } from './listener.js';
import type { Narrator } from './narrator.js';
import { departments, makeGroup, makePerson } from './person.js';
import type { ProfileName } from './profiles/profile.js';
import { sampleApp } from './sample-app.js';
import type { CompanyTarget } from './target.js';

/** The secrets of one demo, new at every start. */
interface DemoSecrets {
  scimToken: string;
  companyClientSecret: string;
  applicationSecret: string;
  localPassword: string;
}

/** One tenant of the demo: a simulated company with its login, and a sample application it uses. */
export interface DemoTenant {
  company: Company;
  companyUrl: string;
  appUrl: string;
  clientId: string;
  applicationClientId: string;
  localEmail: string;
  secrets: DemoSecrets;
}

/** The role rules of the demo: what each department may do in the sample application. */
export const demoRoles = {
  [departments.support]: ['agent'],
  [departments.sales]: ['agent', 'manager'],
} as const;

interface DemoCompany {
  name: string;
  profile: ProfileName;
  brand: string;
  support: readonly string[];
  sales: readonly string[];
  /** In the directory, not assigned yet: to click in. */
  waiting: readonly string[];
}

/** The two companies the demo plays. */
export const demoCompanies: readonly DemoCompany[] = [
  {
    name: 'Acme',
    profile: 'okta',
    brand: '#0b3d91',
    support: ['Ada Lovelace', 'Katherine Johnson'],
    sales: ['Alan Turing'],
    waiting: ['Barbara Liskov'],
  },
  {
    name: 'Globex',
    profile: 'entra',
    brand: '#0f6c5c',
    support: ['Edsger Dijkstra', 'Radia Perlman'],
    sales: ['Frances Allen'],
    waiting: ['John Backus'],
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
      putEmployee(company, makePerson(name, domain, department), true).groupIds.add(group.id);
    }
  }
  for (const name of about.waiting) {
    const waiting = putEmployee(company, makePerson(name, domain, departments.support), false);
    waiting.groupIds.add(makeGroup(departments.support, domain).id);
  }
  return company;
}

/** A tenant of the demo with fresh secrets; nothing answers yet. */
export function makeDemoTenant(about: DemoCompany, companyUrl: string, appUrl: string): DemoTenant {
  const company = staffed(about);
  return {
    company,
    companyUrl,
    appUrl,
    clientId: 'gatehouse',
    applicationClientId: `crm-${company.slug}`,
    localEmail: `admin@${company.slug}-it.test`,
    secrets: {
      scimToken: secret('gh_scim_'),
      companyClientSecret: secret(''),
      applicationSecret: secret(''),
      localPassword: secret(''),
    },
  };
}

/** What a scenario needs to know of the tenant. */
export function targetOf(tenant: DemoTenant, serverUrl: string): CompanyTarget {
  const { company, secrets } = tenant;
  return {
    name: company.name,
    profile: company.profile,
    scimUrl: `${serverUrl}/scim/v2`,
    token: secrets.scimToken,
    domain: company.domain,
    companyUrl: tenant.companyUrl,
    appUrl: tenant.appUrl,
    localUser: { email: tenant.localEmail, password: secrets.localPassword },
    rolesByDepartment: {
      [departments.support]: [...demoRoles.Support],
      [departments.sales]: [...demoRoles['Sales Managers']],
    },
  };
}

/**
 * Lets the company's login and the sample application answer, and pushes everybody who is assigned.
 *
 * @param ports - the company's, then the application's.
 * @returns how many of the pushed requests were answered otherwise than expected.
 */
export async function openDemoTenant(
  tenant: DemoTenant,
  serverUrl: string,
  ports: readonly [Listener, Listener],
  parts: { clock: Clock; narrator: Narrator },
): Promise<number> {
  const { company, secrets } = tenant;
  const [companyPort, appPort] = ports;
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
    { scimUrl: `${serverUrl}/scim/v2`, token: secrets.scimToken },
    parts.clock,
    parts.narrator,
  );
  companyPort.serve(companyApp(company, provider, directory));
  appPort.serve(
    sampleApp(
      {
        issuer: `${serverUrl}/oidc`,
        clientId: tenant.applicationClientId,
        clientSecret: secrets.applicationSecret,
        url: tenant.appUrl,
      },
      { title: `${company.name} CRM`, brand: company.brand, slug: company.slug },
    ),
  );
  parts.narrator.chapter(`${company.name} pushes its people`);
  return directory.pushAll();
}
