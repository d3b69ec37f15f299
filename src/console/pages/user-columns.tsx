import { Anchor, Badge, Group, Text } from '@mantine/core';
import type { TFunction } from 'i18next';
import { Link } from 'react-router';
import { ago, day, time } from '../text/format.js';
import type { User } from '../types.js';
import type { Column } from '../ui/DataTable.js';
import { Status } from '../ui/Status.js';

function Roles({ user, nameOf }: { user: User; nameOf: (role: string) => string }) {
  const [first, ...others] = user.roles;
  if (!first) return <Text c="dimmed">–</Text>;
  const title = others.map(({ role }) => nameOf(role)).join(', ');
  return (
    <Group gap={6} wrap="nowrap">
      <span>{nameOf(first.role)}</span>
      {others.length > 0 && (
        <Badge variant="default" tt="none" title={title}>
          +{others.length}
        </Badge>
      )}
    </Group>
  );
}

const yesNo = (t: TFunction, value: boolean): string => (value ? t('Yes') : t('No'));

/** The columns of the list of users; status first. */
export function userColumns(t: TFunction, nameOf: (role: string) => string): Column<User>[] {
  return [
    { key: 'status', header: t('Status'), cell: ({ status }) => <Status status={status} /> },
    {
      key: 'name',
      header: t('Name'),
      sort: 'displayName',
      cell: (user) => (
        <Anchor component={Link} to={`/users/${user.id}`} fw={500}>
          {user.displayName}
        </Anchor>
      ),
    },
    { key: 'email', header: t('Email'), sort: 'email', cell: ({ email, userName }) => email ?? userName },
    { key: 'roles', header: t('Roles'), cell: (user) => <Roles user={user} nameOf={nameOf} /> },
    {
      key: 'login',
      header: t('Login'),
      cell: ({ loginType, directory }) =>
        loginType === 'local' ? t('Local') : directory === null ? 'SSO' : `SSO · ${directory.name}`,
    },
    {
      key: 'groups',
      header: t('Groups'),
      isHidden: true,
      cell: ({ groups }) => groups.map(({ displayName }) => displayName).join(', ') || '–',
    },
    { key: 'phone', header: t('Phone'), isHidden: true, cell: ({ phone }) => phone ?? '–' },
    {
      key: 'level',
      header: t('Access level'),
      isHidden: true,
      cell: ({ roles, groups }) => {
        const levels = [
          ...(roles.some(({ role }) => !role.includes(':')) ? [t('Account')] : []),
          ...(groups.length > 0 ? [t('Group')] : []),
        ];
        return levels.join(', ') || t('Unassigned');
      },
    },
    { key: 'enabled', header: t('Enabled'), isHidden: true, cell: ({ enabled }) => yesNo(t, enabled) },
    { key: 'approved', header: t('Approved'), isHidden: true, cell: ({ approved }) => yesNo(t, approved) },
    {
      key: 'until',
      header: t('Access until'),
      isHidden: true,
      cell: ({ accessExpiresAt }) => time(accessExpiresAt),
    },
    { key: 'twoFactor', header: '2FA', isHidden: true, cell: ({ twoFactor }) => yesNo(t, twoFactor) },
    { key: 'created', header: t('Created'), sort: 'createdAt', cell: ({ createdAt }) => day(createdAt) },
    { key: 'lastLogin', header: t('Last login'), cell: ({ lastLoginAt }) => ago(lastLoginAt) },
  ];
}
