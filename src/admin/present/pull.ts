import { googleLimits, shownSource, type GoogleSource } from '../../identity/directories/google-source.js';
import type { DirectoryPullDocument } from '../../identity/directories/pulls.js';
import { z } from '../schema.js';
import { instantOrNull, isoOrNull, line } from './fields.js';

export const kindSchema = z
  .enum(['scim', 'google'])
  .describe('`scim`: the identity provider pushes; `google`: Gatehouse pulls from Google Workspace');

const administrator = line(254).describe('the administrator of the Workspace in whose name Google is asked');
const groups = z
  .array(z.string().min(1).max(500))
  .max(googleLimits.maxChosen)
  .describe('addresses or ids of the groups to pull, with those nested in them and the people in them');
const organizationalUnits = z
  .array(z.string().min(1).max(500))
  .max(googleLimits.maxChosen)
  .describe('paths of the organizational units whose people to pull; with no group and no unit: everybody');
const pullMinutes = z
  .number()
  .int()
  .min(googleLimits.minPullMinutes)
  .max(googleLimits.maxPullMinutes)
  .describe('the time between two pulls');
const maxLeavingPercent = z
  .number()
  .int()
  .min(1)
  .max(100)
  .describe('a pull that disables or removes more people than this share, and at least 10, stops');
const apiUrl = z
  .string()
  .max(2000)
  .nullable()
  .describe('another address than Google’s own, for tests and the simulator');

/** What a Google directory is given; `serviceAccount` is never read again. */
const fields = {
  groups: groups.optional(),
  organizationalUnits: organizationalUnits.optional(),
  pullMinutes: pullMinutes.optional(),
  maxLeavingPercent: maxLeavingPercent.optional(),
  apiUrl: apiUrl.optional(),
};
const serviceAccount = z
  .union([z.string().min(1).max(20_000), z.record(z.string().max(100), z.unknown())])
  .describe('the JSON key file of the service account, as an object or as text; write only');

export const googleInput = z.strictObject({ administrator, serviceAccount, ...fields });
export const googleChange = z.strictObject({
  administrator: administrator.optional(),
  serviceAccount: serviceAccount.optional(),
  ...fields,
});

export const googleSchema = z
  .strictObject({
    administrator,
    serviceAccountEmail: z.string().nullable().describe('whose key is kept; null: none is given yet'),
    groups,
    organizationalUnits,
    pullMinutes,
    maxLeavingPercent,
    apiUrl,
  })
  .openapi('GoogleSource');

export const presentGoogle = (
  google: GoogleSource | null | undefined,
): z.input<typeof googleSchema> | null => (google ? shownSource(google) : null);

const amount = z.number().int();
const countsSchema = z.strictObject({
  created: amount,
  changed: amount,
  deactivated: amount,
  removed: amount,
  refused: amount.describe('refused by Gatehouse: the request log says why'),
});

export const pullStateSchema = z
  .strictObject({
    lastPullAt: instantOrNull,
    lastResult: z
      .strictObject({
        outcome: z
          .enum(['done', 'stopped', 'failed'])
          .describe('`stopped`: too many people would leave; `failed`: Google could not be read'),
        users: countsSchema,
        groups: countsSchema,
      })
      .nullable(),
    nextPullAt: instantOrNull,
    error: z.string().nullable().describe('why the last pull did not get through, with the remedy'),
  })
  .openapi('PullState');

/** Where the pulls are at; null for a directory that does not pull. */
export function presentPull(pull: DirectoryPullDocument | undefined): z.input<typeof pullStateSchema> | null {
  if (!pull) return null;
  return {
    lastPullAt: isoOrNull(pull.lastPullAt),
    lastResult: pull.lastResult,
    nextPullAt: isoOrNull(pull.nextPullAt),
    error: pull.error,
  };
}
