import type { Dialect } from '../../persistence/collections/directories.js';

/** A user as the rules look at them. */
export interface AdviceUser {
  userName: string;
  email: string | null;
  /** In lower case; null: there is no address. */
  domain: string | null;
  hasName: boolean;
  externalId: string | null;
  enabled: boolean;
  hasRuleRole: boolean;
}

/** What a directory was sent, and what came of it. */
export interface AdviceFacts {
  enabled: boolean;
  isStrict: boolean;
  /** As far as it is known; `auto`: it is not. */
  provider: Dialect;
  /** Live tokens and clients. `expiresAt` null: never. */
  credentials: readonly { createdAt: Date; expiresAt: Date | null }[];
  /** The newest 300, the newest first. */
  requests: readonly { at: Date; method: string; path: string; status: number; hint: string | null }[];
  /** Up to 200 of them; `count` is of all. */
  users: { count: number; firstAt: Date | null; sample: readonly AdviceUser[] };
  groups: { count: number; lastAt: Date | null; sample: readonly { name: string; hasMembers: boolean }[] };
  /** Of the directory: how many, and the groups that they name. */
  rules: { count: number; groups: readonly string[] };
  /** The tenant's proven domains, and whether sign-ins of each are forwarded. */
  domains: readonly { isForwarded: boolean; covers: (domain: string) => boolean }[];
}

/** Something that has not come, or will not work, with what to do about it. */
export interface Advice {
  code: string;
  /** A sentence. */
  message: string;
  /** What to do at the provider, or here. */
  hint: string;
}

const minuteMs = 60_000;
/** The times after which what has not come is missed. Healthy providers send groups right after the people. */
const patience = { request: 15, write: 15, group: 12, member: 30, second: 60 } as const;
const endsSoonDays = 14;
const minRefused = 3;

type Hints = Partial<Record<Dialect, string>> & { other: string };
type Rule = (facts: AdviceFacts, now: Date) => Advice | undefined;

const isOver = (since: Date | null | undefined, minutes: number, now: Date): boolean =>
  since ? now.getTime() - since.getTime() >= minutes * minuteMs : false;

/** What to do at this provider. */
const at = (provider: Dialect, hints: Hints): string => hints[provider] ?? hints.other;

const isWrite = ({ method, path }: AdviceFacts['requests'][number]): boolean =>
  method !== 'GET' && !path.includes('.search');
const domainsOf = ({ users }: AdviceFacts): string[] => [
  ...new Set(users.sample.flatMap(({ domain }) => domain ?? [])),
];
const fold = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

const isOff: Rule = ({ enabled }) =>
  enabled
    ? undefined
    : {
        code: 'directory_off',
        message: 'This directory is off: every request is refused.',
        hint: 'Switch it on here.',
      };

const noCredential: Rule = ({ credentials }) =>
  credentials.length > 0
    ? undefined
    : {
        code: 'no_credential',
        message: 'There is no token and no client that is good.',
        hint: 'Make a token here, and paste it at the identity provider.',
      };

const noRequest: Rule = ({ credentials, provider, requests, users }, now) => {
  if (requests.length > 0 || users.count > 0) return undefined;
  if (!credentials.some(({ createdAt }) => isOver(createdAt, patience.request, now))) return undefined;
  return {
    code: 'no_request',
    message: 'Nothing has come yet.',
    hint: at(provider, {
      okta: 'Okta: Provisioning > Integration: paste the base address and the token, then Test Connector Configuration.',
      entra:
        'Entra: Provisioning > Admin credentials: paste the address and the token, then Test Connection.',
      other: 'Paste the base address and the token at the identity provider, and test the connection there.',
    }),
  };
};

const onlyReads: Rule = ({ provider, requests, users }, now) => {
  const oldest = requests.at(-1);
  if (!oldest || users.count > 0 || requests.some(isWrite) || !isOver(oldest.at, patience.write, now))
    return undefined;
  return {
    code: 'only_reads',
    message: 'The connection was tested, and no people were sent.',
    hint: at(provider, {
      okta: 'Okta: Provisioning > To App: tick Create Users. Then Assignments: assign people or groups.',
      entra: 'Entra: assign users and groups, then Start provisioning; a cycle may take 40 minutes.',
      onelogin: 'OneLogin: Provisioning: enable it, and approve the pending users.',
      other: 'Assign people at the identity provider, and start the provisioning.',
    }),
  };
};

