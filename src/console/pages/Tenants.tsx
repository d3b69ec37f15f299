import { Anchor, Button, Group, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { enterTenant, post } from '../api.js';
import { keyOf } from '../text/key-of.js';
import { time } from '../text/format.js';
import type { Tenant } from '../types.js';
import { useAct } from '../ui/act.js';
import { useAsk, type Question } from '../ui/Ask.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { FormModal } from '../ui/FormModal.js';
import { Page } from '../ui/Page.js';
import { tell } from '../ui/Problems.js';
import { Word } from '../ui/Status.js';

const blank = { name: '', slug: '', email: '' };

function NewTenant({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState(blank);
  const slug = form.slug || keyOf(form.name, '-');
  const field = (name: keyof typeof blank, label: string, value: string, error?: string) => (
    <TextInput
      label={label}
      value={value}
      error={error}
      onChange={({ currentTarget }) => setForm({ ...form, [name]: currentTarget.value })}
    />
  );
  return (
    <FormModal
      title={t('New tenant')}
      button={t('Create')}
      opened={opened}
      onClose={() => {
        setForm(blank);
        onClose();
      }}
      send={() =>
        post<Tenant & { invitation?: { email: string; outcome: string } | null }>('/tenants', {
          name: form.name.trim(),
          slug,
          ...(form.email.trim() !== '' && { administrator: { email: form.email.trim() } }),
        })
      }
      onDone={({ name, invitation }) =>
        tell(
          invitation?.outcome === 'invited'
            ? t('{{what}} is made, and {{who}} is invited', { what: name, who: invitation.email })
            : t('{{what}} is made', { what: name }),
        )
      }
    >
      {(errors) => (
        <>
          {field('name', t('Name'), form.name, errors.name)}
          {field('slug', t('Short name in addresses'), slug, errors.slug)}
          {field('email', t('Email of its first administrator'), form.email, errors.administrator)}
        </>
      )}
    </FormModal>
  );
}

function RowButtons({ tenant, ask }: { tenant: Tenant; ask: (question: Question) => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const what = tenant.name;
  return (
    <Group gap="xs" wrap="nowrap">
      <Button
        size="compact-sm"
        variant="default"
        aria-label={t('Enter {{what}}', { what })}
        onClick={() => enterTenant(tenant.slug)}
      >
        {t('Enter')}
      </Button>
      {tenant.status === 'suspended' ? (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t('Resume {{what}}', { what })}
          onClick={() =>
            act(() => post(`/tenants/${tenant.id}/resume`), t('{{what}} is open again', { what }))
          }
        >
          {t('Resume')}
        </Button>
      ) : (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t('Suspend {{what}}', { what })}
          onClick={() =>
            ask({
              title: t('Suspend {{what}}?', { what }),
              text: t(
                '{{count}} users cannot sign in; sessions, tokens and keys stop at once. It can be resumed.',
                { count: tenant.users },
              ),
              button: t('Suspend'),
              isDangerous: true,
              act: () => {
                act(() => post(`/tenants/${tenant.id}/suspend`), t('{{what}} is suspended', { what }));
                return Promise.resolve();
              },
            })
          }
        >
          {t('Suspend')}
        </Button>
      )}
    </Group>
  );
}

export default function Tenants() {
  const { t } = useTranslation();
  const [ask, dialog] = useAsk();
  const [opened, setOpened] = useState(false);
  const names = { active: t('Active'), suspended: t('Suspended') };
  const columns: Column<Tenant>[] = [
    {
      key: 'name',
      header: t('Name'),
      cell: ({ id, name }) => (
        <Anchor component={Link} to={`/tenants/${id}`} fw={500}>
          {name}
        </Anchor>
      ),
    },
    { key: 'slug', header: t('Short name'), cell: ({ slug }) => slug },
    {
      key: 'externalId',
      header: t('External id'),
      isHidden: true,
      cell: ({ externalId }) => externalId ?? '–',
    },
    {
      key: 'status',
      header: t('Status'),
      cell: ({ status }) => <Word text={names[status]} color={status === 'active' ? 'green' : 'red'} />,
    },
    { key: 'users', header: t('Users'), cell: ({ users }) => <span className="numbers">{users}</span> },
    { key: 'created', header: t('Created'), sort: 'createdAt', cell: ({ createdAt }) => time(createdAt) },
    { key: 'actions', header: t('Actions'), cell: (tenant) => <RowButtons tenant={tenant} ask={ask} /> },
  ];
  const button = <Button onClick={() => setOpened(true)}>{t('New tenant')}</Button>;
  return (
    <Page
      title={t('Tenants')}
      lead={t('Your customers. Each has its own people, directories, connections and administrators.')}
      actions={button}
    >
      <DataTable<Tenant>
        name="tenants"
        path="/tenants"
        caption={t('Tenants')}
        columns={columns}
        filters={[
          {
            name: 'status',
            label: t('Status'),
            options: Object.entries(names).map(([value, label]) => ({ value, label })),
          },
        ]}
        searchLabel={t('Search tenants')}
        empty={<Empty text={t('No customers yet.')} action={button} />}
      />
      {dialog}
      <NewTenant opened={opened} onClose={() => setOpened(false)} />
    </Page>
  );
}
