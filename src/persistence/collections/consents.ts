import type { StoredDocument } from '../store.js';
import { defineCollection, requiredText } from './definition.js';

/** What a person lets an application of a third party have. `_id` is `<userId>:<applicationId>`. */
export interface ConsentDocument extends StoredDocument {
  userId: string;
  applicationId: string;
  clientId: string;
  /** Scopes; `claim <name>` for claims asked for by name; `<resource> <scope>` for scopes of an API. */
  granted: string[];
}

export const consentSchema = defineCollection<ConsentDocument>(
  'consents',
  {
    userId: requiredText,
    applicationId: requiredText,
    clientId: requiredText,
    granted: { type: [String], required: true },
  },
  [
    { name: 'consents_user', key: { tenantId: 1, userId: 1 } },
    { name: 'consents_application', key: { tenantId: 1, applicationId: 1 } },
  ],
);