const onlyOne: Rule = ({ provider, users }, now) => {
  if (provider !== 'entra' || users.count !== 1 || !isOver(users.firstAt, patience.second, now))
    return undefined;
  return {
    code: 'only_one',
    message: 'One person came, and no one after them.',
    hint: 'Entra: this is what Provision on demand sends. Choose Start provisioning for all who are assigned.',
  };
};

const noGroup: Rule = ({ groups, provider, rules, users }, now) => {
  const isAsked = rules.count === 0 || rules.groups.length > 0;
  if (users.count === 0 || groups.count > 0 || !isAsked) return undefined;
  if (provider === 'google' || !isOver(users.firstAt, patience.group, now)) return undefined;
  return {
    code: 'no_group',
    message: `${users.count} people came, and no group in ${patience.group} minutes.`,
    hint: at(provider, {
      okta: 'Okta: Push Groups > Push Groups: choose the groups. To assign a group does not push it.',
      entra:
        'Entra: assign groups to the application, and leave Provision Microsoft Entra ID Groups on in Mappings.',
      onelogin: 'OneLogin: Parameters > Groups: Include in User Provisioning, and a rule that sets groups.',
      other: 'Let the identity provider push the groups too.',
    }),
  };
};

const emptyGroups: Rule = ({ groups, provider }, now) => {
  if (groups.count === 0 || groups.sample.some(({ hasMembers }) => hasMembers)) return undefined;
  if (!isOver(groups.lastAt, patience.member, now)) return undefined;
  return {
    code: 'empty_groups',
    message: `${groups.count} groups came, and none has a member.`,
    hint: at(provider, {
      okta: 'Okta: only people who are assigned to the application become members. Assign them, then Push now.',
      entra: 'Entra: check that the attribute members is mapped, and that the groups are not nested.',
      other: 'Check that the members of the groups are provisioned too, and that the members are sent.',
    }),
  };
};

const missingGroup: Rule = ({ groups, rules }) => {
  if (groups.count === 0 || groups.count > groups.sample.length) return undefined;
  const names = groups.sample.map(({ name }) => name);
  const missing = rules.groups.find(
    (wanted) => !names.some((name) => name.toLowerCase() === wanted.toLowerCase()),
  );
  if (missing === undefined) return undefined;
  const near = names.find((name) => fold(name) === fold(missing));
  return {
    code: 'missing_group',
    message: `A role rule waits for the group "${missing}", which has not come.`,
    hint:
      near === undefined
        ? 'Push the group at the identity provider, or correct the rule.'
        : `There is "${near}": correct the rule, or rename the group.`,
  };
};

const noRules: Rule = ({ rules, users }) =>
  users.count === 0 || rules.count > 0
    ? undefined
    : {
        code: 'no_rules',
        message: 'No role rule gives these people a role.',
        hint: 'Add role rules to this directory, for groups or attributes, or give the roles by hand.',
      };

const noRole: Rule = ({ groups, rules, users }, now) => {
  if (rules.count === 0 || users.count === 0 || users.count > users.sample.length) return undefined;
  if (users.sample.some(({ hasRuleRole }) => hasRuleRole) || !isOver(users.firstAt, patience.member, now))
    return undefined;
  const isGroupless = rules.groups.length > 0 && groups.count === 0;
  return isGroupless
    ? undefined
    : {
        code: 'no_role',
        message: 'No role rule fits anybody.',
        hint: 'Try a person in the rules’ dry run: it says what was compared with what.',
      };
};

const share = (users: AdviceFacts['users'], isSo: (user: AdviceUser) => boolean): number =>
  users.sample.length === 0 ? 0 : users.sample.filter(isSo).length / users.sample.length;

