import { Anchor, Button, Code, Drawer, List, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post, read } from '../api.js';
import { time } from '../text/format.js';
import type { DeliveryAttempt, DomainEvent, WebhookDelivery } from '../event-types.js';
import { useAct } from '../ui/act.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Word } from '../ui/Status.js';

const colors = { waiting: 'blue', delivered: 'green', failed: 'red' } as const;

/** One try: when, how it was answered, in how long. */
export function AttemptLine({ attempt }: { attempt: DeliveryAttempt }) {
  const { t } = useTranslation();
  return (
    <>
      <Text size="sm" className="numbers">
        {[time(attempt.at), attempt.status ?? t('no answer'), `${Math.round(attempt.milliseconds)} ms`].join(
          ' · ',
        )}
      </Text>
      {attempt.answer !== '' && <div className="code">{attempt.answer}</div>}
    </>
  );
}

/** The message as it was sent: the event at the delivery's place in the feed. */
function Message({ delivery }: { delivery: WebhookDelivery }) {
  const { t } = useTranslation();
  const place = Number(delivery.id.split(':').at(-1));
  const { data } = useQuery({
    queryKey: ['/events', place],
    queryFn: () => read<{ items: DomainEvent[] }>('/events', { after: place - 1, limit: 1 }),
    retry: false,
  });
  const event = data?.items.find(({ cursor }) => cursor === String(place));
  if (!event) return <Text size="sm">{t('It is not kept any more.')}</Text>;
  const { type, timestamp, data: facts } = event;
  return (
    <Code block tabIndex={0}>
      {JSON.stringify({ type, timestamp, data: facts }, null, 2)}
    </Code>
  );
}

function Details({ webhookId, delivery }: { webhookId: string; delivery: WebhookDelivery }) {
  const { t } = useTranslation();
  const act = useAct();
  return (
    <Stack>
      <Text size="sm">
        webhook-id: <span className="code">{delivery.eventId}</span>
      </Text>
      <Button
        variant="default"
        onClick={() =>
          act(
            () => post(`/webhooks/${webhookId}/deliveries/${delivery.id}/replay`),
            t('It is delivered again'),
          )
        }
      >
        {t('Deliver again')}
      </Button>
      <Text fw={600}>{t('Attempts')}</Text>
      {delivery.attempts.length === 0 ? (
        <Text size="sm">{t('None yet.')}</Text>
      ) : (
        <List size="sm" spacing="xs">
          {delivery.attempts.map((attempt) => (
            <List.Item key={attempt.at}>
              <AttemptLine attempt={attempt} />
            </List.Item>
          ))}
        </List>
      )}
      <Text fw={600}>{t('Message')}</Text>
      <Message delivery={delivery} />
    </Stack>
  );
}

/** What was sent, with each answer. */
export function Deliveries({ webhookId }: { webhookId: string }) {
  const { t } = useTranslation();
  const [openedId, setOpenedId] = useState<WebhookDelivery>();
  const names = { waiting: t('Waiting'), delivered: t('Delivered'), failed: t('Failed') };
  const columns: Column<WebhookDelivery>[] = [
    { key: 'created', header: t('When'), cell: ({ createdAt }) => time(createdAt) },
    {
      key: 'type',
      header: t('Event'),
      cell: (delivery) => (
        <Anchor component="button" type="button" onClick={() => setOpenedId(delivery)}>
          {delivery.type}
        </Anchor>
      ),
    },
    {
      key: 'status',
      header: t('Status'),
      cell: ({ status }) => <Word text={names[status]} color={colors[status]} />,
    },
    { key: 'answer', header: t('Answer'), cell: ({ attempts }) => attempts.at(-1)?.status ?? '–' },
    {
      key: 'duration',
      header: t('Duration'),
      cell: ({ attempts }) => {
        const last = attempts.at(-1);
        return last ? <span className="numbers">{`${Math.round(last.milliseconds)} ms`}</span> : '–';
      },
    },
    { key: 'tries', header: t('Attempts'), cell: ({ attempts }) => attempts.length },
    { key: 'next', header: t('Next try'), cell: ({ nextAt }) => time(nextAt) },
  ];
  return (
    <>
      <DataTable<WebhookDelivery>
        name="deliveries"
        path={`/webhooks/${webhookId}/deliveries`}
        caption={t('Deliveries')}
        searchLabel={t('Search the list')}
        columns={columns}
        filters={[
          {
            name: 'status',
            label: t('Status'),
            options: Object.entries(names).map(([value, label]) => ({ value, label })),
          },
        ]}
        refetchSeconds={5}
      />
      <Drawer
        opened={openedId !== undefined}
        onClose={() => setOpenedId(undefined)}
        title={openedId?.type}
        position="right"
        size="lg"
      >
        {openedId && <Details webhookId={webhookId} delivery={openedId} />}
      </Drawer>
    </>
  );
}
