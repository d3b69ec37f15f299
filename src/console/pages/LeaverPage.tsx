import { Box, Button, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { call } from '../api.js';
import { time } from '../text/format.js';
import { Facts } from '../ui/Facts.js';
import { Page } from '../ui/Page.js';
import { ProblemView } from '../ui/Problems.js';
import { saveFile } from '../ui/save-file.js';
import { useLeavingWords } from './Leavers.js';
import { DeliveryAnswer, type DeliveryStatus } from './LogoutDeliveries.js';

interface Receipt {
  id: string;
  user: { id: string; label: string };
  by: { label: string };
  action: string;
  calledAt: string;
  endedAt: string | null;
  sessions: { sessionId: string; method: string; ip: string; signedInAt: string }[];
  sessionCount: number;
  openSessions: number;
  tokenCount: number;
  notices: {
    application: string;
    sessionId: string;
    status: DeliveryStatus;
    attempts: number;
    answer: string | null;
    confirmedAt: string | null;
  }[];
  refusedAt: string | null;
  isComplete: boolean;
  secondsToZero: number | null;
  jws: string;
}

/** Saves the signed receipt as a file. */
function save(receipt: Receipt): void {
  const blob = new Blob([JSON.stringify(receipt, null, 2)], { type: 'application/json' });
  saveFile(blob, `receipt-${receipt.id}.json`);
}

function Notices({ notices }: Pick<Receipt, 'notices'>) {
  const { t } = useTranslation();
  if (notices.length === 0) return <Text size="sm">{t('No application had to be notified.')}</Text>;
  return (
    <div className="scroll box" role="region" aria-label={t('Applications that were notified')} tabIndex={0}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('Application')}</Table.Th>
            <Table.Th>{t('Answer')}</Table.Th>
            <Table.Th>{t('When')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {notices.map(({ application, sessionId, status, answer, confirmedAt }) => (
            <Table.Tr key={`${application} ${sessionId}`}>
              <Table.Td>{application}</Table.Td>
              <Table.Td>
                <DeliveryAnswer status={status} answer={answer} />
              </Table.Td>
              <Table.Td>{time(confirmedAt)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

export default function LeaverPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const words = useLeavingWords();
  const { data, error } = useQuery({
    queryKey: ['/leaver-receipts', id],
    queryFn: () => call<Receipt>('GET', `/leaver-receipts/${id}`),
  });
  if (error) return <ProblemView error={error} />;
  if (!data) return null;
  const receipt = data.data;
  const facts: [string, string][] = [
    [t('What happened'), words[receipt.action] ?? receipt.action],
    [t('By'), receipt.by.label],
    [t('The call came'), time(receipt.calledAt)],
    [t('All of it had ended'), receipt.endedAt === null ? t('Not yet') : time(receipt.endedAt)],
    [t('Sessions that ended'), String(receipt.sessionCount)],
    ...(receipt.openSessions > 0
      ? [[t('Sessions that run out'), String(receipt.openSessions)] as [string, string]]
      : []),
    [t('Grants and tokens that ended'), String(receipt.tokenCount)],
    [t('Next sign-in refused'), receipt.refusedAt === null ? t('No try yet') : time(receipt.refusedAt)],
    [t('Seconds to zero'), receipt.secondsToZero === null ? t('Open') : receipt.secondsToZero.toFixed(1)],
  ];
  return (
    <Page
      title={receipt.user.label}
      lead={t('The receipt is signed. An auditor checks the file with: gatehouse receipt verify')}
      actions={
        <>
          <Button variant="default" onClick={() => window.print()}>
            {t('Print')}
          </Button>
          <Button onClick={() => save(receipt)}>{t('Save the signed file')}</Button>
        </>
      }
    >
      <Stack>
        <Box maw={480}>
          <Facts facts={facts} />
        </Box>
        <Text fw={600}>{t('Applications that were notified')}</Text>
        <Notices notices={receipt.notices} />
      </Stack>
    </Page>
  );
}
