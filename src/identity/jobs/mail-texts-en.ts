import type { EntryFacts, MailFacts, MailTexts, PlaceFacts } from './mail-texts.js';

const opening = ({ accessEnd, brand, message, sender }: EntryFacts): string[] => [
  sender === null
    ? `${brand} has made an account for you.`
    : `${sender} has made an account for you at ${brand}.`,
  ...(message === '' ? [] : [sender === null ? message : `${sender} writes:\n${message}`]),
  ...(accessEnd === null ? [] : [`Your access ends on ${accessEnd}.`]),
];

const entry = (facts: EntryFacts) => ({
  subject: `Your account at ${facts.brand}`,
  reason: `You get this mail because an account was made for ${facts.to}. If you did not expect it, you can ignore it.`,
});

const askedForPassword = ({ to }: MailFacts): string =>
  `You get this mail because a new password was asked for ${to}.`;

const place = ({ at, browser, ip }: PlaceFacts): string =>
  [
    `When: ${at}`,
    ...(browser === '' ? [] : [`With: ${browser}`]),
    ...(ip === '' ? [] : [`From: ${ip}`]),
  ].join('\n');

const setUp = {
  oidc: 'company sign-in',
  saml: 'company sign-in',
  scim: 'provisioning',
  domains: 'a domain',
  renewal: 'a new secret or certificate',
} as const;

