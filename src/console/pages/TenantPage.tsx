import { Alert, Button, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router';
import { call, enterTenant, post } from '../api.js';
import { time } from '../text/format.js';
import type { Tenant } from '../types.js';
import { SaveEnd } from '../ui/SaveEnd.js';
import { useAct } from '../ui/act.js';
import { useAsk } from '../ui/Ask.js';
import { FormModal } from '../ui/FormModal.js';
import { Page } from '../ui/Page.js';
import { fieldErrors, ProblemView, tell } from '../ui/Problems.js';
import { Word } from '../ui/Status.js';
import { useSave } from '../ui/use-save.js';

/** Everything of a tenant goes for good: its short name is typed as a proof that this one is meant. */
function Erase({ tenant, opened, onClose }: { tenant: Tenant; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [confirm, setConfirm] = useState('');
  return (
    <FormModal
      title={t('Erase {{what}}?', { what: tenant.name })}
      button={t('Erase for good')}
      opened={opened}
      onClose={onClose}
      send={() => call('DELETE', `/tenants/${tenant.id}`, { query: { confirm } })}
      onDone={() => {
        tell(t('{{what}} is being erased', { what: tenant.name }));
        void navigate('/tenants');
      }}
    >
      {() => (
        <>
          <Alert color="red">
            {t(
              '{{count}} users, their sessions, tokens, directories, connections and the audit log are erased. It cannot be undone.',
              { count: tenant.users },
            )}
          </Alert>
          <TextInput
            label={t('Type the short name {{slug}}', { slug: tenant.slug })}
            autoComplete="off"
            data-autofocus
            value={confirm}
            onChange={({ currentTarget }) => setConfirm(currentTarget.value)}
          />
        </>
      )}
    </FormModal>
  );
}

function Facts({ tenant, etag }: { tenant: Tenant; etag: string | undefined }) {
  const { t } = useTranslation();
  const [form, setForm] = useState({ name: tenant.name, externalId: tenant.externalId ?? '' });
  const { mutate, isPending, error } = useSave(`/tenants/${tenant.id}`, etag);
  const errors = fieldErrors(error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        mutate({ name: form.name.trim(), externalId: form.externalId.trim() || null });
      }}
    >
      <Stack maw={480}>
        <TextInput
          label={t('Name')}
          value={form.name}
          error={errors.name}
          onChange={({ currentTarget }) => setForm({ ...form, name: currentTarget.value })}
        />
        <TextInput
          label={t('External id')}
          description={t('How your own system names it')}
          value={form.externalId}
          error={errors.externalId}
          onChange={({ currentTarget }) => setForm({ ...form, externalId: currentTarget.value })}
        />
        <SaveEnd error={error} isPending={isPending} />
      </Stack>
    </form>
  );
}

export default function TenantPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const act = useAct();
  const [ask, dialog] = useAsk();
  const [erasing, setErasing] = useState(false);
  const { data, error } = useQuery({
    queryKey: ['/tenants', id],
    queryFn: () => call<Tenant>('GET', `/tenants/${id}`),
  });
  if (error) return <ProblemView error={error} />;
  if (!data) return null;
  const tenant = data.data;
  const what = tenant.name;
  const isOpen = tenant.status === 'active';
  const suspend = () =>
    ask({
      title: t('Suspend {{what}}?', { what }),
      text: t('{{count}} users cannot sign in; sessions, tokens and keys stop at once. It can be resumed.', {
        count: tenant.users,
      }),
      button: t('Suspend'),
      isDangerous: true,
      act: () => {
        act(() => post(`/tenants/${id}/suspend`), t('{{what}} is suspended', { what }));
        return Promise.resolve();
      },
    });
  return (
    <Page
      title={what}
      lead={tenant.slug}
      actions={
        <>
          <Button variant="default" onClick={() => enterTenant(tenant.slug)}>
            {t('Enter')}
          </Button>
          {isOpen ? (
            <Button variant="default" onClick={suspend}>
              {t('Suspend')}
            </Button>
          ) : (
            <Button
              onClick={() => act(() => post(`/tenants/${id}/resume`), t('{{what}} is open again', { what }))}
            >
              {t('Resume')}
            </Button>
          )}
        </>
      }
    >
      <Group>
        <Word text={isOpen ? t('Active') : t('Suspended')} color={isOpen ? 'green' : 'red'} />
        <Text size="sm">{t('{{count}} users', { count: tenant.users })}</Text>
        <Text size="sm">
          {t('Created')}: {time(tenant.createdAt)}
        </Text>
      </Group>
      <Facts key={data.etag} tenant={tenant} etag={data.etag} />
      <Paper withBorder p="md" component="section" aria-labelledby="erase" maw={640}>
        <Stack gap="sm" align="flex-start">
          <Title order={2} size="h4" id="erase">
            {t('Erase')}
          </Title>
          <Text size="sm">{t('When a customer leaves: everything of the tenant goes, for good.')}</Text>
          <Button color="red" variant="default" c="var(--danger)" onClick={() => setErasing(true)}>
            {t('Erase…')}
          </Button>
        </Stack>
      </Paper>
      <Erase tenant={tenant} opened={erasing} onClose={() => setErasing(false)} />
      {dialog}
    </Page>
  );
}
