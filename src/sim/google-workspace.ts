import { createHash, generateKeyPairSync } from 'node:crypto';

/** A user as Google's Directory API shows one. */
export interface GoogleUser {
  id: string;
  primaryEmail: string;
  name: { givenName: string; familyName: string; fullName?: string };
  orgUnitPath: string;
  suspended: boolean;
  archived: boolean;
  [attribute: string]: unknown;
}

export interface GoogleMember {
  id: string;
  type: 'USER' | 'GROUP' | 'CUSTOMER';
}

export interface GoogleGroup {
  id: string;
  email: string;
  name: string;
  members: GoogleMember[];
}

/** What the next request that matches is answered with in place of the truth. */
export interface GoogleFault {
  /** Found in the request's path; absent: any. */
  path?: RegExp;
  status: number;
  /** Google's word for the reason. */
  reason?: string;
  retryAfter?: string;
}

/** A simulated Google Workspace: what its administrator sees, and whom its API lets in. */
export interface Workspace {
  users: Map<string, GoogleUser>;
  groups: Map<string, GoogleGroup>;
  /** The address whose role reads users and groups. */
  administrator: string;
  /** The key file of the service account that the Workspace trusts. */
  serviceAccount: ServiceAccountFile;
  publicKey: string;
  /** Most items of a page, whatever is asked for: so that there are several pages. */
  maxPage: number;
  faults: GoogleFault[];
  /** Requests so far, the method and address of each. */
  requests: string[];
  /** How often an ETag spared an answer. */
  unchanged: number;
}

export interface ServiceAccountFile {
  type: 'service_account';
  client_email: string;
  private_key_id: string;
  private_key: string;
}

/** A Google id of 21 digits that is always the same for a name. */
export function googleId(name: string): string {
  const digest = createHash('sha256').update(name).digest();
  return `1${BigInt(`0x${digest.subarray(0, 10).toString('hex')}`)
    .toString()
    .padStart(20, '0')
    .slice(0, 20)}`;
}

/** A service account's key pair in PEM form. */
export interface ServiceKeys {
  publicKey: string;
  privateKey: string;
}

/** Makes a key pair as Google's console does for a new key. */
export function newServiceKeys(): ServiceKeys {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/** An empty Workspace with an administrator and a service account of its own. */
export function makeWorkspace(domain: string, keys: ServiceKeys = newServiceKeys()): Workspace {
  const { publicKey, privateKey } = keys;
  return {
    users: new Map(),
    groups: new Map(),
    administrator: `admin@${domain}`,
    serviceAccount: {
      type: 'service_account',
      client_email: `gatehouse@sim-${domain.replaceAll('.', '-')}.iam.gserviceaccount.com`,
      private_key_id: createHash('sha256').update(publicKey).digest('hex').slice(0, 40),
      private_key: privateKey,
    },
    publicKey,
    maxPage: 500,
    faults: [],
    requests: [],
    unchanged: 0,
  };
}

/** Hires a person, or changes their data. */
export function putGoogleUser(
  workspace: Workspace,
  primaryEmail: string,
  more: Partial<GoogleUser> = {},
): GoogleUser {
  const [local = ''] = primaryEmail.split('@');
  const id = more.id ?? googleId(primaryEmail);
  const name = { givenName: local, familyName: 'Sample' };
  const known = workspace.users.get(id);
  const blank = { id, primaryEmail, name, orgUnitPath: '/', suspended: false, archived: false };
  const user: GoogleUser = { ...blank, ...known, primaryEmail, ...more };
  workspace.users.set(id, user);
  return user;
}

/** Makes a group or gives it other members. */
export function putGoogleGroup(
  workspace: Workspace,
  email: string,
  name: string,
  members: readonly (GoogleUser | GoogleGroup)[] = [],
): GoogleGroup {
  const id = googleId(email);
  const listed = members.map((member): GoogleMember => ({
    id: member.id,
    type: 'primaryEmail' in member ? 'USER' : 'GROUP',
  }));
  const group = { id, email, name, members: listed };
  workspace.groups.set(id, group);
  return group;
}

/** Deletes a person, and removes them from every group, as Google does. */
export function deleteGoogleUser(workspace: Workspace, id: string): void {
  workspace.users.delete(id);
  for (const group of workspace.groups.values())
    group.members = group.members.filter((member) => member.id !== id);
}
