import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../api.js';
import { ago, time } from '../text/format.js';
import type { ApiKey } from '../types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { FormModal } from '../ui/FormModal.js';
import { Page } from '../ui/Page.js';
import { ShownOnce } from '../ui/Secret.js';
import { useRevoke } from '../ui/use-revoke.js';

type OperatorKey = Omit<ApiKey, 'role'>;

function NewKey({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState({ name: '', expires: '' });
  const [made, setMade] = useState<string>();
  const expiresAt = form.expires === '' ? null : new Date(form.expires).toISOString();
  return (
    <FormModal
      title={t('New operator key')}
      button={t('Create')}
      opened={opened}
      onClose={() => {
        setMade(undefined);
        onClose();
      }}
      send={() => post<OperatorKey>('/operator-keys', { name: form.name.trim(), expiresAt })}
      onDone={({ key }) => setMade(key)}
      staysOpen
    >
      {(errors) =>
        made !== undefined ? (
          <ShownOnce label={t('Operator key')} value={made} />
        ) : (
          <>
            <TextInput
              label={t('Name')}
              required
              value={form.name}
              error={errors.name}
              onChange={({ currentTarget }) => setForm({ ...form, name: currentTarget.value })}
            />
            <TextInput
              type="datetime-local"
              label={t('Expires')}
              description={t('Empty: no end')}
              value={form.expires}
              error={errors.expiresAt}
              onChange={({ currentTarget }) => setForm({ ...form, expires: currentTarget.value })}
            />
          </>
        )
      }
    </FormModal>
  );
}

export default function OperatorKeys() {
  const { t } = useTranslation();
  const [revokeButton, dialog] = useRevoke('/operator-keys');
  const [opened, setOpened] = useState(false);
  const columns: Column<OperatorKey>[] = [
    { key: 'name', header: t('Name'), cell: ({ name }) => name },
    { key: 'prefix', header: t('Key'), cell: ({ prefix }) => <span className="code">{prefix}…</span> },
    { key: 'used', header: t('Last used'), cell: ({ lastUsedAt }) => ago(lastUsedAt) },
    {
      key: 'expires',
      header: t('Expires'),
      cell: ({ expiresAt }) => (expiresAt === null ? t('never') : time(expiresAt)),
    },
    { key: 'created', header: t('Created'), cell: ({ createdAt }) => time(createdAt) },
    { key: 'revoke', header: t('Actions'), cell: revokeButton },
  ];
  const button = <Button onClick={() => setOpened(true)}>{t('New operator key')}</Button>;
  return (
    <Page
      title={t('Operator keys')}
      lead={t('For programs that make and run tenants. Such a key may do everything, in every tenant.')}
      actions={button}
    >
      <DataTable<OperatorKey>
        name="operator-keys"
        path="/operator-keys"
        caption={t('Operator keys')}
        searchLabel={t('Search the list')}
        columns={columns}
        empty={<Empty text={t('No keys yet.')} action={button} />}
      />
      {dialog}
      <NewKey opened={opened} onClose={() => setOpened(false)} />
    </Page>
  );
}
