import { Alert, Button, Code, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { patch, read } from '../api.js';
import type { Application, UserStatus } from '../types.js';
import { useAct } from '../ui/act.js';
import { RolePicker } from '../ui/RolePicker.js';
import { FormProblem } from '../ui/Problems.js';
import { statusNames } from '../ui/Status.js';
import { UserPicker } from './GroupPage.js';
import { useChoices } from '../ui/use-choices.js';

interface ClaimsPreview {
  status: UserStatus;
  maySignIn: boolean;
  allowed: boolean;
  claims: Record<string, unknown>;
}

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

/** What the application would get of a person, before anybody signs in. */
export function TokenPreview({ application }: { application: Application }) {
  const { t } = useTranslation();
  const [user, setUser] = useState('');
  const { data, error } = useQuery({
    queryKey: ['/applications', application.id, 'claims-preview', user],
    queryFn: () => read<ClaimsPreview>(`/applications/${application.id}/claims-preview`, { user }),
    enabled: user !== '',
  });
  return (
    <Stack maw={720}>
      <Text size="sm" c="dimmed">
        {t('What the ID token and userinfo would say of a person who signed in now. No session begins.')}
      </Text>
      <UserPicker label={t('User')} onPick={setUser} />
      <FormProblem error={error} />
      {data && (
        <>
          {!data.maySignIn && (
            <Alert color="red">
              {t('This person cannot sign in: {{status}}', { status: t(statusNames[data.status]) })}
            </Alert>
          )}
          {!data.allowed && (
            <Alert color="red">
              {t('This person has no access to the application and gets access_denied.')}
            </Alert>
          )}
          <Text fw={600}>{t('Claims')}</Text>
          <Code block tabIndex={0}>
            {JSON.stringify(data.claims, null, 2)}
          </Code>
        </>
      )}
    </Stack>
  );
}
