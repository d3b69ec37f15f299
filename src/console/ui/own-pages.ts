import type { ComponentType } from 'react';
import { useWho } from '../session.js';
import {
  AppIcon,
  AttributeIcon,
  AuditIcon,
  BrandIcon,
  DirectoryIcon,
  EventIcon,
  GroupIcon,
  HealthIcon,
  HomeIcon,
  JobIcon,
  KeyIcon,
  LinkIcon,
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
  {
    to: '/account-clashes',
    title: 'Account clashes',
    area: 'People',
    permission: 'users.read',
    icon: UsersIcon,
  },
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
  { to: '/setup-links', title: 'Set-up links', area: 'Enterprise', permission: 'sso.manage', icon: LinkIcon },
  { to: '/audit', title: 'Audit log', area: 'Monitor', permission: 'audit.read', icon: AuditIcon },
  { to: '/events', title: 'Events', area: 'Monitor', permission: 'account.settings', icon: EventIcon },
  { to: '/jobs', title: 'Jobs', area: 'Monitor', permission: 'account.settings', icon: JobIcon },
  { to: '/health', title: 'Health', area: 'Monitor', permission: 'tenants.manage', icon: HealthIcon },
  {
    to: '/api-keys',
    title: 'API keys',
    area: 'Administration',
    permission: 'account.settings',
    icon: KeyIcon,
  },
  {
    to: '/branding',
    title: 'Branding',
    area: 'Administration',
    permission: 'account.settings',
    icon: BrandIcon,
  },
  {
    to: '/attributes',
    title: 'Attributes',
    area: 'Administration',
    permission: 'account.settings',
    icon: AttributeIcon,
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
  {
    to: '/operator-keys',
    title: 'Operator keys',
    area: 'Administration',
    permission: 'tenants.manage',
    icon: KeyIcon,
  },
];

/** The pages this person may open. */
export function useOwnPages(): readonly PageLink[] {
  const { may } = useWho();
  return pageLinks.filter(({ permission }) => permission === undefined || may(permission));
}
