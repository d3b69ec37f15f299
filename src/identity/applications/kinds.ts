import type { ApplicationDocument, ApplicationKind } from '../../persistence/collections/applications.js';
import type { InputFault } from '../../shared/errors.js';
import { isPrivateUse, withoutLoopbackPort } from '../web-address.js';

type Kinded = Pick<
  ApplicationDocument,
  | 'kind'
  | 'clientSecretHash'
  | 'redirectUris'
  | 'postLogoutRedirectUris'
  | 'resources'
  | 'refreshOverlapSeconds'
>;

/** An application without a secret: whoever holds its code holds all it has. */
export function isPublicApplication({
  clientSecretHash,
}: Pick<ApplicationDocument, 'clientSecretHash'>): boolean {
  return clientSecretHash === null;
}

/** What an application runs as: as it was registered, else by its secret and its addresses. */
export function kindOf(application: Omit<Kinded, 'resources'>): ApplicationKind {
  if (application.kind) return application.kind;
  if (!isPublicApplication(application)) return 'web';
  const isNative = [...application.redirectUris, ...application.postLogoutRedirectUris].some(
    (uri) => isPrivateUse(uri) || withoutLoopbackPort(uri) !== undefined,
  );
  return isNative ? 'native' : 'spa';
}

/** Whether applications of a kind have a secret: those that run where nobody else can read it. */
export const hasSecret = (kind: ApplicationKind): boolean => kind === 'web' || kind === 'machine';

function machineFaults(application: Kinded): InputFault[] {
  const { redirectUris, postLogoutRedirectUris, resources = [] } = application;
  const detail = 'must be empty: people do not sign in to a machine';
  return [
    ...(redirectUris.length > 0 ? [{ pointer: '/redirectUris', detail }] : []),
    ...(postLogoutRedirectUris.length > 0 ? [{ pointer: '/postLogoutRedirectUris', detail }] : []),
    ...(resources.length === 0
      ? [{ pointer: '/resources', detail: 'must name an API that the machine calls' }]
      : []),
  ];
}

/** What does not go with the kind an application was registered as. */
export function kindFaults(application: Kinded): InputFault[] {
  const { kind, redirectUris } = application;
  const isPublic = isPublicApplication(application);
  const faults: InputFault[] = [];
  if (isPublic && (application.refreshOverlapSeconds ?? 0) > 0) {
    faults.push({
      pointer: '/refreshOverlapSeconds',
      detail: 'must be 0 for an application without a secret',
    });
  }
  if (!kind) return faults;
  if (hasSecret(kind) === isPublic) {
    const detail = isPublic ? `${kind} applications have a secret` : `${kind} applications have no secret`;
    faults.push({ pointer: '/kind', detail });
  }
  if (kind === 'machine') return [...faults, ...machineFaults(application)];
  if (kind !== 'native') {
    redirectUris.forEach((uri, index) => {
      if (!isPrivateUse(uri)) return;
      faults.push({ pointer: `/redirectUris/${index}`, detail: 'a scheme of its own needs the kind native' });
    });
  }
  return faults;
}
