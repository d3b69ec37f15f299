import { Button, Code, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { patch, read } from '../api.js';
import type { Application, RoleExplanation } from '../types.js';
import { useAct } from '../ui/act.js';
import { RolePicker } from '../ui/RolePicker.js';
import { UserPicker } from './GroupPage.js';
import { useChoices } from '../ui/use-choices.js';

/** Who of the tenant may sign in to it. */
export function Access({ application }: { application: Application }) {
  const { t } = useTranslation();
  const act = useAct();
  const [access, setAccess] = useState(
    application.access ?? { by: 'everyone' as const, roles: [], groups: [] },
  );
  const groups = useChoices<{ id: string; displayName: string }>('/groups');
  const body = {
    by: access.by,
    ...(access.by === 'role' && { roles: access.roles }),
    ...(access.by === 'group' && { groups: access.groups }),
  };
  return (
    <Stack maw={480}>
      <NativeSelect
        label={t('Who may sign in')}
        value={access.by}
        onChange={({ currentTarget }) =>
          setAccess({ ...access, by: currentTarget.value as typeof access.by })
        }
        data={[
          { value: 'everyone', label: t('Everyone of this tenant') },
          { value: 'role', label: t('People with one of these roles') },
          { value: 'group', label: t('Members of a group') },
        ]}
      />
      {access.by === 'role' && (
        <RolePicker value={access.roles} onChange={(roles) => setAccess({ ...access, roles })} />
      )}
      {access.by === 'group' && (
        <NativeSelect
          label={t('Group')}
          value={access.groups[0] ?? ''}
          onChange={({ currentTarget }) => setAccess({ ...access, groups: [currentTarget.value] })}
          data={[
            { value: '', label: '' },
            ...groups.map(({ id, displayName }) => ({ value: id, label: displayName })),
          ]}
        />
      )}
      <Group>
        <Button
          onClick={() => act(() => patch(`/applications/${application.id}`, { access: body }), t('Saved'))}
        >
          {t('Save')}
        </Button>
      </Group>
    </Stack>
  );
}

/** What a person's token would say, before anybody signs in. */
export function TokenPreview({ application }: { application: Application }) {
  const { t } = useTranslation();
  const [user, setUser] = useState('');
  const { data } = useQuery({
    queryKey: ['/users', user, 'role-explanation'],
    queryFn: () => read<RoleExplanation>(`/users/${user}/role-explanation`),
    enabled: user !== '',
  });
  const own =
    data?.roles.filter(({ role, inForce }) => inForce && role.startsWith(`${application.key}:`)) ?? [];
  const claims = {
    roles: own.map(({ role }) => role.split(':')[1]),
    permissions: [...new Set(own.flatMap(({ permissions }) => permissions))].sort(),
  };
  return (
    <Stack maw={640}>
      <UserPicker label={t('User')} onPick={setUser} />
      {data && (
        <>
          {data.heldBack !== null && <Text>{data.heldBack}</Text>}
          <Text fw={600}>{t('Roles and permissions in the token')}</Text>
          <Code block tabIndex={0}>
            {JSON.stringify(claims, null, 2)}
          </Code>
        </>
      )}
    </Stack>
  );
}
