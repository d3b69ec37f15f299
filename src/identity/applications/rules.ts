import { isDeepStrictEqual } from 'node:util';
import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import { hashToken } from '../../shared/ids.js';
import type { Core } from '../core.js';
import { isPrivateUse, outboundFault, redirectFault } from '../web-address.js';
import { isPublicApplication, kindFaults } from './kinds.js';
import { resourceFaults } from './resources.js';

export { isPublicApplication } from './kinds.js';

type Rules = Pick<
  ApplicationDocument,
  | 'key'
  | 'clientId'
  | 'clientSecretHash'
  | 'redirectUris'
  | 'postLogoutRedirectUris'
  | 'backchannelLogoutUri'
  | 'requirePkce'
  | 'kind'
  | 'resources'
  | 'refreshOverlapSeconds'
>;

/** PKCE is demanded of everybody but a confidential application that was let off. */
export function requiresPkce(
  application: Pick<ApplicationDocument, 'clientSecretHash' | 'requirePkce'>,
): boolean {
  return isPublicApplication(application) || application.requirePkce !== false;
}

const isNative = ({ redirectUris, postLogoutRedirectUris }: Rules): boolean =>
  [...redirectUris, ...postLogoutRedirectUris].some(isPrivateUse);

/** What stood before and is still meant the same is not judged again: the operator may have allowed it then. */
function isUntouched(
  field: 'redirectUris' | 'postLogoutRedirectUris',
  after: Rules,
  before: Rules | undefined,
): boolean {
  return (
    before !== undefined &&
    isDeepStrictEqual(before[field], after[field]) &&
    isPublicApplication(before) === isPublicApplication(after) &&
    isNative(before) === isNative(after)
  );
}

function addressFaults(core: Core, application: Rules, before: Rules | undefined): InputFault[] {
  const rules = {
    allowHttp: core.config.allowPrivateIssuers,
    isPublic: isPublicApplication(application),
    isNative: isNative(application),
  };
  const redirects = (['redirectUris', 'postLogoutRedirectUris'] as const)
    .filter((field) => !isUntouched(field, application, before))
    .flatMap((field) =>
      application[field].flatMap((uri, index) => {
        const detail = redirectFault(uri, rules);
        return detail === undefined ? [] : [{ pointer: `/${field}/${index}`, detail }];
      }),
    );
  const { backchannelLogoutUri: uri } = application;
  const detail = uri && uri !== before?.backchannelLogoutUri ? outboundFault(core, uri) : undefined;
  return [...redirects, ...(detail === undefined ? [] : [{ pointer: '/backchannelLogoutUri', detail }])];
}

/**
 * What is wrong with an application as it would be stored.
 *
 * @param before - as it is stored; absent for a new one.
 * @param more - faults that were found already.
 * @throws AppError `input.invalid` with all faults at once.
 */
export function requireValidApplication(
  core: Core,
  application: Rules,
  before?: Rules,
  more: readonly InputFault[] = [],
): void {
  const errors = [
    ...addressFaults(core, application, before),
    ...kindFaults(application),
    ...resourceFaults(core.config.baseUrl, application),
    ...more,
  ];
  if (!/^[A-Za-z0-9][\w-]{0,63}$/.test(application.key)) {
    errors.push({ pointer: '/key', detail: 'must be letters, digits, "_" and "-", at most 64' });
  }
  if (!/^[\x21-\x7e]{1,255}$/.test(application.clientId)) {
    errors.push({ pointer: '/clientId', detail: 'must be visible ASCII characters, at most 255' });
  }
  if (application.clientSecretHash === hashToken('')) {
    errors.push({ pointer: '/clientSecret', detail: 'must not be empty' });
  }
  if (isPublicApplication(application) && application.requirePkce === false) {
    errors.push({ pointer: '/requirePkce', detail: 'must not be false for an application without a secret' });
  }
  if (errors.length > 0) throw new AppError('input.invalid', 'the application is not valid', { errors });
}
