import { Alert, Button, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { call, patch, post } from '../api.js';
import { time } from '../text/format.js';
import type { DeliveryAttempt, Webhook } from '../event-types.js';
import { useAct } from '../ui/act.js';
import { useAsk } from '../ui/Ask.js';
import { DeleteButton } from '../ui/DeleteButton.js';
import { FormModal } from '../ui/FormModal.js';
import { LiveSwitch } from '../ui/LiveSwitch.js';
import { Page } from '../ui/Page.js';
import { FormProblem, ProblemView } from '../ui/Problems.js';
import { ShownOnce } from '../ui/Secret.js';
import { EventTypes } from './webhook-parts.js';
import { AttemptLine, Deliveries } from './WebhookDeliveries.js';

function ChangeWebhook(props: {
  webhook: Webhook;
  etag: string | undefined;
  opened: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { webhook, etag, opened, onClose } = props;
  const [form, setForm] = useState({
    url: webhook.url,
    description: webhook.description,
    types: webhook.types,
  });
  return (
    <FormModal
      title={t('Change the webhook')}
      button={t('Save')}
      opened={opened}
      onClose={onClose}
      send={() => patch(`/webhooks/${webhook.id}`, form, etag)}
    >
      {(errors) => (
        <>
          <TextInput
            label={t('Address')}
            type="url"
            value={form.url}
            error={errors.url}
            onChange={({ currentTarget }) => setForm({ ...form, url: currentTarget.value.trim() })}
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
      )}
    </FormModal>
  );
}

function ReplaySince({ id, opened, onClose }: { id: string; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [since, setSince] = useState('');
  return (
    <FormModal
      title={t('Deliver again')}
      button={t('Deliver again')}
      opened={opened}
      onClose={onClose}
      send={() =>
        post(`/webhooks/${id}/replay`, { since: since === '' ? '' : new Date(since).toISOString() })
      }
    >
      {(errors) => (
        <TextInput
          type="datetime-local"
          label={t('Every event since')}
          description={t(
            'With the same ids, so that a receiver can tell what it had before. Kept for 30 days.',
          )}
          required
          value={since}
          error={errors.since}
          onChange={({ currentTarget }) => setSince(currentTarget.value)}
        />
      )}
    </FormModal>
  );
}

/** Why messages do not arrive, and what follows. */
function Trouble({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  if (webhook.disabledReason !== null) {
    return (
      <Alert color="red" title={t('Switched off by the server')}>
        <Text size="sm">
          {webhook.disabledReason === 'gone'
            ? t('Its endpoint answered 410: it is gone for good.')
            : t('Its endpoint took nothing for too long.')}{' '}
          {t('Switched on again, it gets what it missed, as far as that is kept.')}
        </Text>
        {webhook.error !== null && <Text size="sm">{webhook.error}</Text>}
      </Alert>
    );
  }
  if (webhook.failingSince === null) return null;
  return (
    <Alert color="orange" title={t('Takes nothing since {{time}}', { time: time(webhook.failingSince) })}>
      <Text size="sm">{webhook.error}</Text>
    </Alert>
  );
}

function TestMessage({ id }: { id: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => post<DeliveryAttempt & { delivered: boolean }>(`/webhooks/${id}/test`),
    onSuccess: () => void client.invalidateQueries(),
  });
  return (
    <Stack gap="xs">
      <Group>
        <Button variant="default" loading={isPending} onClick={() => mutate()}>
          {t('Send test event')}
        </Button>
      </Group>
      <FormProblem error={error} />
      <div role="status">
        {data && (
          <Alert
            color={data.delivered ? 'green' : 'red'}
            title={data.delivered ? t('Taken') : t('Not taken')}
          >
            <AttemptLine attempt={data} />
          </Alert>
        )}
      </div>
    </Stack>
  );
}

export default function WebhookPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const act = useAct();
  const [ask, dialog] = useAsk();
  const [open, setOpen] = useState<'change' | 'replay'>();
  const [secret, setSecret] = useState<string>();
  const { data, error } = useQuery({
    queryKey: ['/webhooks', id],
    queryFn: () => call<Webhook>('GET', `/webhooks/${id}`),
  });
  if (error) return <ProblemView error={error} />;
  if (!data) return null;
  const webhook = data.data;
  const close = () => setOpen(undefined);
  const rotate = async () => setSecret((await post<Webhook>(`/webhooks/${id}/rotate-secret`, {})).secret);
  return (
    <Page
      title={webhook.url}
      lead={webhook.description}
      actions={
        <>
          <Button variant="default" onClick={() => setOpen('change')}>
            {t('Change')}
          </Button>
          <Button
            variant="default"
            onClick={() =>
              ask({
                title: t('A new signing secret?'),
                text: t('For one day both secrets sign, so that no message is refused.'),
                button: t('Make it'),
                act: rotate,
              })
            }
          >
            {t('New secret')}
          </Button>
          <DeleteButton
            what={webhook.url}
            text={t('Nothing is sent there any more, and its deliveries are forgotten.')}
            list="/webhooks"
            to="/events"
            id={id}
          />
        </>
      }
    >
      <Trouble webhook={webhook} />
      {secret !== undefined && <ShownOnce label={t('Signing secret')} value={secret} />}
      <Paper withBorder p="md">
        <Stack>
          <LiveSwitch
            label={t('This webhook is on')}
            isOn={webhook.enabled}
            onSwitch={(enabled) => act(() => patch(`/webhooks/${id}`, { enabled }), t('Saved'))}
          />
          <Text size="sm">
            {t('Event types')}: {webhook.types.join(', ') || t('all')}
          </Text>
          {webhook.previousSecretUntil !== null && (
            <Text size="sm">
              {t('The secret before signs too until {{time}}', { time: time(webhook.previousSecretUntil) })}
            </Text>
          )}
          <TestMessage id={id} />
        </Stack>
      </Paper>
      <Group justify="space-between">
        <Title order={2} size="h3">
          {t('Deliveries')}
        </Title>
        <Button variant="default" onClick={() => setOpen('replay')}>
          {t('Deliver again…')}
        </Button>
      </Group>
      <Deliveries webhookId={id} />
      <ChangeWebhook
        key={data.etag}
        webhook={webhook}
        etag={data.etag}
        opened={open === 'change'}
        onClose={close}
      />
      <ReplaySince id={id} opened={open === 'replay'} onClose={close} />
      {dialog}
    </Page>
  );
}
