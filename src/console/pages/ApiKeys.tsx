import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../api.js';
import { useRoles } from '../session.js';
import { ago, time } from '../text/format.js';
import type { ApiKey } from '../types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { FormModal } from '../ui/FormModal.js';
import { Page } from '../ui/Page.js';
import { ShownOnce } from '../ui/Secret.js';
import { useRevoke } from '../ui/use-revoke.js';

function NewKey({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const { roles } = useRoles();
  const [form, setForm] = useState({ name: '', role: '', days: '90' });
  const [made, setMade] = useState<string>();
  const own = roles.filter(({ application }) => application === null);
  const expiresAt =
    form.days === '' ? null : new Date(Date.now() + Number(form.days) * 86_400_000).toISOString();
  return (
    <FormModal
      title={t('New API key')}
      button={t('Create')}
      opened={opened}
      onClose={() => {
        setMade(undefined);
        onClose();
      }}
      send={() => post<ApiKey>('/api-keys', { name: form.name.trim(), role: form.role, expiresAt })}
      onDone={({ key }) => setMade(key)}
      staysOpen
    >
      {(errors) =>
        made !== undefined ? (
          <ShownOnce label={t('API key')} value={made} />
        ) : (
          <>
            <TextInput
              label={t('Name')}
              required
              value={form.name}
              error={errors.name}
              onChange={({ currentTarget }) => setForm({ ...form, name: currentTarget.value })}
            />
            <NativeSelect
              label={t('Role')}
              required
              value={form.role}
              error={errors.role}
              onChange={({ currentTarget }) => setForm({ ...form, role: currentTarget.value })}
              data={[
                { value: '', label: '' },
                ...own.map(({ role, name }) => ({ value: role, label: name })),
              ]}
            />
            <NativeSelect
              label={t('Expires')}
              value={form.days}
              onChange={({ currentTarget }) => setForm({ ...form, days: currentTarget.value })}
              data={[
                { value: '30', label: t('in 30 days') },
                { value: '90', label: t('in 90 days') },
                { value: '365', label: t('in a year') },
                { value: '', label: t('never') },
              ]}
            />
          </>
        )
      }
    </FormModal>
  );
}

export default function ApiKeys() {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  const [revokeButton, dialog] = useRevoke('/api-keys');
  const [opened, setOpened] = useState(false);
  const columns: Column<ApiKey>[] = [
    { key: 'name', header: t('Name'), sort: 'name', cell: ({ name }) => name },
    { key: 'prefix', header: t('Key'), cell: ({ prefix }) => <span className="code">{prefix}…</span> },
    { key: 'role', header: t('Role'), cell: ({ role }) => nameOf(role) },
    { key: 'used', header: t('Last used'), cell: ({ lastUsedAt }) => ago(lastUsedAt) },
    {
      key: 'expires',
      header: t('Expires'),
      cell: ({ expiresAt }) => (expiresAt === null ? t('never') : time(expiresAt)),
    },
    { key: 'created', header: t('Created'), sort: 'createdAt', cell: ({ createdAt }) => time(createdAt) },
    { key: 'revoke', header: t('Actions'), cell: revokeButton },
  ];
  const button = <Button onClick={() => setOpened(true)}>{t('New API key')}</Button>;
  return (
    <Page
      title={t('API keys')}
      lead={t('For programs that call the API. A key may do what its role may.')}
      actions={button}
    >
      <DataTable<ApiKey>
        name="api-keys"
        path="/api-keys"
        caption={t('API keys')}
        columns={columns}
        searchLabel={t('Search keys')}
        empty={
          <Empty
            text={t('No keys yet. Everything this console does, a program can do with a key.')}
            action={button}
          />
        }
      />
      {dialog}
      <NewKey opened={opened} onClose={() => setOpened(false)} />
    </Page>
  );
}
