import type { MailLanguage } from './mail-language.js';
import { german } from './mail-texts-de.js';
import { english } from './mail-texts-en.js';

/** What a mail says, in the order it is read. */
export interface MailWords {
  /** Paragraphs before the link; a line break stays one. */
  before: readonly string[];
  /** What following the link does, on a button. */
  button: string;
  after: readonly string[];
  /** Why this person gets this mail. */
  reason: string;
}

/** The words with their subject. */
export interface MailText extends MailWords {
  subject: string;
}

/** Whom a mail is from, and to. */
export interface MailFacts {
  /** The organization. */
  brand: string;
  /** The address it goes to. */
  to: string;
}

export interface EntryFacts extends MailFacts {
  /** A person's name; null: no person did it, and the organization has. */
  sender: string | null;
  /** In the sender's own words; empty: none. */
  message: string;
  /** How long the way in is good, in words. */
  span: string;
  /** The day it ends, in words. */
  until: string;
  /** When a temporary access ends, in words; null: it does not. */
  accessEnd: string | null;
}

/** Where and when something was done to an account; what is not known is empty. */
export interface PlaceFacts extends MailFacts {
  at: string;
  browser: string;
  ip: string;
}

/** A role that a person is to have for a time. */
export interface RoleRequestFacts extends MailFacts {
  requester: string;
  /** The address of the person it is for; null: the one who asks. */
  person: string | null;
  /** The name of the role. */
  role: string;
  /** Until when it is asked for, in words; null: for a span. */
  until: string | null;
  span: string;
  /** In the words of the one who asks. */
  why: string;
  /** Until when it can be decided, in words. */
  open: string;
}

/** What was decided of it. */
export interface RoleDecisionFacts extends MailFacts {
  role: string;
  /** Who decided. */
  decider: string;
  /** In their words; empty: none. */
  message: string;
  /** When the role ends, in words; null: it does not. */
  end: string | null;
}

/** A link by which something is set up. */
export interface SetupLinkFacts extends MailFacts {
  sender: string;
  /** In the sender's own words; empty: none. */
  message: string;
  /** When it ends, in words. */
  until: string;
  purpose: 'oidc' | 'saml' | 'scim' | 'domains' | 'renewal';
}

/** What of a company sign-in expires. */
export interface SsoExpiryFacts extends MailFacts {
  connection: string;
  what: 'client_secret' | 'idp_certificate' | 'signing_certificate' | 'encryption_certificate';
  /** In words. */
  day: string;
  /** Whether that day is past. */
  isOver: boolean;
}

/** Every mail in one language, by its template. */
export interface MailTexts {
  activation(facts: EntryFacts): MailText;
  temporary_password(facts: EntryFacts & { password: string }): MailText;
  company_sign_in(facts: EntryFacts): MailText;
  password_reset(facts: MailFacts & { span: string }): MailText;
  password_reset_sso(facts: MailFacts): MailText;
  /** To the address that was left, on the company's word. */
  address_changed(facts: MailFacts & { address: string }): MailText;
  /** To the address that was left, on the person's own. */
  address_left(facts: MailFacts & { address: string }): MailText;
  /** To the address that is to be the person's. */
  address_confirmation(facts: MailFacts & { span: string }): MailText;
  password_changed(facts: PlaceFacts): MailText;
  new_device(facts: PlaceFacts): MailText;
  approved(facts: MailFacts): MailText;
  registration(facts: MailFacts & { span: string }): MailText;
  /** To an address that was given to register with, and has an account. */
  registration_known(facts: MailFacts): MailText;
  /** To those who may give the role. */
  role_request(facts: RoleRequestFacts): MailText;
  role_request_approved(facts: RoleDecisionFacts): MailText;
  role_request_denied(facts: RoleDecisionFacts): MailText;
  /** To administrators: a webhook does not answer any more. */
  webhook_disabled(facts: MailFacts & { url: string; span: string }): MailText;
  /** To administrators: one of them came in past the company's sign-in. */
  break_glass_used(facts: PlaceFacts & { person: string; connection: string }): MailText;
  /** To administrators: the record that proves a domain is away. */
  domain_missing(
    facts: MailFacts & { domain: string; connection: string; record: string; value: string; until: string },
  ): MailText;
  /** To administrators: a domain is proven no more. */
  domain_lost(
    facts: MailFacts & {
      domain: string;
      connection: string;
      reason: 'record_missing' | 'proved_elsewhere';
    },
  ): MailText;
  /** To administrators: a directory's change guard holds changes back. */
  changes_held(facts: MailFacts & { directory: string; hours: number | null }): MailText;
  /** To somebody at a company's IT, who has no account. */
  setup_link(facts: SetupLinkFacts): MailText;
  /** Shows by its arrival that mails arrive. */
  setup_test(facts: MailFacts): MailText;
  /** To administrators: something that a connection works with expires, or has. */
  sso_expiry(facts: SsoExpiryFacts): MailText;
  /** To administrators: a required connection let no one in, and is optional again. */
  sso_fell_back(facts: MailFacts & { connection: string }): MailText;
  /** Parts of every mail. */
  frame: {
    orOpen: string;
    help: string;
    or: string;
    sentFor(brand: string): string;
  };
}

const languages: Readonly<Record<MailLanguage, MailTexts>> = { en: english, de: german };

/** The catalogue of mails in a language. */
export const mailTexts = (language: MailLanguage): MailTexts => languages[language];
