/** Shapes of attributes and of what a directory maps and lets in. */

/** How an attribute of a directory's users is filled. */
export interface MappedAttribute {
  to: string;
  from?: string[];
  value?: string | number | boolean;
  default?: string | number | boolean;
  transform?: string[];
  separator?: string;
  ignore?: boolean;
}

export interface OauthClient {
  id: string;
  clientId: string;
  name: string;
  secrets: { id: string; prefix: string; createdAt: string; lastUsedAt: string | null }[];
  jwks: object | null;
  jwksUri: string | null;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  clientSecret?: string | null;
}

/** An attribute of users that the tenant defined. */
export interface Attribute {
  id: string;
  name: string;
  type: string;
  multiValued: boolean;
  required: boolean;
  unique: boolean;
  description: string;
  createdAt: string;
}

/** How many people may lose access by a directory before the rest waits. */
export interface Guard {
  percent: number | null;
  people: number | null;
  windowMinutes: number;
  lastHolders: boolean;
  releaseAfterHours: number | null;
}

/** What the change guard holds back of one person. */
export interface HeldChange {
  userId: string;
  label: string;
  disables: boolean;
  deletes: boolean;
  roles: string[];
  heldAt: string;
  requestId: string | null;
}
