/** Why Google cannot be read: in words, with the remedy. Trying again at once does not help. */
export class PullFault extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'PullFault';
  }
}

/** Google's answer to a request, as far as a fault is told from it. */
export interface RefusedAnswer {
  status: number;
  /** Google's word for the reason, e.g. `quotaExceeded`; empty where it gives none. */
  reason: string;
  /** Google's own text, short. */
  text: string;
}

const busyReasons = new Set(['quotaExceeded', 'rateLimitExceeded', 'userRateLimitExceeded']);

/** Whether the same request may well succeed a little later. */
export const isBusy = ({ status, reason }: RefusedAnswer): boolean =>
  status === 429 || status >= 500 || (status === 403 && busyReasons.has(reason));

const said = ({ status, text }: RefusedAnswer): string =>
  `Google answered ${status}${text === '' ? '' : ` (${text})`}`;

/** Names the fault of a refused request for an access token. */
export function tokenFault(answer: RefusedAnswer, administrator: string): PullFault {
  if (answer.reason === 'unauthorized_client' || answer.reason === 'access_denied') {
    return new PullFault(
      `${said(answer)}: the service account may not act for the Workspace. Remedy: in the Admin console, Security > API controls > Domain-wide delegation, enter the service account's client id with the three scopes.`,
    );
  }
  if (answer.reason === 'invalid_grant') {
    return new PullFault(
      `${said(answer)}: Google takes neither the key nor the administrator ${administrator}. Remedy: check that the administrator exists and is active, that the key is not deleted, and give a new key if need be.`,
    );
  }
  return new PullFault(
    `${said(answer)} to the request for an access token. Remedy: check the service account's key.`,
  );
}

/** Names the fault of a refused read. */
export function readFault(answer: RefusedAnswer, what: string, administrator: string): PullFault {
  if (answer.reason === 'accessNotConfigured' || answer.reason === 'SERVICE_DISABLED') {
    return new PullFault(
      `${said(answer)}: the Admin SDK API is off. Remedy: enable it in the Google Cloud project of the service account.`,
    );
  }
  if (answer.status === 401 || answer.status === 403) {
    return new PullFault(
      `${said(answer)}: ${administrator} may not read ${what}. Remedy: give this administrator a role that reads users and groups, and delegate the three scopes to the service account.`,
    );
  }
  if (answer.status === 404) {
    return new PullFault(
      `${said(answer)}: ${what} is not there. Remedy: correct the chosen groups of the directory.`,
    );
  }
  return new PullFault(
    `${said(answer)} to the request for ${what}. Remedy: check the chosen groups and organizational units of the directory.`,
  );
}
