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
