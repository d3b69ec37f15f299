import { Anchor, Button, Code, Drawer, Group, List, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { read } from '../api.js';
import { time } from '../text/format.js';
import type { DomainEvent } from '../event-types.js';
import { Page } from '../ui/Page.js';
import { ProblemView } from '../ui/Problems.js';
import { Copyable } from '../ui/Secret.js';
import { EventTabs } from './EventTabs.js';
import { EventTypes } from './webhook-parts.js';

interface Feed {
  items: DomainEvent[];
  next: string;
  more: boolean;
}

function CursorHelp({ next }: { next: string }) {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="cursor-help">
      <Stack gap="xs">
        <Title order={2} size="h4" id="cursor-help">
          {t('Read it from a program')}
        </Title>
        <List size="sm">
          <List.Item>
            {t('Call it with an API key that may audit.read. The oldest event comes first.')}
          </List.Item>
          <List.Item>
            {t('Keep next of the answer, and call again after it: no event is left out.')}
          </List.Item>
          <List.Item>{t('While more is true there is more right now; else ask again in a while.')}</List.Item>
          <List.Item>
            {t('Events are kept for 30 days. A cursor older than that is refused with 410.')}
          </List.Item>
        </List>
        <Copyable
          label="curl"
          value={`curl -H "Authorization: Bearer gh_sk_…" "${location.origin}/api/v1/events?after=${next}"`}
        />
      </Stack>
    </Paper>
  );
}

function Events({ items, onOpen }: { items: readonly DomainEvent[]; onOpen: (event: DomainEvent) => void }) {
  const { t } = useTranslation();
  return (
    <div className="scroll" role="region" aria-label={t('Event feed')} tabIndex={0}>
      <Table verticalSpacing="xs" aria-label={t('Event feed')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('Cursor')}</Table.Th>
            <Table.Th scope="col">{t('When')}</Table.Th>
            <Table.Th scope="col">{t('Event')}</Table.Th>
            <Table.Th scope="col">{t('Actor')}</Table.Th>
            <Table.Th scope="col">{t('Target')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((event) => (
            <Table.Tr key={event.cursor}>
              <Table.Td className="numbers">{event.cursor}</Table.Td>
              <Table.Td>{time(event.timestamp)}</Table.Td>
              <Table.Td>
                <Anchor component="button" type="button" onClick={() => onOpen(event)}>
                  {event.type}
                </Anchor>
              </Table.Td>
              <Table.Td>{event.data.actor.label}</Table.Td>
              <Table.Td>{event.data.target?.label ?? '–'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

export default function EventFeed() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const [opened, setOpened] = useState<DomainEvent>();
  const types = (params.get('types') ?? '').split(',').filter((type) => type !== '');
  const after = params.get('after');
  const question = { after, types: types.join(','), limit: 25 };
  const { data, error } = useQuery({
    queryKey: ['/events', question],
    queryFn: () => read<Feed>('/events', question),
    placeholderData: keepPreviousData,
  });
  const go = (values: { after?: string; types?: string }) =>
    setParams((before) => {
      const next = new URLSearchParams(before);
      for (const [name, value] of Object.entries(values)) next.set(name, value);
      for (const name of ['after', 'types']) if (next.get(name) === '') next.delete(name);
      return next;
    });
  if (error) return <ProblemView error={error} />;
  return (
    <Page
      title={t('Events')}
      lead={t('Every change is an event. Have them sent to you, or read them from the feed.')}
    >
      <EventTabs value="feed" />
      <EventTypes value={types} onChange={(chosen) => go({ types: chosen.join(','), after: '' })} />
      <Text size="sm" c="dimmed" role="status">
        {data ? t('{{count}} events on this page', { count: data.items.length }) : t('Loading')}
      </Text>
      <Events items={data?.items ?? []} onOpen={setOpened} />
      <Group justify="flex-end">
        <Button variant="default" disabled={after === null} onClick={() => go({ after: '' })}>
          {t('From the oldest')}
        </Button>
        <Button
          variant="default"
          disabled={data?.more !== true}
          onClick={() => data && go({ after: data.next })}
        >
          {t('Next')}
        </Button>
      </Group>
      {data && <CursorHelp next={data.next} />}
      <Drawer
        opened={opened !== undefined}
        onClose={() => setOpened(undefined)}
        title={opened?.type}
        position="right"
        size="lg"
      >
        {opened && (
          <Code block tabIndex={0}>
            {JSON.stringify(opened, null, 2)}
          </Code>
        )}
      </Drawer>
    </Page>
  );
}
