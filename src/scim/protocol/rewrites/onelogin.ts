import { enterpriseUserUrn } from '../urns.js';
import type { BodyRewrite } from './rewrite.js';
import type { UrnAliases } from './urn-aliases.js';
import { renameUrns } from './urn-aliases.js';

const enterpriseAliases = [
  'urn:scim:schemas:extension:enterprise:2.0:user',
  'urn:scim:schemas:extension:enterprise:2.0',
  'urn:scim:schemas:extension:enterprise:1.0',
].map((wrong): [string, string] => [wrong, enterpriseUserUrn]);

const coreAliases = [
  'urn:scim:schemas:core:2.0:user',
  'urn:scim:schemas:core:2.0',
  'urn:scim:schemas:core:1.0',
];

/**
 * Wrong: `"schemas": ["urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"]` (OneLogin's JSON template, a leftover of
 * SCIM 1.1). Right: `urn:ietf:params:scim:schemas:core:2.0:User` and `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`.
 */
export const legacyUrns: BodyRewrite = {
  name: 'legacy-urns',
  unit: 'body',
  scimType: 'invalidSyntax',
  refusal: 'the schema URNs are those of SCIM 1.1 drafts',
  mend(body, { schema }) {
    const aliases: UrnAliases = new Map([
      ...enterpriseAliases,
      ...coreAliases.map((wrong): [string, string] => [wrong, schema.core.id]),
    ]);
    return renameUrns(body, aliases);
  },
};
