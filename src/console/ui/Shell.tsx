import {
  Alert,
  AppShell,
  Burger,
  Button,
  Group,
  Menu,
  NavLink,
  Text,
  UnstyledButton,
  useMantineColorScheme,
  type MantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { Link, NavLink as RouterLink, Outlet, useLocation } from 'react-router';
import { enteredTenant, enterTenant } from '../api.js';
import { useWho } from '../session.js';
import { chooseLanguage, languages, type Language } from '../text/i18n.js';
import { useOwnPages } from './own-pages.js';
import { Palette, usePaletteKeys } from './Palette.js';
import { Proof } from './Proof.js';

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
        <Button variant="default" onClick={onSearch} className="hide-small">
          {t('Go to')}{' '}
          <Text span ml="xs" size="xs" aria-hidden="true">
            Ctrl K
          </Text>
        </Button>
        <NameMenu />
      </Group>
    </Group>
  );
}

/** The frame around every page: menu by permission, name menu, and keys. */
export function Shell() {
  const { t } = useTranslation();
  const [opened, { toggle, close }] = useDisclosure();
  const palette = usePaletteKeys();
  const { pathname } = useLocation();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 230, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <a className="skip" href="#content">
        {t('Skip to the content')}
      </a>
      <AppShell.Header>
        <Header opened={opened} toggle={toggle} onSearch={palette.open} />
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t('Pages')}>
        {useOwnPages().map(({ to, title, icon: Icon }) => (
          <NavLink
            key={to}
            component={RouterLink}
            to={to}
            end={to === '/'}
            active={to === '/' ? pathname === '/' : pathname.startsWith(to)}
            label={t(title)}
            leftSection={<Icon />}
            onClick={close}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <EnteredBanner />
        <Outlet />
      </AppShell.Main>
      <Palette {...palette} />
      <Proof />
    </AppShell>
  );
}
