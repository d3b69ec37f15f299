import { Tabs } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useWho } from '../session.js';

const places = { log: '/audit', review: '/audit/access-review', check: '/audit/access-check' } as const;
type Place = keyof typeof places;

/** What was done, who had what at a day, and who may do what now. */
export function AuditTabs({ value }: { value: Place }) {
  const { t } = useTranslation();
  const { may } = useWho();
  const navigate = useNavigate();
  return (
    <Tabs value={value} onChange={(tab) => void navigate(places[tab as Place])}>
      <Tabs.List aria-label={t('Audit log')}>
        <Tabs.Tab value="log">{t('Log')}</Tabs.Tab>
        <Tabs.Tab value="review">{t('Access review')}</Tabs.Tab>
        {may('users.read') && <Tabs.Tab value="check">{t('Check access')}</Tabs.Tab>}
      </Tabs.List>
    </Tabs>
  );
}