const noEmail: Rule = ({ provider, users }) => {
  if (share(users, ({ domain }) => domain === null) === 0) return undefined;
  const without = users.sample.filter(({ domain }) => domain === null).length;
  return {
    code: 'no_email',
    message: `${without} people have no address: they get no mail, and nothing forwards their sign-in.`,
    hint: at(provider, {
      entra:
        'Entra: Mappings: emails[type eq "work"].value must have a source; mail is often empty, userPrincipalName is not.',
      other: 'Map an address to emails or to userName at the identity provider.',
    }),
  };
};

const noName: Rule = ({ users }) =>
  share(users, ({ hasName }) => !hasName) <= 0.5
    ? undefined
    : {
        code: 'no_name',
        message: 'Most people came without a name.',
        hint: 'Map name.givenName and name.familyName, or displayName, at the identity provider.',
      };

const noExternalId: Rule = ({ users }) =>
  share(users, ({ externalId }) => externalId === null) <= 0.5
    ? undefined
    : {
        code: 'no_external_id',
        message: 'Most people came without externalId: a renamed person may come as a new one.',
        hint: 'Map the provider’s own unchanging id to externalId.',
      };

const allInactive: Rule = ({ provider, users }) =>
  users.count < 2 || users.sample.some(({ enabled }) => enabled)
    ? undefined
    : {
        code: 'all_inactive',
        message: 'Everybody came disabled.',
        hint: at(provider, {
          entra:
            'Entra: Mappings: active must come from Switch([IsSoftDeleted], , "False", "True", "True", "False").',
          other: 'Check what is mapped to active at the identity provider.',
        }),
      };

const notForwarded: Rule = (facts) => {
  if (facts.domains.length === 0) return undefined;
  const own = domainsOf(facts);
  const foreign = own.find((domain) => !facts.domains.some(({ covers }) => covers(domain)));
  if (foreign !== undefined)
    return {
      code: 'foreign_domain',
      message: `No SSO connection is for addresses at ${foreign}.`,
      hint: 'Add the domain to the connection and prove it, or send other addresses.',
    };
  const off = own.find((domain) => !facts.domains.some((one) => one.isForwarded && one.covers(domain)));
  return off === undefined
    ? undefined
    : {
        code: 'sign_in_off',
        message: `The SSO connection for addresses at ${off} is off.`,
        hint: 'Try a sign-in there, then switch it on.',
      };
};

const refusals: Rule = ({ requests }, now) => {
  const recent = requests.filter(({ at: when }) => !isOver(when, 60, now) && when <= now);
  const refused = recent.filter(({ hint }) => hint !== null);
  if (refused.length < minRefused || refused.length * 5 < recent.length) return undefined;
  const [first] = refused;
  return {
    code: 'refusals',
    message: `${refused.length} of ${recent.length} requests of the last hour were refused.`,
    hint: first?.hint ?? '',
  };
};

const strict: Rule = ({ isStrict, requests }, now) =>
  isStrict &&
  requests.filter(({ at: when, status }) => status === 400 && !isOver(when, 60, now)).length >= minRefused
    ? {
        code: 'strict',
        message: 'The dialect strict refuses what most identity providers send.',
        hint: 'Set the directory’s dialect to auto.',
      }
    : undefined;

const endsSoon: Rule = ({ credentials }, now) => {
  const latest = Math.max(...credentials.map(({ expiresAt }) => expiresAt?.getTime() ?? Infinity));
  if (credentials.length === 0 || latest === Infinity) return undefined;
  const days = Math.ceil((latest - now.getTime()) / (24 * 60 * minuteMs));
  return days > endsSoonDays
    ? undefined
    : {
        code: 'ends_soon',
        message: `The last token ends in ${days} days: provisioning stops then.`,
        hint: 'Make another token and paste it at the identity provider; two may be good at once.',
      };
};

/** The more urgent first. */
const rules: readonly Rule[] = [
  ...[isOff, noCredential, noRequest, refusals, strict, onlyReads, onlyOne, allInactive, noGroup],
  ...[emptyGroups, missingGroup, noRules, noRole, noEmail, noName, noExternalId, notForwarded, endsSoon],
];

/** What has not come by a directory, or will not work, with what to do about it. Silent where all is well. */
export function adviceOf(facts: AdviceFacts, now: Date): Advice[] {
  return rules.flatMap((rule) => rule(facts, now) ?? []);
}
