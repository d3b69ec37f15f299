import type { ErrorCode } from '../../shared/error-codes.js';
import type { Failure } from '../exchange/error-response.js';
import type { ScimType } from '../protocol/scim-error.js';

const byCode: Partial<Record<ErrorCode, string>> = {
  'auth.required':
    'Put a live token of this directory into the identity provider; create or rotate one under Directories.',
  'group.name_taken':
    'Another group of this directory has that displayName. Link the two at the identity provider, or rename one.',
  'input.too_large': 'Send fewer members or operations in one request.',
  'input.unsupported_type': 'Set the Content-Type of the request to application/scim+json.',
  'rate.limited': 'Wait as long as Retry-After says, or raise scim.requestsPerSecond in the settings.',
  'resource.version_mismatch':
    'The resource has changed: read it again and repeat the change with its new ETag.',
  'store.conflict': 'Many writes met at one place; the identity provider will try again.',
  'server.error': 'This is a fault of the server: its log has the cause under the request id.',
  'server.unavailable': 'The database did not answer; the identity provider will try again.',
  'user.last_administrator':
    'This user is the last administrator. Give another person the administrator role first.',
  'user.name_taken':
    'Another user has that userName or address. If it is the same person, remove or rename the other record first.',
  'user.not_managed':
    'This user was made here and the directory never wrote to them. Match them in the identity provider first, or delete them here.',
  'user.own_account':
    'This person had an account of their own before the directory found it. Send no password, and correct the address here, or let them do it; then both sides agree.',
  'user.protected':
    'This user holds management rights given by hand: a directory may not change who they sign in as, nor anything of one it does not provision. Withdraw them, or leave the user out of the assignment.',
  'user.value_taken':
    'Another user has that value of an attribute that is unique here. Correct the value, or replace the attribute by one that is not unique.',
};

const missing = /^"([^"]+)" is required/;

const byScimType: Record<ScimType, string> = {
  invalidCursor: 'The cursor was changed, or belongs to another query; start again with an empty cursor.',
  expiredCursor: 'Start again with an empty cursor.',
  invalidCount: 'Keep the same count for all pages of one cursor.',
  invalidFilter: 'Check the attribute names, operators and quotes of the filter.',
  invalidPath: 'The path names an attribute that /Schemas does not list; correct the attribute mapping.',
  invalidSyntax: 'The request is not of the form RFC 7644 gives it; compare it with the detail.',
  invalidValue:
    'A value has the wrong type or names something that does not exist; correct the attribute mapping.',
  invalidVers: 'Use the address ending in /scim/v2.',
  mutability: 'The attribute is read-only here; remove it from the attribute mapping.',
  noTarget:
    'No value matches the path. Entra expects it to be made: set the directory’s dialect to entra or auto; else correct the mapping.',
  sensitive: 'Send the query in the body, by POST to .search.',
  tooMany:
    'Send the operations in several requests; of a query, make the filter narrower or ask for users and groups apart.',
  uniqueness:
    'Another resource has the same value; remove or rename it, or let the provider look for it and link it.',
};

const byStatus: Record<number, string> = {
  409: 'What the request refers to was not made, or clashes with what is there; correct that first.',
  412: 'The resource has changed: read it again and repeat the change with its new ETag.',
  404: 'The id is not known in this directory: the resource was deleted here, or belongs to another directory. Restart the provisioning to match again.',
  405: 'This address does not take that method.',
};

/** What an administrator can do about a refused request. */
export function fixHint(
  failure: Pick<Failure, 'status' | 'scimType' | 'code' | 'detail' | 'conflictsWith'>,
): string {
  return [adviceOf(failure), whoIsInTheWay(failure.conflictsWith)].filter(Boolean).join(' ');
}

function whoIsInTheWay(party: Failure['conflictsWith']): string {
  if (!party) return '';
  const manager = party.directory
    ? `managed by the directory "${party.directory.name}"`
    : 'managed by no directory';
  return `It is the ${party.type} "${party.label}" (${party.id}), ${manager}.`;
}

function adviceOf(failure: Parameters<typeof fixHint>[0]): string {
  const [, name] = missing.exec(failure.detail) ?? [];
  return (
    (name === undefined
      ? undefined
      : `The provider sends no ${name}: map an attribute to it that everybody has.`) ??
    (failure.code !== null ? byCode[failure.code] : undefined) ??
    (failure.scimType !== undefined ? byScimType[failure.scimType] : undefined) ??
    byStatus[failure.status] ??
    'Compare the request with the detail of the error.'
  );
}
