import type { ComponentType } from 'react';
import { useWho } from '../session.js';
import {
  AppIcon,
  AuditIcon,
  DirectoryIcon,
  GroupIcon,
  HomeIcon,
  KeyIcon,
  RoleIcon,
  SettingsIcon,
  SsoIcon,
  TenantIcon,
  UsersIcon,
} from './icons.js';

export interface PageLink {
  to: string;
  title: string;
  permission?: string;
  icon: ComponentType<{ size?: number }>;
}

/** Every page of the menu, with the permission without which it is not shown. */
const pageLinks: readonly PageLink[] = [
  { to: '/', title: 'Overview', icon: HomeIcon },
  { to: '/users', title: 'Users', permission: 'users.read', icon: UsersIcon },
  { to: '/groups', title: 'Groups', permission: 'users.read', icon: GroupIcon },
  { to: '/roles', title: 'Roles', permission: 'roles.read', icon: RoleIcon },
  { to: '/role-requests', title: 'Role requests', permission: 'roles.assign', icon: RoleIcon },
  { to: '/applications', title: 'Applications', permission: 'applications.manage', icon: AppIcon },
  { to: '/sso-connections', title: 'SSO connections', permission: 'sso.manage', icon: SsoIcon },
  { to: '/directories', title: 'SCIM directories', permission: 'scim.manage', icon: DirectoryIcon },
  { to: '/audit', title: 'Audit log', permission: 'audit.read', icon: AuditIcon },
  { to: '/api-keys', title: 'API keys', permission: 'account.settings', icon: KeyIcon },
  { to: '/settings', title: 'Settings', permission: 'account.settings', icon: SettingsIcon },
  { to: '/tenants', title: 'Tenants', permission: 'tenants.manage', icon: TenantIcon },
];

/** The pages this person may open. */
export function useOwnPages(): readonly PageLink[] {
  const { may } = useWho();
  return pageLinks.filter(({ permission }) => permission === undefined || may(permission));
}
