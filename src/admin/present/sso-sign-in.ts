import { ssoSignInKinds, ssoSignInStates, type SsoSignInDocument } from '../../identity/sso/sign-in-log.js';

import { z } from '../schema.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

const text = z.string().nullable();

const reportSchema = z
  .strictObject({
    account: z
      .enum(['known', 'link', 'create', 'refused'])
      .describe('what a sign-in would do: use a connected account, connect one, create one, or refuse'),
    reason: text.describe('why it would be refused'),
    user: z.strictObject({ id, label: z.string() }).nullable(),
    roles: z.array(z.strictObject({ role: z.string(), because: z.string() })),
    lacking: z
      .array(z.strictObject({ what: z.string(), hint: z.string() }))
      .describe('what the provider does not send, and where that is set there'),
    person: z.record(z.string(), z.string().nullable()).describe('as the connection reads the answer'),
    claims: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  })
  .openapi('SsoTestReport');

export const ssoSignInSchema = z
  .strictObject({
    id,
    kind: z.enum(ssoSignInKinds).describe('`test`: it opened no session and changed nothing'),
    state: z
      .enum(ssoSignInStates)
      .describe('`waiting`: the browser has not come back; `passed`: a test that would have let the user in'),
    startedAt: instant,
    finishedAt: instantOrNull,
    stage: text.describe(
      'where it ended: `discovery`, `authorization`, `token`, `id_token`, `userinfo`, `saml_response`, `account`',
    ),
    reason: text,
    hint: text.describe('what to do'),
    reference: text.describe('the request id; its beginning is the reference on the page the user saw'),
    user: z.strictObject({ id }).nullable(),
    person: text.describe('the address or name, where it is known'),
    ip: text,
    report: reportSchema.nullable().describe('of a test that came to its end'),
  })
  .openapi('SsoSignIn');

export function presentSsoSignIn(signIn: SsoSignInDocument): z.input<typeof ssoSignInSchema> {
  const { _id, finishedAt, hint, ip, kind, person, reason, reference, report, stage, startedAt } = signIn;
  return {
    id: _id,
    kind,
    state: signIn.state,
    startedAt: iso(startedAt),
    finishedAt: isoOrNull(finishedAt),
    ...{ stage, reason, hint, reference, person, ip },
    user: signIn.userId === null ? null : { id: signIn.userId },
    report: report as z.input<typeof reportSchema> | null,
  };
}
