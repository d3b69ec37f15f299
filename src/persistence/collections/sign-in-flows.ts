import type { StoredDocument } from '../store.js';
import { defineCollection, Mixed } from './definition.js';

/** One sign-in under way: a browser may have several, one in each tab. */
export interface SignInContext {
  id: string;
  /** Only this tenant's accounts and connections count; null: those of several tenants (`sign-in-scope.ts`). */
  tenantId: string | null;
  /** The waiting application; absent: none waits. */
  clientId?: string;
  /** Own path a finished sign-in goes to: an account page, or the interaction of a waiting application. */
  returnTo: string;
  applicationName: string | null;
  /** Address to begin with; typed so far, or the application's `login_hint`. */
  email: string | null;
  /** Begun at the door of administrators for emergencies: no address is forwarded. */
  isLocal?: true;
  /** Of the pages, as the waiting application asks (`ui_locales`), until the person chooses another; absent: it does not. */
  language?: string;
  /** What the waiting application asks of the proof; absent: nothing. */
  demand?: SignInDemand;
}

/** How fresh and how strong an application wants the proof of who somebody is (OpenID Connect Core section 3.1.2.1). */
export interface SignInDemand {
  /** `prompt=login`: a session somewhere does not do. */
  login: boolean;
  /** Seconds; null: any age. */
  maxAge: number | null;
  /** Of the authentication context, as the application names them; null: any. */
  acrValues: string | null;
}

/** A redirect to a company's provider that has not come back yet. */
export interface PendingLogin {
  /** The `state` parameter: what tells two tabs and two connections apart. */
  state: string;
  connectionId: string;
  /** The connection's address when the person left: they come back there and nowhere else. */
  address: string;
  /** The earliest moment at which the person may have signed in there; milliseconds since the epoch, null: any. */
  freshFrom: number | null;
  /** Whether the provider was asked (`max_age`) to say when that was. */
  isTimed: boolean;
  /** At a SAML connection: the id of the AuthnRequest. */
  nonce: string;
  codeVerifier: string;
  contextId: string;
  /** Of the note of it (`sso_sign_ins`). Absent in a flow of an older version. */
  noteId?: string;
  /** It only tries the connection: it opens no session. */
  isTest?: boolean;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** A password that was right at several tenants: the person picks one. */
export interface PendingChoice {
  id: string;
  contextId: string;
  accounts: { tenantId: string; userId: string; accessStamp: string }[];
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** A right password of an account with a second factor, whose code is still to come. */
export interface PendingCode {
  id: string;
  contextId: string;
  tenantId: string;
  userId: string;
  /** As the password was judged under ({@link accessStampOf}). */
  accessStamp: string;
  /** Where the second factor is still to be set up: the sealed secret this very sign-in was offered. Absent: it stands already. */
  offered?: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** A form of this browser that was sent a moment ago. */
export interface SentForm {
  /** Keyed hash of the form and what was typed. */
  name: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Sealed; null while the work is under way. */
  outcome: string | null;
}

/** What the steps of a browser's sign-ins need. */
export interface SignInState {
  contexts: SignInContext[];
  logins: PendingLogin[];
  choices: PendingChoice[];
  codes: PendingCode[];
  /** Absent in a flow of an older version. */
  attempts?: SentForm[];
}

/** The sign-ins under way in one browser, before anybody is signed in: its cookie's hash, and what the next step needs. */
export interface SignInFlowDocument extends StoredDocument {
  tokenHash: string;
  csrfToken: string;
  state: SignInState;
  expiresAt: Date;
}

export const signInFlowSchema = defineCollection<SignInFlowDocument>(
  'sign_in_flows',
  {
    tokenHash: { type: String, required: true },
    csrfToken: { type: String, required: true },
    state: { type: Mixed, required: true },
    expiresAt: { type: Date, required: true },
  },
  [
    { name: 'sign_in_flows_token', key: { tokenHash: 1 }, unique: true },
    { name: 'sign_in_flows_expiry', key: { expiresAt: 1 }, expires: true },
  ],
);
