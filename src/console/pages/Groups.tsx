import { Anchor, Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { post } from '../api.js';
import { useRoles, useWho } from '../session.js';
import { time } from '../text/format.js';
import type { Group } from '../types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { FormModal } from '../ui/FormModal.js';
import { ExportButton } from '../ui/ExportButton.js';
import { Page } from '../ui/Page.js';
import { RolePicker } from '../ui/RolePicker.js';

function NewGroup({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [displayName, setName] = useState('');
  const [roles, setRoles] = useState<string[]>([]);
  return (
    <FormModal
      title={t('New group')}
      button={t('Create')}
      opened={opened}
      onClose={onClose}
      send={() =>
        post<Group>('/groups', { displayName: displayName.trim(), ...(roles.length > 0 && { roles }) })
      }
      onDone={(group) => void navigate(`/groups/${group.id}`)}
    >
      {(errors) => (
        <>
          <TextInput
            label={t('Name')}
            required
            value={displayName}
            error={errors.displayName}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <RolePicker
            label={t('Roles its members get')}
            value={roles}
            onChange={setRoles}
            error={errors.roles}
          />
        </>
      )}
    </FormModal>
  );
}

export default function Groups() {
  const { t } = useTranslation();
  const { may } = useWho();
  const { nameOf } = useRoles(may('roles.read'));
  const [params] = useSearchParams();
  const [opened, setOpened] = useState(false);
  const columns: Column<Group>[] = [
    {
      key: 'name',
      header: t('Name'),
      sort: 'displayName',
      cell: ({ id, displayName }) => (
        <Anchor component={Link} to={`/groups/${id}`} fw={500}>
          {displayName}
        </Anchor>
      ),
    },
    {
      key: 'members',
      header: t('Members'),
      cell: ({ memberCount }) => <span className="numbers">{memberCount}</span>,
    },
    {
      key: 'administrators',
      header: t('Administrators'),
      cell: ({ administrators }) => administrators.map(({ displayName }) => displayName).join(', ') || '–',
    },
    { key: 'roles', header: t('Roles'), cell: ({ roles }) => roles.map(nameOf).join(', ') || '–' },
    { key: 'source', header: t('Source'), cell: ({ directory }) => directory?.name ?? t('Local') },
    {
      key: 'created',
      header: t('Created'),
      sort: 'createdAt',
      isHidden: true,
      cell: ({ createdAt }) => time(createdAt),
    },
  ];
  const button = may('groups.manage') ? (
    <Button onClick={() => setOpened(true)}>{t('New group')}</Button>
  ) : undefined;
  return (
    <Page
      title={t('Groups')}
      lead={t(
        'People who belong together. A group can give its members roles, and have administrators of its own.',
      )}
      actions={
        <>
          {may('users.export') && (
            <ExportButton path="/groups/export.csv" query={{ q: params.get('q') }} label={t('Export')} />
          )}
          {button}
        </>
      }
    >
      <DataTable<Group>
        name="groups"
        path="/groups"
        views="groups"
        caption={t('Groups')}
        columns={columns}
        searchLabel={t('Search groups')}
        empty={
          <Empty
            text={t('No groups yet. Directories bring theirs along; you can make your own.')}
            action={button}
          />
        }
      />
      <NewGroup opened={opened} onClose={() => setOpened(false)} />
    </Page>
  );
}
