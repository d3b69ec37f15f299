import { Alert, Anchor, Button, Group as Row, Select, Stack, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { patch, post, read, remove, type Listed } from '../api.js';
import { useWho } from '../session.js';
import type { Group, GroupMember, User } from '../types.js';
import { useAct } from '../ui/act.js';
import { DeleteButton } from '../ui/DeleteButton.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { LiveSwitch } from '../ui/LiveSwitch.js';
import { Page } from '../ui/Page.js';
import { ProblemView } from '../ui/Problems.js';
import { RolePicker } from '../ui/RolePicker.js';

/** Finds people by name or address. */
export function UserPicker({
  label,
  error,
  onPick,
}: {
  label: string;
  error?: string | undefined;
  onPick: (user: string) => void;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [q] = useDebouncedValue(text.trim(), 250);
  const { data } = useQuery({
    queryKey: ['/users', 'pick', q],
    queryFn: () => read<Listed<User>>('/users', { q, limit: 20 }),
  });
  return (
    <Select
      label={label}
      error={error}
      placeholder={t('Name or email')}
      searchable
      searchValue={text}
      onSearchChange={setText}
      filter={({ options }) => options}
      data={(data?.items ?? []).map((user) => ({
        value: user.id,
        label: `${user.displayName} · ${user.email ?? user.userName}`,
      }))}
      value={null}
      onChange={(id) => {
        if (id !== null) onPick(id);
      }}
    />
  );
}

function Members({ group, canEdit }: { group: Group; canEdit: boolean }) {
  const { t } = useTranslation();
  const act = useAct();
  const [adding, setAdding] = useState(false);
  const path = `/groups/${group.id}`;
  const administrators = new Set(group.administrators.map(({ id }) => id));
  const setAdministrator = (member: GroupMember, isOne: boolean) => {
    const ids = [...administrators].filter((id) => id !== member.id);
    act(() => patch(path, { administrators: isOne ? [...ids, member.id] : ids }), t('Saved'));
  };
  const columns: Column<GroupMember>[] = [
    {
      key: 'name',
      header: t('Name'),
      sort: 'displayName',
      cell: ({ id, type, displayName }) => (
        <Anchor component={Link} to={type === 'user' ? `/users/${id}` : `/groups/${id}`}>
          {displayName}
        </Anchor>
      ),
    },
    {
      key: 'administrator',
      header: t('Group administrator'),
      cell: (member) =>
        member.type === 'user' && (
          <LiveSwitch
            aria-label={t('{{who}} is an administrator of this group', { who: member.displayName })}
            isOn={administrators.has(member.id)}
            disabled={!canEdit}
            onSwitch={(isOne) => setAdministrator(member, isOne)}
          />
        ),
    },
    {
      key: 'remove',
      header: t('Actions'),
      cell: (member) =>
        canEdit &&
        group.directory === null && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t('Remove {{who}}', { who: member.displayName })}
            onClick={() =>
              act(
                () => remove(`${path}/members/${member.id}`),
                t('{{who}} is removed', { who: member.displayName }),
              )
            }
          >
            {t('Remove')}
          </Button>
        ),
    },
  ];
  return (
    <Stack>
      <Row justify="space-between">
        <Title order={2} size="h4">
          {t('Members')}
        </Title>
        {canEdit && group.directory === null && (
          <Row gap="sm">
            <Button component={Link} to={`${path}/import`} variant="default">
              {t('Import')}
            </Button>
            <Button variant="default" onClick={() => setAdding(!adding)}>
              {t('Add member')}
            </Button>
          </Row>
        )}
      </Row>
      {adding && (
        <UserPicker
          label={t('Add member')}
          onPick={(id) => act(() => post(`${path}/members`, { members: [id] }), t('Added'))}
        />
      )}
      <DataTable<GroupMember>
        name="members"
        path={`${path}/members`}
        caption={t('Members')}
        searchLabel={t('Search the list')}
        columns={columns}
      />
    </Stack>
  );
}

export default function GroupPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const { may } = useWho();
  const act = useAct();
  const { data: group, error } = useQuery({
    queryKey: ['/groups', id],
    queryFn: () => read<Group>(`/groups/${id}`),
  });
  if (error) return <ProblemView error={error} />;
  if (!group) return null;
  const canEdit = may('groups.manage');
  const removal = (
    <DeleteButton
      what={group.displayName}
      text={t('{{count}} members lose what the group gives them.', { count: group.memberCount })}
      list="/groups"
      id={id}
    />
  );
  return (
    <Page
      title={group.displayName}
      lead={t('{{count}} members', { count: group.memberCount })}
      actions={canEdit && group.directory === null ? removal : undefined}
    >
      {group.directory !== null && (
        <Alert color="blue">
          <Text>
            {t('{{directory}} manages this group: its members are changed there.', {
              directory: group.directory.name,
            })}
          </Text>
        </Alert>
      )}
      {may('roles.read') && canEdit && (
        <RolePicker
          label={t('Roles its members get')}
          value={group.roles}
          onChange={(roles) => act(() => patch(`/groups/${id}`, { roles }), t('Saved'))}
        />
      )}
      <Members group={group} canEdit={canEdit} />
    </Page>
  );
}
