import { z } from 'zod';
import { accessTokens } from './access-token.js';
import { profileNames } from './profiles/profile.js';
import type { ScimTarget } from './scim-client.js';

/** One company a scenario can be played for: where its identity provider pushes to, and what else can be looked at. */
const companyTargetSchema = z
  .strictObject({
    name: z.string().min(1),
    profile: z.enum(profileNames),
    scimUrl: z.url(),
    /** The directory's static token. */
    token: z.string().min(1).optional(),
    /** In its place: the client that gets access tokens. */
    oauth: z.strictObject({ clientId: z.string(), clientSecret: z.string() }).optional(),
    /** Of the addresses of the people the scenario invents. */
    domain: z.string().min(1),
    /** The simulated company's own address; absent: its login plays no part. */
    companyUrl: z.url().optional(),
    /** Of people whom the company signs in by SAML; absent: there are none. */
    partnerDomain: z.string().min(1).optional(),
    /** The sample application; absent: no sign-ins. */
    appUrl: z.url().optional(),
    /** A person of the same tenant with their own password. */
    localUser: z.strictObject({ email: z.string(), password: z.string() }).optional(),
    /** The application's roles by department, as the directory's rules give them. */
    rolesByDepartment: z.record(z.string(), z.array(z.string())).optional(),
  })
  .refine(({ token, oauth }) => (token === undefined) !== (oauth === undefined), 'needs token or oauth');

/** What `gatehouse demo` leaves behind for `gatehouse sim run`. It holds tokens: readable by its owner alone. */
export const targetFileSchema = z.strictObject({ companies: z.array(companyTargetSchema).min(1) });

export type CompanyTarget = z.output<typeof companyTargetSchema>;
export type TargetFile = z.output<typeof targetFileSchema>;

/** Where a company pushes to, and by which token. */
export function scimTargetOf({ scimUrl, token, oauth }: CompanyTarget): ScimTarget {
  if (oauth === undefined) return { scimUrl, token: token ?? '' };
  return { scimUrl, token: accessTokens(new URL(scimUrl).origin, { way: 'basic', ...oauth }) };
}
