import type { SchemaDefinition } from '../attribute.js';
import { defineAttribute } from '../attribute.js';
import { gatehouseUserUrn } from '../urns.js';

/**
 * Set by the server, not by a client, and returned on request only: so that what a client writes to the extension is what it reads back.
 */
const decided = { mutability: 'readOnly', returned: 'request' } as const;

/** What Gatehouse decides about a user beyond RFC 7643: approval, access period, limits, the applications open to the user. */
export const gatehouseUserSchema: SchemaDefinition = {
  id: gatehouseUserUrn,
  name: 'GatehouseUser',
  description: 'Access of the user at this server',
  attributes: [
    defineAttribute('status', 'The one word that says whether the user can sign in, and if not, why.', {
      ...decided,
      canonicalValues: [
        'active',
        'pending_approval',
        'pending_activation',
        'locked',
        'expired',
        'disabled',
        'deleted',
      ],
    }),
    defineAttribute('approved', 'A person has approved the account.', { type: 'boolean' }),
    defineAttribute('loginType', 'Signs in here with a password, or at the identity provider.', {
      canonicalValues: ['local', 'sso'],
    }),
    defineAttribute('accessExpiresAt', 'End of the access period; absent: permanent. Set it at the server.', {
      type: 'dateTime',
      ...decided,
    }),
    defineAttribute('lockedUntil', 'End of a temporary lock.', { type: 'dateTime', ...decided }),
    defineAttribute('limitedProducts', 'The products the user is limited to; absent: all.', {
      multiValued: true,
    }),
    defineAttribute('userProfileAccess', 'May see personal profiles in the applications.', {
      type: 'boolean',
    }),
    defineAttribute('serviceAssignments', 'The applications the user is let into, with roles or without.', {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        defineAttribute('value', "The application's key.", { required: true, caseExact: true }),
        defineAttribute('roles', 'Keys of roles within the application; absent: what readers may do.', {
          multiValued: true,
          caseExact: true,
        }),
      ],
    }),
  ],
};
