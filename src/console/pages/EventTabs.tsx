import { Tabs } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useWho } from '../session.js';

/** Webhooks and the feed are two ways to the same events, each with its own address. */
export function EventTabs({ value }: { value: 'webhooks' | 'feed' }) {
  const { t } = useTranslation();
  const { may } = useWho();
  const navigate = useNavigate();
  return (
    <Tabs value={value} onChange={(tab) => void navigate(tab === 'feed' ? '/events/feed' : '/events')}>
      <Tabs.List aria-label={t('Events')}>
        <Tabs.Tab value="webhooks">{t('Webhooks')}</Tabs.Tab>
        {may('audit.read') && <Tabs.Tab value="feed">{t('Event feed')}</Tabs.Tab>}
      </Tabs.List>
    </Tabs>
  );
}
