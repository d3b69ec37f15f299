import {
  Alert,
  AppShell,
  Burger,
  Button,
  Group,
  Kbd,
  Menu,
  NavLink,
  Text,
  UnstyledButton,
  useMantineColorScheme,
  type MantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, NavLink as RouterLink, Outlet, useLocation } from 'react-router';
import { enteredTenant, enterTenant } from '../api.js';
import { useWho } from '../session.js';
import { chooseLanguage, languages, type Language } from '../text/i18n.js';
import { SearchIcon } from './icons.js';
import { areas, useOwnPages } from './own-pages.js';
import { usePaletteKeys } from './palette-keys.js';
import { IdleWarning } from './IdleWarning.js';

// Dialogs are fetched after the page is shown.
const Palette = lazy(async () => ({ default: (await import('./Palette.js')).Palette }));
const Proof = lazy(async () => ({ default: (await import('./Proof.js')).Proof }));

function Preferences() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = { auto: t('As the system'), light: t('Light'), dark: t('Dark') } as const;
  return (
    <>
      <Menu.Label>{t('Theme')}</Menu.Label>
      <Menu.RadioGroup
        value={colorScheme}
        onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}
      >
        {Object.entries(schemes).map(([scheme, name]) => (
          <Menu.RadioItem key={scheme} value={scheme}>
            {name}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
      <Menu.Label>{t('Language')}</Menu.Label>
      <Menu.RadioGroup value={i18n.language} onChange={(language) => chooseLanguage(language as Language)}>
        {Object.entries(languages).map(([language, name]) => (
          <Menu.RadioItem key={language} value={language} lang={language}>
            {name}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </>
  );
}

function NameMenu() {
  const { t } = useTranslation();
  const { me, may } = useWho();
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button variant="subtle" color="gray" className="name">
          {me.displayName}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href="/account">
          {t('My account')}
        </Menu.Item>
        {may('users.read') && (
          <Menu.Item component={Link} to="/users">
            {t('Users')}
          </Menu.Item>
        )}
        <Menu.Item component="a" href="/signout">
          {t('Sign out')}
        </Menu.Item>
        <Menu.Divider />
        <Preferences />
      </Menu.Dropdown>
    </Menu>
  );
}

function EnteredBanner() {
  const { t } = useTranslation();
  const tenant = enteredTenant();
  if (tenant === null) return null;
  return (
    <Alert color="orange" mb="md" role="status">
      <Group justify="space-between">
        <Text>
          {t('You are in the tenant {{tenant}} as an operator. What you do is in its audit log.', { tenant })}
        </Text>
        <Button variant="default" onClick={() => enterTenant(null)}>
          {t('Leave')}
        </Button>
      </Group>
    </Alert>
  );
}

function Header({ opened, toggle, onSearch }: { opened: boolean; toggle: () => void; onSearch: () => void }) {
  const { t } = useTranslation();
  const { me } = useWho();
  return (
    <Group h="100%" px="md" justify="space-between" wrap="nowrap">
      <Group wrap="nowrap" gap="sm">
        <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('Menu')} />
        <UnstyledButton component={Link} to="/">
          <Text fw={700}>{enteredTenant() ?? me.tenant.name}</Text>
        </UnstyledButton>
      </Group>
      <Group wrap="nowrap" gap="xs">
        <Button
          variant="default"
          onClick={onSearch}
          className="hide-small go"
          leftSection={<SearchIcon size={15} />}
          rightSection={<Kbd size="xs">Ctrl K</Kbd>}
          justify="space-between"
        >
          {t('Go to')}
        </Button>
        <NameMenu />
      </Group>
    </Group>
  );
}

/** The pages this person may open, part by part. */
function PageMenu({ onGo }: { onGo: () => void }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const pages = useOwnPages();
  return [undefined, ...areas].map((area) => {
    const own = pages.filter((page) => page.area === area);
    if (own.length === 0) return null;
    return (
      <div key={area ?? ''} role="group" aria-label={t(area ?? 'Overview')}>
        {area !== undefined && (
          <Text size="xs" fw={500} c="dimmed" className="area" aria-hidden="true">
            {t(area)}
          </Text>
        )}
        {own.map(({ to, title, icon: Icon }) => (
          <NavLink
            key={to}
            component={RouterLink}
            to={to}
            end={to === '/'}
            active={to === '/' ? pathname === '/' : pathname.startsWith(to)}
            label={t(title)}
            leftSection={<Icon size={16} />}
            onClick={onGo}
          />
        ))}
      </div>
    );
  });
}

/** The frame around every page: menu by permission, name menu, and keys. */
export function Shell() {
  const { t } = useTranslation();
  const [opened, { toggle, close }] = useDisclosure();
  const palette = usePaletteKeys();
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'md', sm: 'lg' }}
    >
      <a className="skip" href="#content">
        {t('Skip to the content')}
      </a>
      <AppShell.Header>
        <Header opened={opened} toggle={toggle} onSearch={palette.open} />
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t('Pages')}>
        <PageMenu onGo={close} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <EnteredBanner />
        <Outlet />
      </AppShell.Main>
      <Suspense>
        {palette.wasOpened && <Palette {...palette} />}
        <Proof />
      </Suspense>
      <IdleWarning />
    </AppShell>
  );
}
