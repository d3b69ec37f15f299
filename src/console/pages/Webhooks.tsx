import { Anchor, Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post } from '../api.js';
import { time } from '../text/format.js';
import type { Webhook } from '../event-types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { FormModal } from '../ui/FormModal.js';
import { Page } from '../ui/Page.js';
import { ShownOnce } from '../ui/Secret.js';
import { EventTabs } from './EventTabs.js';
import { EventTypes, WebhookState } from './webhook-parts.js';

function NewWebhook({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const blank = { url: '', description: '', types: [] as string[] };
  const [form, setForm] = useState(blank);
  const [secret, setSecret] = useState<string>();
  const body = { url: form.url.trim(), description: form.description.trim(), types: form.types };
  return (
    <FormModal
      title={t('New webhook')}
      button={t('Create')}
      opened={opened}
      onClose={() => {
        setForm(blank);
        setSecret(undefined);
        onClose();
      }}
      send={() => post<Webhook>('/webhooks', body)}
      onDone={(made) => setSecret(made.secret)}
      staysOpen
    >
      {(errors) =>
        secret !== undefined ? (
          <ShownOnce label={t('Signing secret')} value={secret} />
        ) : (
          <>
            <TextInput
              label={t('Address')}
              description={t('Signed messages are sent here with POST; it answers 2xx within 10 seconds.')}
              placeholder="https://example.com/gatehouse-events"
              type="url"
              required
              value={form.url}
              error={errors.url}
              onChange={({ currentTarget }) => setForm({ ...form, url: currentTarget.value })}
            />
            <TextInput
              label={t('Description')}
              value={form.description}
              error={errors.description}
              onChange={({ currentTarget }) => setForm({ ...form, description: currentTarget.value })}
            />
            <EventTypes
              value={form.types}
              error={errors.types}
              onChange={(types) => setForm({ ...form, types })}
            />
          </>
        )
      }
    </FormModal>
  );
}

export default function Webhooks() {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const columns: Column<Webhook>[] = [
    {
      key: 'url',
      header: t('Address'),
      cell: ({ id, url }) => (
        <Anchor component={Link} to={`/events/webhooks/${id}`}>
          {url}
        </Anchor>
      ),
    },
    { key: 'state', header: t('Status'), cell: (webhook) => <WebhookState webhook={webhook} /> },
    { key: 'types', header: t('Event types'), cell: ({ types }) => types.join(', ') || t('all') },
    { key: 'description', header: t('Description'), cell: ({ description }) => description || '–' },
    { key: 'created', header: t('Created'), cell: ({ createdAt }) => time(createdAt) },
  ];
  const button = <Button onClick={() => setOpened(true)}>{t('New webhook')}</Button>;
  return (
    <Page
      title={t('Events')}
      lead={t('Every change is an event. Have them sent to you, or read them from the feed.')}
      actions={button}
    >
      <EventTabs value="webhooks" />
      <DataTable<Webhook>
        name="webhooks"
        path="/webhooks"
        caption={t('Webhooks')}
        columns={columns}
        empty={
          <Empty
            text={t('No webhooks yet. A webhook reports each change to your program within a second.')}
            action={button}
          />
        }
      />
      <NewWebhook opened={opened} onClose={() => setOpened(false)} />
    </Page>
  );
}
