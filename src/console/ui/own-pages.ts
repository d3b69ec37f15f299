import type { ComponentType } from 'react';
import { useWho } from '../session.js';
import {
  AppIcon,
  AuditIcon,
  DirectoryIcon,
  GroupIcon,
  HomeIcon,
  KeyIcon,
  RequestIcon,
  RoleIcon,
  SettingsIcon,
  SsoIcon,
  TenantIcon,
  UsersIcon,
} from './icons.js';

/** Parts of the menu, in their order. */
export const areas = ['People', 'Access', 'Enterprise', 'Monitor', 'Administration'] as const;

export interface PageLink {
  to: string;
  title: string;
  permission?: string;
  /** The part of the menu it stands in; absent: on top, without a heading. */
  area?: (typeof areas)[number];
  icon: ComponentType<{ size?: number }>;
}

/** Every page of the menu, with the permission without which it is not shown. */
const pageLinks: readonly PageLink[] = [
  { to: '/', title: 'Overview', icon: HomeIcon },
  { to: '/users', title: 'Users', area: 'People', permission: 'users.read', icon: UsersIcon },
  { to: '/groups', title: 'Groups', area: 'People', permission: 'users.read', icon: GroupIcon },
  { to: '/roles', title: 'Roles', area: 'People', permission: 'roles.read', icon: RoleIcon },
  {
    to: '/role-requests',
    title: 'Role requests',
    area: 'People',
    permission: 'roles.assign',
    icon: RequestIcon,
  },
  {
    to: '/leavers',
    title: 'Leavers',
    area: 'Monitor',
    permission: 'audit.read',
    icon: AuditIcon,
  },
  {
    to: '/applications',
    title: 'Applications',
    area: 'Access',
    permission: 'applications.manage',
    icon: AppIcon,
  },
  {
    to: '/sso-connections',
    title: 'SSO connections',
    area: 'Enterprise',
    permission: 'sso.manage',
    icon: SsoIcon,
  },
  {
    to: '/directories',
    title: 'SCIM directories',
    area: 'Enterprise',
    permission: 'scim.manage',
    icon: DirectoryIcon,
  },
  { to: '/audit', title: 'Audit log', area: 'Monitor', permission: 'audit.read', icon: AuditIcon },
  {
    to: '/api-keys',
    title: 'API keys',
    area: 'Administration',
    permission: 'account.settings',
    icon: KeyIcon,
  },
  {
    to: '/settings',
    title: 'Settings',
    area: 'Administration',
    permission: 'account.settings',
    icon: SettingsIcon,
  },
  {
    to: '/tenants',
    title: 'Tenants',
    area: 'Administration',
    permission: 'tenants.manage',
    icon: TenantIcon,
  },
];

/** The pages this person may open. */
export function useOwnPages(): readonly PageLink[] {
  const { may } = useWho();
  return pageLinks.filter(({ permission }) => permission === undefined || may(permission));
}
