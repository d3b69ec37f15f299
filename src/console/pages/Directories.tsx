import { Anchor, Button, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { post } from '../api.js';
import { time } from '../text/format.js';
import type { Directory } from '../types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { FormModal } from '../ui/FormModal.js';
import { Page } from '../ui/Page.js';
import { Word } from '../ui/Status.js';

const dialectNames: Readonly<Record<string, string>> = {
  auto: 'Detected automatically',
  strict: 'Strict RFC 7644',
  okta: 'Okta',
  entra: 'Microsoft Entra ID',
  onelogin: 'OneLogin',
  jumpcloud: 'JumpCloud',
  google: 'Google',
  ping: 'Ping',
};

/** Providers that speak the standard well enough to need no way of their own. */
const plainNames: Readonly<Record<string, string>> = { keycloak: 'Keycloak', authentik: 'authentik' };

function NewDirectory({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [form, setForm] = useState({ name: '', dialect: 'auto' });
  return (
    <FormModal
      title={t('New directory')}
      button={t('Create')}
      opened={opened}
      onClose={onClose}
      send={() =>
        post<Directory>('/directories', {
          name: form.name.trim(),
          dialect: form.dialect in plainNames ? 'auto' : form.dialect,
        })
      }
      onDone={({ id }) =>
        void navigate(`/directories/${id}${form.dialect in plainNames ? `?provider=${form.dialect}` : ''}`)
      }
    >
      {(errors) => (
        <>
          <TextInput
            label={t('Name')}
            placeholder="Acme Okta"
            required
            value={form.name}
            error={errors.name}
            onChange={({ currentTarget }) => setForm({ ...form, name: currentTarget.value })}
          />
          <NativeSelect
            label={t('Identity provider')}
            value={form.dialect}
            onChange={({ currentTarget }) => setForm({ ...form, dialect: currentTarget.value })}
            data={Object.entries({ ...dialectNames, ...plainNames }).map(([value, label]) => ({
              value,
              label: t(label),
            }))}
          />
        </>
      )}
    </FormModal>
  );
}

export default function Directories() {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const columns: Column<Directory>[] = [
    {
      key: 'name',
      header: t('Name'),
      sort: 'name',
      cell: ({ id, name }) => (
        <Anchor component={Link} to={`/directories/${id}`} fw={500}>
          {name}
        </Anchor>
      ),
    },
    {
      key: 'dialect',
      header: t('Identity provider'),
      cell: ({ dialect, learnedDialect }) => t(dialectNames[learnedDialect ?? dialect] ?? dialect),
    },
    {
      key: 'rules',
      header: t('Role rules'),
      cell: ({ roleRules }) => <span className="numbers">{roleRules.length}</span>,
    },
    {
      key: 'enabled',
      header: t('Status'),
      cell: ({ enabled }) => <Word text={enabled ? t('On') : t('Off')} color={enabled ? 'green' : 'gray'} />,
    },
    { key: 'created', header: t('Created'), sort: 'createdAt', cell: ({ createdAt }) => time(createdAt) },
  ];
  const button = <Button onClick={() => setOpened(true)}>{t('New directory')}</Button>;
  return (
    <Page
      title={t('SCIM directories')}
      lead={t('Identity providers that push people and groups here.')}
      actions={button}
    >
      <DataTable<Directory>
        name="directories"
        path="/directories"
        caption={t('SCIM directories')}
        columns={columns}
        searchLabel={t('Search directories')}
        empty={
          <Empty
            text={t(
              'No directories yet. Connect Okta, Entra ID or another provider, and people come and go by themselves.',
            )}
            action={button}
          />
        }
      />
      <NewDirectory opened={opened} onClose={() => setOpened(false)} />
    </Page>
  );
}
