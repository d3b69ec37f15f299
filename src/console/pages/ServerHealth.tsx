import { Button, Paper, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { enterTenant, read } from '../api.js';
import { ago, time } from '../text/format.js';
import { Page } from '../ui/Page.js';
import { ProblemView } from '../ui/Problems.js';
import { Word } from '../ui/Status.js';

interface Health {
  tenants: { active: number; suspended: number };
  jobs: { waiting: number; failed: number; lateSeconds: number };
  givenUp: {
    id: string;
    kind: string;
    tenant: { id: string; slug: string } | null;
    failedAt: string | null;
    error: string | null;
  }[];
  streams: { name: string; behind: number; failingSince: string | null; error: string | null }[];
}

interface Readiness {
  status: string;
  version: string;
  checks: { database: string; databaseMs: number };
}

/** A job that is due for longer waits for something that does not work. */
const lateAfterSeconds = 300;

const readiness = async (): Promise<Readiness> => (await fetch('/readyz')).json() as Promise<Readiness>;

function Fact({
  label,
  value,
  isGood,
  note,
}: {
  label: string;
  value: string;
  isGood: boolean;
  note: string;
}) {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fw={650} fz={24} className="numbers">
        {value}
      </Text>
      <Word text={isGood ? t('Good') : t('Look at it')} color={isGood ? 'green' : 'red'} />
      <Text size="sm" c="dimmed">
        {note}
      </Text>
    </Paper>
  );
}

function Facts({ ready, health }: { ready: Readiness; health: Health }) {
  const { t } = useTranslation();
  const { jobs, tenants } = health;
  const isLate = jobs.lateSeconds > lateAfterSeconds;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
      <Fact
        label={t('This process')}
        value={ready.version}
        isGood={ready.status === 'ready'}
        note={ready.status}
      />
      <Fact
        label={t('Database')}
        value={`${ready.checks.databaseMs} ms`}
        isGood={ready.checks.database === 'ok'}
        note={ready.checks.database}
      />
      <Fact
        label={t('Jobs given up')}
        value={String(jobs.failed)}
        isGood={jobs.failed === 0 && !isLate}
        note={
          isLate
            ? t('The oldest that is due waits for {{n}} s', { n: jobs.lateSeconds })
            : t('{{n}} are still to be done', { n: jobs.waiting })
        }
      />
      <Fact
        label={t('Tenants')}
        value={String(tenants.active)}
        isGood
        note={t('{{n}} suspended', { n: tenants.suspended })}
      />
    </SimpleGrid>
  );
}

function GivenUp({ jobs }: { jobs: Health['givenUp'] }) {
  const { t } = useTranslation();
  if (jobs.length === 0) return <Text c="dimmed">{t('No job was given up.')}</Text>;
  return (
    <div className="scroll" role="region" aria-label={t('Jobs given up')} tabIndex={0}>
      <Table aria-label={t('Jobs given up')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('Tenant')}</Table.Th>
            <Table.Th scope="col">{t('Work')}</Table.Th>
            <Table.Th scope="col">{t('When')}</Table.Th>
            <Table.Th scope="col">{t('Why')}</Table.Th>
            <Table.Th scope="col">{t('Actions')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {jobs.map(({ id, kind, tenant, failedAt, error }) => (
            <Table.Tr key={id}>
              <Table.Td>{tenant?.slug ?? '–'}</Table.Td>
              <Table.Td className="code">{kind}</Table.Td>
              <Table.Td title={time(failedAt)}>{ago(failedAt)}</Table.Td>
              <Table.Td className="code">{error ?? ''}</Table.Td>
              <Table.Td>
                {tenant && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={t('Enter {{what}}', { what: tenant.slug })}
                    onClick={() => enterTenant(tenant.slug, '/jobs?status=failed')}
                  >
                    {t('Enter')}
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Streams({ streams }: { streams: Health['streams'] }) {
  const { t } = useTranslation();
  if (streams.length === 0)
    return <Text c="dimmed">{t('None. EVENT_STREAMS sends the events of all tenants to a SIEM.')}</Text>;
  return (
    <Stack gap="xs">
      {streams.map(({ name, behind, failingSince, error }) => (
        <Paper withBorder p="sm" key={name}>
          <Text className="code">{name}</Text>
          <Word
            text={
              failingSince === null
                ? t('Taken')
                : t('Takes nothing since {{time}}', { time: time(failingSince) })
            }
            color={failingSince === null ? 'green' : 'red'}
          />
          <Text size="sm">{t('{{n}} events are not sent yet', { n: behind })}</Text>
          {error !== null && <Text size="sm">{error}</Text>}
        </Paper>
      ))}
    </Stack>
  );
}

export default function ServerHealth() {
  const { t } = useTranslation();
  const ready = useQuery({ queryKey: ['/readyz'], queryFn: readiness, refetchInterval: 10_000 });
  const { data: health, error } = useQuery({
    queryKey: ['/server-health'],
    queryFn: () => read<Health>('/server-health', {}, true),
    refetchInterval: 10_000,
  });
  const failure = error ?? ready.error;
  if (failure) return <ProblemView error={failure} />;
  return (
    <Page
      title={t('Health')}
      lead={t('How this server does, over all tenants. Looked at again every 10 seconds.')}
    >
      {ready.data && health && (
        <>
          <Facts ready={ready.data} health={health} />
          <Title order={2} size="h4">
            {t('Jobs given up')}
          </Title>
          <GivenUp jobs={health.givenUp} />
          <Title order={2} size="h4">
            {t('Streams of events')}
          </Title>
          <Streams streams={health.streams} />
        </>
      )}
    </Page>
  );
}
