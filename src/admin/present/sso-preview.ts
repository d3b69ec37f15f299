import type { ProviderPreview } from '../../identity/sso/provider-preview.js';
import { presetKeys } from '../../identity/sso/presets.js';
import { z } from '../schema.js';
import { instantOrNull, isoOrNull } from './fields.js';

export const previewInput = z
  .strictObject({
    issuer: z.string().min(1).max(1000),
    provider: z.enum(presetKeys).optional().describe('which product it is; absent: found out by the issuer'),
  })
  .openapi('PreviewSsoProvider', { example: { issuer: 'https://acme.okta.com' } });

const address = z.string().nullable();

export const previewSchema = z
  .strictObject({
    provider: z.enum(presetKeys),
    issuer: address.describe('as the provider names itself; null: nothing could be read'),
    endpoints: z.strictObject({
      authorization: address,
      token: address,
      userinfo: address,
      keys: address,
      endSession: address,
    }),
    algorithms: z.array(z.string()).describe('of ID tokens'),
    clientAuthMethods: z.array(z.string()),
    claims: z.array(z.string()),
    scopes: z.array(z.string()),
    keyCount: z.number().int().nullable(),
    clockSkewSeconds: z.number().int().nullable().describe('how far its clock is ahead of ours'),
    tls: z
      .strictObject({
        protocol: z.string().nullable(),
        validUntil: instantOrNull,
        authority: z.string().nullable(),
      })
      .nullable(),
    findings: z
      .array(z.strictObject({ level: z.enum(['fault', 'warning', 'note']), detail: z.string() }))
      .describe('`fault`: sign-ins would fail; `warning`: they may; `note`: to be done at the provider'),
  })
  .openapi('SsoProviderPreview');

export function presentPreview({ tls, ...preview }: ProviderPreview) {
  return { ...preview, tls: tls && { ...tls, validUntil: isoOrNull(tls.validUntil) } };
}
