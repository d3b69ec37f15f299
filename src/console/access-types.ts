/** Shapes of access answers, reviews and saved views. */

export interface AccessAnswer {
  allowed: boolean;
  refusals: string[];
  paths: {
    role: string;
    name: string;
    by: 'role' | 'assignment';
    inForce: boolean;
    sources: { type: string; detail: string; directory: { id: string; name: string } | null }[];
  }[];
  access: { by: 'everyone' | 'role' | 'group'; roles: string[]; groups: string[]; allowed: boolean } | null;
}

export interface ReviewedAccess {
  user: { id: string; label: string; enabled: boolean; accessExpiresAt: string | null; deleted: boolean };
  roles: {
    role: string;
    sources: { type: string; detail: string; since: string | null; until: string | null }[];
  }[];
}

export interface SavedView {
  id: string;
  list: 'users' | 'invitations' | 'groups' | 'roles' | 'applications' | 'audit-events';
  name: string;
  query: string;
  shared: boolean;
}