export const english: MailTexts = {
  activation: (facts) => ({
    ...entry(facts),
    before: [...opening(facts), 'Choose your password to activate it.'],
    button: 'Activate your account',
    after: [`The link is good once, for ${facts.span} (until ${facts.until}).`],
  }),
  temporary_password: (facts) => ({
    ...entry(facts),
    before: [
      ...opening(facts),
      'Sign in once with this temporary password and choose your own:',
      `password: ${facts.password}`,
    ],
    button: 'Sign in',
    after: [`The password is good for ${facts.span} (until ${facts.until}).`],
  }),
  company_sign_in: (facts) => ({
    ...entry(facts),
    before: [...opening(facts), 'You need no new password: sign in with your company account.'],
    button: 'Sign in',
    after: [],
  }),
  password_reset: (facts) => ({
    subject: `Set a new password for ${facts.brand}`,
    before: ['A new password was requested for your account.'],
    button: 'Set a new password',
    after: [`The link is good once, for ${facts.span}. If it was not you, do nothing: nothing has changed.`],
    reason: askedForPassword(facts),
  }),
  password_reset_sso: (facts) => ({
    subject: `Your sign-in at ${facts.brand}`,
    before: [
      'You asked for a new password. Your organization manages your sign-in, so you have no password to set here.',
    ],
    button: 'Sign in with your organization',
    after: ['If it was not you, do nothing: nothing has changed.'],
    reason: askedForPassword(facts),
  }),
  address_changed: ({ address, brand, to }) => ({
    subject: `Your address at ${brand} has changed`,
    before: [`Your company now knows you as ${address}. Sign in with that address from now on.`],
    button: 'See your account',
    after: ['If you did not expect this, please tell your administrator.'],
    reason: `You get this mail because ${to} was your address until now.`,
  }),
  address_left: ({ address, brand, to }) => ({
    subject: `Your address at ${brand} has changed`,
    before: [`The address of your account is now ${address}. Sign in with that address from now on.`],
    button: 'See your account',
    after: ['If it was not you, please tell your administrator at once.'],
    reason: `You get this mail because ${to} was your address until now.`,
  }),
  address_confirmation: ({ brand, span, to }) => ({
    subject: `Confirm your new address at ${brand}`,
    before: [`${to} is to be the address of your account at ${brand}. It becomes so when you confirm it.`],
    button: 'Confirm this address',
    after: [`The link is good once, for ${span}. If it was not you, do nothing: nothing has changed.`],
    reason: `You get this mail because a person signed in at ${brand} gave this address as theirs.`,
  }),
  password_changed: (facts) => ({
    subject: `Your password at ${facts.brand} was changed`,
    before: ['The password of your account was changed.', place(facts)],
    button: 'I did not do this: set a new password',
    after: ['If it was you, there is nothing to do.'],
    reason: `You get this mail because the password for ${facts.to} was changed.`,
  }),
  new_device: (facts) => ({
    subject: `New sign-in to your account at ${facts.brand}`,
    before: ['Your account was signed in to from a device that it was not used on before.', place(facts)],
    button: 'See where you are signed in',
    after: ['If it was you, there is nothing to do. If not, end that session and change your password.'],
    reason: `You get this mail because of a sign-in with ${facts.to}.`,
  }),
  approved: ({ brand, to }) => ({
    subject: `Your account at ${brand} is approved`,
    before: [`Your account at ${brand} is approved. You can use everything that your roles allow.`],
    button: 'Sign in',
    after: [],
    reason: `You get this mail because the account ${to} waited for approval.`,
  }),
  registration: ({ brand, span, to }) => ({
    subject: `Confirm your address for ${brand}`,
    before: [`Please confirm ${to}, and choose your password. Then your account at ${brand} is ready.`],
    button: 'Confirm the address',
    after: [`The link is good once, for ${span}. If it was not you, do nothing: no account can be used.`],
    reason: `You get this mail because an account at ${brand} was asked for with this address.`,
  }),
  registration_known: ({ brand, to }) => ({
    subject: `Your account at ${brand}`,
    before: [
      `An account was asked for with ${to}. You have one already: sign in, or set a new password there.`,
    ],
    button: 'Sign in',
    after: ['If it was not you, do nothing: nothing has changed.'],
    reason: `You get this mail because an account at ${brand} was asked for with this address.`,
  }),
  role_request: ({ brand, open, person, requester, role, span, until, why }) => ({
    subject: `Role request: ${role} for ${person ?? requester}`,
    before: [
      `${requester} asks for the role ${role}${person === null ? '' : ` for ${person}`}, ${until === null ? `for ${span}` : `until ${until}`}.`,
      `Reason given:\n${why}`,
    ],
    button: 'Decide on the request',
    after: [`The request is open until ${open}.`],
    reason: `You get this mail because you may give this role at ${brand}.`,
  }),
  role_request_approved: ({ brand, decider, end, message, role }) => ({
    subject: `You have a role: ${role}`,
    before: [
      `You have the role ${role} now.${end === null ? '' : ` It ends by itself on ${end}.`}`,
      ...(message === '' ? [] : [`${decider} writes:\n${message}`]),
    ],
    button: 'Open your account',
    after: [],
    reason: `You get this mail because of a role request at ${brand}.`,
  }),
  role_request_denied: ({ brand, decider, message, role }) => ({
    subject: `Role request declined: ${role}`,
    before: [
      `You do not get the role ${role}: ${decider} said no.`,
      ...(message === '' ? [] : [`${decider} writes:\n${message}`]),
    ],
    button: 'Open your account',
    after: [],
    reason: `You get this mail because of a role request at ${brand}.`,
  }),
  webhook_disabled: ({ url, span }) => ({
    subject: 'A webhook was switched off',
    before: [
      `The webhook to ${url} was switched off: ${span === '' ? 'it answered 410 Gone' : `it has taken nothing for ${span}`}.`,
    ],
    button: 'Open the console',
    after: ['Events are kept for 30 days. Switched on again, the webhook gets those it missed.'],
    reason: 'You get this mail because you are an administrator.',
  }),
  break_glass_used: ({ at, browser, connection, ip, person }) => ({
    subject: `Emergency access was used: ${person}`,
    before: [
      `${person} signed in here with a password and a second factor, past the company sign-in ${connection}.`,
      [at, browser, ip].filter((part) => part !== '').join('\n'),
    ],
    button: 'Open the audit trail',
    after: ['If this was not expected, end the sessions of that account and take its emergency access away.'],
    reason: 'You get this mail because you are an administrator.',
  }),
  domain_missing: ({ connection, domain, record, until, value }) => ({
    subject: `The DNS record of ${domain} is missing`,
    before: [
      `The record that proves ${domain} for ${connection} is no longer in the DNS. From ${until} on its addresses are not forwarded any more.`,
      `Publish it again:\n${record}\nTXT ${value}`,
    ],
    button: 'Open the connection',
    after: [],
    reason: 'You get this mail because you are an administrator.',
  }),
  domain_lost: ({ connection, domain, reason }) => ({
    subject: `${domain} is no longer verified`,
    before: [
      `Addresses on ${domain} are no longer forwarded to ${connection}.`,
      reason === 'record_missing'
        ? 'Its DNS record was away for too long.'
        : 'Another connection proved by a new DNS record that the domain is its own.',
    ],
    button: 'Open the connection',
    after: ['If this was not expected, ask the people who manage the DNS of the domain.'],
    reason: 'You get this mail because you are an administrator.',
  }),
  changes_held: ({ directory, hours }) => ({
    subject: `Changes of ${directory} wait for your decision`,
    before: [
      `The directory ${directory} wants to take access from more people than its change guard lets pass. They keep their access until an administrator releases or drops the changes.`,
      ...(hours === null ? [] : [`What is undecided after ${hours} hours is done then.`]),
    ],
    button: 'Look at the changes',
    after: ['To the directory all of it looks as if it were done. People who were let go may still sign in.'],
    reason: 'You get this mail because you are an administrator.',
  }),
  setup_link: ({ brand, message, purpose, sender, to, until }) => ({
    subject: `Please set up ${setUp[purpose]} for ${brand}`,
    before: [
      `${sender} asks you to set up ${setUp[purpose]} for ${brand}. You need no account: the page says what to do, step by step.`,
      ...(message === '' ? [] : [message]),
    ],
    button: 'Open the set-up',
    after: [
      `The link is good until ${until}. Everyone with the link can do these steps: give steps to colleagues on its page, do not forward this mail.`,
    ],
    reason: `You get this mail because ${to} was named as the person who sets this up.`,
  }),
  setup_test: ({ brand, to }) => ({
    subject: `Test: mails of ${brand} arrive`,
    before: ['If you can read this, mails arrive. Please say so:'],
    button: 'It has arrived',
    after: [],
    reason: `You get this mail because a colleague who sets up ${brand} sent it to ${to}.`,
  }),
  sso_fell_back: ({ connection }) => ({
    subject: `Company sign-in ${connection} is optional again`,
    before: [
      `Since the company sign-in ${connection} was required, people tried to sign in, and none came in. It is optional again: they may use their password here.`,
    ],
    button: 'See the failed sign-ins',
    after: ['Test the connection before you require it again.'],
    reason: 'You get this mail because you are an administrator.',
  }),
  sso_expiry: ({ connection, day, isOver, what }) => {
    const thing = {
      client_secret: 'client secret',
      idp_certificate: 'certificate of the provider',
      signing_certificate: 'certificate we sign requests with',
      encryption_certificate: 'certificate that assertions are encrypted for',
    }[what];
    const end = isOver ? `expired on ${day}` : `expires on ${day}`;
    return {
      subject: `Company sign-in ${connection}: the ${thing} ${isOver ? 'has expired' : 'expires soon'}`,
      before: [`The ${thing} of the company sign-in ${connection} ${end}.`],
      button: 'Open the connection',
      after: ['Renew it at the provider, and save the new one here, so that people can go on signing in.'],
      reason: 'You get this mail because you are an administrator.',
    };
  },
  frame: {
    orOpen: 'Or open this address:',
    help: 'Help: ',
    or: ' or ',
    sentFor: (brand) => `Sent for ${brand} by Gatehouse.`,
  },
};
