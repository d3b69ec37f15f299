import { Alert, Button, Group, Paper, Stack, Switch, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { post } from '../api.js';
import { day } from '../text/format.js';
import type { SsoDomain } from '../sso-types.js';
import type { SsoConnection } from '../types.js';
import { useAct } from '../ui/act.js';
import { Copyable } from '../ui/Secret.js';
import { Word } from '../ui/Status.js';
import { useSave } from '../ui/use-save.js';

interface Of {
  connection: SsoConnection;
  etag: string | undefined;
  entry: SsoDomain;
}

/** Whether the domains below one are meant too: known at once, so that nobody forgets to save it. */
function Below({ connection, etag, entry }: Of) {
  const { t } = useTranslation();
  const { mutate, isPending } = useSave(`/sso-connections/${connection.id}`, etag);
  return (
    <Switch
      label={t('Addresses on domains below it too, such as mail.{{domain}}', { domain: entry.domain })}
      checked={entry.subdomains}
      disabled={isPending}
      onChange={({ currentTarget: { checked } }) =>
        mutate({
          domains: connection.domains.map(({ domain }) =>
            domain === entry.domain ? { domain, subdomains: checked } : { domain },
          ),
        })
      }
    />
  );
}

function Proof({ entry }: { entry: SsoDomain }) {
  const { t } = useTranslation();
  if (entry.verified && !entry.missingSince) {
    return entry.checkedAt ? (
      <Text size="sm" c="dimmed">
        {t('Its DNS record was last seen on {{date}}. It is looked for each day.', {
          date: day(entry.checkedAt),
        })}
      </Text>
    ) : null;
  }
  return (
    <>
      {entry.missingSince && entry.endsAt ? (
        <Alert color="red" role="alert">
          {t('Its DNS record is missing. From {{date}} on its addresses are not forwarded any more.', {
            date: day(entry.endsAt),
          })}
        </Alert>
      ) : null}
      <Text size="sm">{t('Publish this TXT record in the DNS of the domain, then check.')}</Text>
      <Copyable label={t('Name')} value={entry.record.name} />
      <Copyable label={t('Value')} value={entry.record.value} />
    </>
  );
}

function Domain({ connection, etag, entry }: Of) {
  const { t } = useTranslation();
  const act = useAct();
  const { domain, verified } = entry;
  const check = () =>
    act(
      () => post(`/sso-connections/${connection.id}/domains/${domain}/verify`),
      t('{{domain}} is verified', { domain }),
    );
  return (
    <Paper withBorder p="sm">
      <Stack gap="xs">
        <Group justify="space-between">
          <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
            {domain}
          </Text>
          {verified && <Word text={t('Verified')} color="green" />}
          {(!verified || entry.missingSince !== null) && (
            <Button size="compact-sm" variant="default" onClick={check}>
              {t('Check now')}
            </Button>
          )}
        </Group>
        <Proof entry={entry} />
        <Below connection={connection} etag={etag} entry={entry} />
      </Stack>
    </Paper>
  );
}

/** The domains of a connection: how each is proven, and whether it still is. */
export function ConnectionDomains({
  connection,
  etag,
}: {
  connection: SsoConnection;
  etag: string | undefined;
}) {
  return connection.domains.map((entry) => (
    <Domain key={entry.domain} connection={connection} etag={etag} entry={entry} />
  ));
}
