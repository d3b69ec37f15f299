import { Tabs } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';

/** Users and Invites are one page with two tabs, each with its own address. */
export function UserTabs({ value }: { value: 'users' | 'invites' }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Tabs value={value} onChange={(tab) => void navigate(tab === 'invites' ? '/users/invites' : '/users')}>
      <Tabs.List aria-label={t('Users')}>
        <Tabs.Tab value="users">{t('Users')}</Tabs.Tab>
        <Tabs.Tab value="invites">{t('Invites')}</Tabs.Tab>
      </Tabs.List>
    </Tabs>
  );
}
