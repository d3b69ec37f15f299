import { Anchor, Button, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { read, searchOf, type Listed } from '../api.js';
import { useRoles, useSettings, useWho } from '../session.js';
import { userStatuses, type Application, type Directory, type Group, type User } from '../types.js';
import { useAsk } from '../ui/Ask.js';
import { DataTable } from '../ui/DataTable.js';
import type { Filter } from '../ui/Filters.js';
import { ExportButton } from '../ui/ExportButton.js';
import { Page } from '../ui/Page.js';
import { useChoices } from '../ui/use-choices.js';
import { statusNames } from '../ui/Status.js';
import { CreateUser } from './CreateUser.js';
import { InviteUsers } from './InviteUsers.js';
import { UserBulk } from './UserBulk.js';
import { userColumns } from './user-columns.js';
import { UserMenu } from './UserMenu.js';
import { UserTabs } from './UserTabs.js';

interface Facets {
  facets: { name: string; values: { value: string; count: number }[] }[];
}

/** How many users each choice of a filter would show, under the other filters. */
function useCounts() {
  const [params] = useSearchParams();
  const { cursor: _cursor, limit: _limit, sort: _sort, ...asked } = Object.fromEntries(params);
  const facets = 'status,loginType,role,source';
  const { data } = useQuery({
    queryKey: ['/users/facets', asked],
    queryFn: () => read<Facets>('/users/facets', { ...asked, facets }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  return (name: string, value: string): string => {
    const found = data?.facets.find((facet) => facet.name === name)?.values;
    const count = found?.find((each) => each.value === value)?.count;
    return count === undefined ? '' : ` (${count})`;
  };
}

/** The filters of the list; the tenant's settings say whether the switches are on at first. */
function useFilters(): Filter[] {
  const { t } = useTranslation();
  const { may } = useWho();
  const { roles, nameOf } = useRoles(may('roles.read'));
  const groups = useChoices<Group>('/groups');
  const applications = useChoices<Application>('/applications', may('applications.manage'));
  const directories = useChoices<Directory>('/directories', may('scim.manage'));
  const settings = useSettings();
  const countOf = useCounts();
  const named = (items: readonly { id: string; name: string }[]) =>
    items.map(({ id, name }) => ({ value: id, label: name }));
  return [
    {
      name: 'status',
      label: t('Status'),
      options: userStatuses.map((value) => ({
        value,
        label: t(statusNames[value]) + countOf('status', value),
      })),
    },
    {
      name: 'role',
      label: t('Role'),
      options: roles.map(({ role }) => ({ value: role, label: nameOf(role) + countOf('role', role) })),
    },
    {
      name: 'loginType',
      label: t('Login type'),
      options: [
        { value: 'local', label: t('Local') + countOf('loginType', 'local') },
        { value: 'sso', label: `SSO${countOf('loginType', 'sso')}` },
      ],
    },
    {
      name: 'group',
      label: t('Group'),
      isRare: true,
      options: groups.map(({ id, displayName }) => ({ value: id, label: displayName })),
    },
    {
      name: 'accessLevel',
      label: t('Access level'),
      isRare: true,
      options: [
        { value: 'account', label: t('Account') },
        { value: 'group', label: t('Group') },
        { value: 'unassigned', label: t('Unassigned') },
      ],
    },
    ...(applications.length > 0
      ? [
          {
            name: 'application',
            label: t('Application'),
            isRare: true,
            options: applications.map(({ key, name }) => ({ value: key, label: name })),
          },
        ]
      : []),
    {
      name: 'source',
      label: t('Source'),
      isRare: true,
      options: [
        { value: 'invite', label: t('Invitation') },
        { value: 'created', label: t('Created here') },
        { value: 'self_registration', label: t('Self-registration') },
        { value: 'scim', label: 'SCIM' },
        { value: 'sso_jit', label: t('First SSO sign-in') },
      ],
    },
    ...(directories.length > 0
      ? [{ name: 'directory', label: t('Directory'), isRare: true, options: named(directories) }]
      : []),
    { name: 'createdFrom', label: t('Created from'), kind: 'date', isRare: true },
    { name: 'createdTo', label: t('Created to'), kind: 'date', isRare: true },
    {
      name: 'showDisabled',
      label: t('Show disabled users'),
      kind: 'toggle',
      byDefault: settings?.['list.showDisabled'] !== false,
    },
    {
      name: 'showNonActivated',
      label: t('Show non-activated users'),
      kind: 'toggle',
      byDefault: settings?.['list.showNonActivated'] !== false,
    },
  ];
}

/** The red button that shows only those who wait; absent when no one does. */
function PendingButton() {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/users', 'pending'],
    queryFn: () => read<Listed<User>>('/users', { status: 'pending_approval', limit: 1 }),
  });
  if (!data || data.total === 0) return null;
  return (
    <Button component={Link} to="/users?status=pending_approval" color="red">
      {t('{{count}} User Approvals Pending', { count: data.total })}
    </Button>
  );
}

/** How many are not shown for the switches' sake. */
function HiddenNote({ list }: { list: Listed<User> }) {
  const { t } = useTranslation();
  const [params] = useSearchParams();
  const { disabled = 0, nonActivated = 0 } = list.hidden ?? {};
  const count = disabled + nonActivated;
  if (count === 0) return null;
  const shown = { ...Object.fromEntries(params), showDisabled: true, showNonActivated: true, cursor: '' };
  return (
    <>
      <Text size="sm" c="dimmed">
        {t('{{count}} hidden ({{disabled}} disabled, {{nonActivated}} not activated)', {
          count,
          disabled,
          nonActivated,
        })}
      </Text>
      <Anchor component={Link} size="sm" to={`/users${searchOf(shown)}`}>
        {t('Show')}
      </Anchor>
    </>
  );
}

export default function Users() {
  const { t } = useTranslation();
  const { may } = useWho();
  const { nameOf } = useRoles(may('roles.read'));
  const [params] = useSearchParams();
  const [ask, dialog] = useAsk();
  const [opened, setOpened] = useState<'invite' | 'create'>();
  const filters = useFilters();
  const asked = Object.fromEntries(filters.map(({ name }) => [name, params.get(name) ?? '']));
  const columns = [
    ...userColumns(t, nameOf),
    { key: 'more', header: t('Actions'), cell: (user: User) => <UserMenu user={user} ask={ask} isRow /> },
  ];
  return (
    <Page
      title={t('Users')}
      lead={t('Who may sign in, and what they may do. Give each person the least that is needed.')}
      actions={
        <>
          <PendingButton />
          {may('users.export') && (
            <ExportButton
              path="/users/export.csv"
              query={{ ...asked, q: params.get('q') }}
              label={t('Export')}
            />
          )}
          {may('users.create') && (
            <Button component={Link} to="/users/import" variant="default">
              {t('Import')}
            </Button>
          )}
          {may('users.create') && (
            <Button variant="default" onClick={() => setOpened('create')}>
              {t('Create User')}
            </Button>
          )}
          {may('users.create') && <Button onClick={() => setOpened('invite')}>{t('Invite Users')}</Button>}
        </>
      }
    >
      <UserTabs value="users" />
      <DataTable<User>
        name="users"
        path="/users"
        views="users"
        caption={t('Users')}
        columns={columns}
        filters={filters}
        searchLabel={t('Search name, email, role or day')}
        rowName={(user) => user.displayName}
        note={(list) => <HiddenNote list={list} />}
        bulk={(selection) => <UserBulk selection={selection} />}
      />
      {dialog}
      <InviteUsers opened={opened === 'invite'} onClose={() => setOpened(undefined)} />
      <CreateUser opened={opened === 'create'} onClose={() => setOpened(undefined)} />
    </Page>
  );
}
