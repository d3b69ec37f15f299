import { routesOfOperators } from './routes-of-operators.js';
import { routesOfPeople } from './routes-of-people.js';

/** It asks the DNS of the world; its event is looked at by the function below it. */
const verification = 'POST /sso-connections/{id}/domains/{domain}/verify';

/** Calls that are no reads and change nothing. */
const silentRoutes: Readonly<Record<string, string>> = {
  'POST /sso-connections/{id}/test': 'asks the provider',
  'POST /sso-connections/preview': 'asks the provider',
  'POST /directories/{id}/rules/dry-run': 'computes',
  'POST /directories/{id}/mapping/preview': 'computes',
  'POST /directories/{id}/requests/{requestId}/replay': 'computes',
  'POST /webhooks/{id}/test': 'sends a message that is no event',
  'POST /me/2fa': 'makes a secret that counts for nothing until it is confirmed',
  'POST /me/passkeys/options': 'makes a question that counts for nothing until it is answered',
  'POST /me/reauthenticate/options': 'makes a question that counts for nothing until it is answered',
  'POST /me/reauthenticate': 'notes in the session when its person proved who they are',
};

/** Writing routes that leave no event, or whose event another walk looks at than the one of API keys. */
export const routesWalkedElsewhere: readonly string[] = [
  ...routesOfPeople,
  ...routesOfOperators,
  ...Object.keys(silentRoutes),
  verification,
];
