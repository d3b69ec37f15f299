import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { Core } from '../core.js';
import { isHttps, judge, requirement, type IpsieRequirement, type IpsieResult } from '../ipsie.js';

const sentences = {
  https: 'All requests go over https.',
  client: 'Gatehouse proves itself to the provider.',
  domain: 'The company has proved a domain of its own.',
  required: 'Sessions of the company’s people begin at the provider alone, so that it sets their length.',
  assertion:
    'The code flow with PKCE, state and nonce, the exact issuer, and signed ID tokens are demanded; of SAML signed answers to signed requests.',
  expiry: 'A session ends when the provider says so (`session_expiry`, `SessionNotOnOrAfter`).',
  ended: 'The provider can end sessions (back-channel logout, token revocation).',
  unsolicited: 'Answers that Gatehouse did not ask for are refused.',
  signals: 'Changes of sessions are reported to the provider.',
} as const;

/** Where people are sent: of SAML the entity id may be any URI. */
const addressOf = ({ issuer, saml }: SsoConnectionDocument): string =>
  saml ? (saml.idpSsoUrl ?? '') : issuer;

const firstLevel = (core: Core, connection: SsoConnectionDocument): IpsieRequirement[] => [
  requirement(
    'SL1',
    sentences.https,
    isHttps(core.config.baseUrl) && isHttps(addressOf(connection)),
    'give BASE_URL and the address of the provider with https',
  ),
  requirement(
    'SL1',
    sentences.client,
    connection.saml !== undefined || connection.clientSecret !== null,
    'register Gatehouse as a confidential client, and give the connection its secret',
  ),
  requirement('SL1', sentences.assertion, true, ''),
  requirement('SL1', sentences.expiry, true, ''),
  requirement(
    'SL1',
    sentences.domain,
    connection.verifiedDomains.length > 0,
    'verify a domain of the connection',
  ),
  requirement(
    'SL1',
    sentences.required,
    connection.mode === 'required',
    `set the mode of the connection to required (it is ${connection.mode})`,
  ),
];

/** How far an SSO connection goes on the levels of a session's life. */
export function sessionLevelOf(core: Core, connection: SsoConnectionDocument): IpsieResult {
  const { baseUrl } = core.config;
  return judge(
    [
      ...firstLevel(core, connection),
      requirement('SL2', sentences.ended, true, ''),
      requirement('SL2', sentences.unsolicited, true, ''),
      requirement(
        'SL3',
        sentences.signals,
        false,
        'Gatehouse does not send shared signals to providers: nothing can be changed',
      ),
    ],
    [
      'The provider demands a second factor, and sends `acr` or `amr`, `auth_time` and `session_expiry`.',
      `The provider knows ${baseUrl}/sso/backchannel-logout or ${baseUrl}/sso/${connection.key ?? connection._id}/revoke.`,
      'The provider honours `acr_values` and `max_age`, which applications may send.',
    ],
  );
}
