import { Anchor, Button, NativeSelect, Stack, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { enteredTenant, post } from '../api.js';
import { useWho } from '../session.js';
import { keyOf } from '../text/key-of.js';
import { time } from '../text/format.js';
import type { Application } from '../types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { FormModal } from '../ui/FormModal.js';
import { Page } from '../ui/Page.js';
import { ShownOnce, Copyable } from '../ui/Secret.js';
import { Word } from '../ui/Status.js';

export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** One API a line: its address, then its scopes. */
export const resourcesOf = (text: string): Application['resources'] =>
  linesOf(text).map((line) => {
    const [resource = '', ...scopes] = line.split(/\s+/);
    return { resource, scopes };
  });

export function ResourcesField(props: {
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <Textarea
      label={t('APIs it calls')}
      description={t('One a line: the address, then its scopes')}
      placeholder="https://api.example.com orders.read orders.write"
      autosize
      minRows={2}
      error={props.error}
      value={props.value}
      onChange={({ currentTarget }) => props.onChange(currentTarget.value)}
    />
  );
}

/** Which tenants were typed: `all`, or short names. */
export const tenantsOf = (text: string): 'all' | string[] => (text.trim() === 'all' ? 'all' : linesOf(text));

const blank = { name: '', key: '', kind: 'web', redirectUris: '', resources: '', tenants: 'all' };

function NewApplication({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState(blank);
  const [made, setMade] = useState<Application>();
  const set = (values: Partial<typeof blank>) => setForm({ ...form, ...values });
  const key = form.key || keyOf(form.name, '-');
  const ofServer = useWho().isOperator && enteredTenant() === null;
  return (
    <FormModal
      title={t('New application')}
      button={t('Create')}
      opened={opened}
      onClose={() => {
        setForm(blank);
        setMade(undefined);
        onClose();
      }}
      send={() =>
        post<Application>('/applications', {
          name: form.name.trim(),
          key,
          kind: form.kind,
          ...(form.kind === 'machine'
            ? { resources: resourcesOf(form.resources) }
            : { redirectUris: linesOf(form.redirectUris) }),
          ...(ofServer && { tenants: tenantsOf(form.tenants) }),
        })
      }
      onDone={setMade}
      staysOpen
    >
      {(errors) =>
        made ? (
          <Stack>
            <Copyable label={t('Client id')} value={made.clientId} />
            {typeof made.clientSecret === 'string' && (
              <ShownOnce label={t('Client secret')} value={made.clientSecret} />
            )}
            <Anchor component={Link} to={`/applications/${made.id}`}>
              {t('Quick start')}
            </Anchor>
          </Stack>
        ) : (
          <>
            <TextInput
              label={t('Name')}
              required
              value={form.name}
              error={errors.name}
              onChange={({ currentTarget }) => set({ name: currentTarget.value })}
            />
            <TextInput
              label={t('Key')}
              description={t('A short name without spaces. Its roles are named after it: {{example}}', {
                example: `${key || 'crm'}:agent`,
              })}
              value={key}
              error={errors.key}
              onChange={({ currentTarget }) => set({ key: currentTarget.value })}
            />
            <NativeSelect
              label={t('Type')}
              value={form.kind}
              onChange={({ currentTarget }) => set({ kind: currentTarget.value })}
              data={[
                { value: 'web', label: t('Runs on a server: it can keep a secret') },
                { value: 'spa', label: t('Runs in a browser: no secret') },
                { value: 'native', label: t('Runs on a phone or a computer: no secret') },
                { value: 'machine', label: t('A machine: no one signs in, it calls an API') },
              ]}
            />
            {form.kind === 'machine' ? (
              <ResourcesField
                error={errors.resources}
                value={form.resources}
                onChange={(resources) => set({ resources })}
              />
            ) : (
              <Textarea
                label={t('Redirect addresses')}
                description={t(
                  'Where people come back to after the sign-in. One a line; each must be exactly what the application sends.',
                )}
                placeholder="https://app.example.com/callback"
                required
                autosize
                minRows={2}
                error={errors.redirectUris}
                value={form.redirectUris}
                onChange={({ currentTarget }) => set({ redirectUris: currentTarget.value })}
              />
            )}
            {ofServer && (
              <Textarea
                label={t('Tenants it serves')}
                description={t('all, or the short names, one a line')}
                autosize
                error={errors.tenants}
                value={form.tenants}
                onChange={({ currentTarget }) => set({ tenants: currentTarget.value })}
              />
            )}
          </>
        )
      }
    </FormModal>
  );
}

export default function Applications() {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const columns: Column<Application>[] = [
    {
      key: 'name',
      header: t('Name'),
      sort: 'name',
      cell: ({ id, name }) => (
        <Anchor component={Link} to={`/applications/${id}`} fw={500}>
          {name}
        </Anchor>
      ),
    },
    { key: 'key', header: t('Key'), sort: 'key', cell: ({ key }) => key },
    {
      key: 'roles',
      header: t('Roles'),
      cell: ({ roles }) => roles.map(({ name }) => name).join(', ') || '–',
    },
    {
      key: 'owner',
      header: t('Owner'),
      cell: ({ owner }) => (owner === 'server' ? t('The operator of the server') : t('This tenant')),
    },
    {
      key: 'enabled',
      header: t('Status'),
      cell: ({ enabled }) => <Word text={enabled ? t('On') : t('Off')} color={enabled ? 'green' : 'gray'} />,
    },
    {
      key: 'created',
      header: t('Created'),
      sort: 'createdAt',
      isHidden: true,
      cell: (application) => time('createdAt' in application ? String(application.createdAt) : null),
    },
  ];
  const button = <Button onClick={() => setOpened(true)}>{t('New application')}</Button>;
  return (
    <Page
      title={t('Applications')}
      lead={t('What people sign in to. Each gets tokens with its own roles and permissions alone.')}
      actions={button}
    >
      <DataTable<Application>
        name="applications"
        path="/applications"
        views="applications"
        caption={t('Applications')}
        columns={columns}
        searchLabel={t('Search applications')}
        empty={
          <Empty text={t('No applications yet. Register the one your people sign in to.')} action={button} />
        }
      />
      <NewApplication opened={opened} onClose={() => setOpened(false)} />
    </Page>
  );
}
