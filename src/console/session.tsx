import { useQuery } from '@tanstack/react-query';
import { createContext, use, useEffect, type ReactNode } from 'react';
import { Center, Loader } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { enteredTenant, read, type Listed } from './api.js';
import { suggestLanguage } from './text/i18n.js';
import { said } from './text/server.js';
import type { Me, Permission, Role } from './types.js';
import { ProblemView } from './ui/Problems.js';

export interface Who {
  me: Me;
  /** Whether the person holds a permission in the tenant that is shown. */
  may: (permission: string) => boolean;
  isOperator: boolean;
}

const WhoContext = createContext<Who | undefined>(undefined);

/** Asks who is signed in before anything of the console is shown. */
export function SignedIn({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const { data: me, error } = useQuery({ queryKey: ['me'], queryFn: () => read<Me>('/me') });
  useEffect(() => suggestLanguage(me?.language ?? null), [me?.language]);
  if (error) return <ProblemView error={error} />;
  if (!me) {
    return (
      <Center mih="60vh">
        <Loader aria-label={t('Loading')} />
      </Center>
    );
  }
  const isOperator = me.permissions.includes('tenants.manage');
  const held = new Set(me.permissions);
  const may = (permission: string) =>
    permission === 'tenants.manage' ? isOperator && enteredTenant() === null : held.has(permission);
  return <WhoContext value={{ me, may, isOperator }}>{children}</WhoContext>;
}

export function useWho(): Who {
  const who = use(WhoContext);
  if (!who) throw new Error('useWho works inside SignedIn only');
  return who;
}

/** All roles of the tenant, for choices and labels. */
export function useRoles(enabled = true) {
  const { data } = useQuery({
    queryKey: ['roles', 'all'],
    queryFn: () => read<Listed<Role>>('/roles', { limit: 1000 }),
    enabled,
    staleTime: 60_000,
  });
  const roles = data?.items ?? [];
  const names = new Map(
    roles.map(({ role, name, application }) => [
      role,
      application === null ? name : `${application}: ${name}`,
    ]),
  );
  return { roles, nameOf: (role: string) => names.get(role) ?? role };
}

/** What permissions are called, in the reader's language; those that applications make up are called by their key. */
export function usePermissionNames(enabled = true): (key: string) => string {
  const { may } = useWho();
  const { data } = useQuery({
    queryKey: ['/permissions'],
    queryFn: () => read<Listed<Permission>>('/permissions', { limit: 1000 }),
    enabled: enabled && may('roles.read'),
    staleTime: Infinity,
  });
  const names = new Map(data?.items.map(({ key, label }) => [key, label]));
  return (key) => said(names.get(key) ?? key);
}

/** The tenant's settings; undefined for people who may not see them. */
export function useSettings(): Readonly<Record<string, unknown>> | undefined {
  const { may } = useWho();
  const { data } = useQuery({
    queryKey: ['settings'],
    queryFn: () => read<Record<string, unknown>>('/settings'),
    enabled: may('account.settings'),
  });
  return data;
}
