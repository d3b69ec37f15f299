import { Kbd, Modal, Stack, Table, TextInput, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { read, type Listed } from '../api.js';
import { useWho } from '../session.js';
import type { User } from '../types.js';
import { useOwnPages } from './own-pages.js';
import type { PaletteState } from './palette-keys.js';

interface Place {
  label: string;
  to: string;
}

function usePlaces(text: string): Place[] {
  const { t } = useTranslation();
  const { may } = useWho();
  const pages = useOwnPages();
  const { data } = useQuery({
    queryKey: ['palette', text],
    queryFn: () => read<Listed<User>>('/users', { q: text, limit: 6 }),
    enabled: text.length >= 2 && may('users.read'),
  });
  const named = pages
    .map(({ title, to }) => ({ label: t(title), to }))
    .filter(({ label }) => label.toLowerCase().includes(text.toLowerCase()));
  const people = (text.length >= 2 ? (data?.items ?? []) : []).map((user) => ({
    label: `${user.displayName} · ${user.email ?? user.userName}`,
    to: `/users/${user.id}`,
  }));
  return [...named, ...people];
}

function Search({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const navigate = useNavigate();
  const places = usePlaces(text.trim());
  const go = (place: Place | undefined) => {
    if (!place) return;
    onClose();
    void navigate(place.to);
  };
  return (
    <Stack gap="xs">
      <TextInput
        data-autofocus
        role="combobox"
        aria-expanded
        aria-controls="places"
        aria-activedescendant={places[active] && `place-${active}`}
        aria-label={t('Page or person')}
        placeholder={t('Page or person')}
        value={text}
        onChange={({ currentTarget }) => {
          setText(currentTarget.value);
          setActive(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go(places[active]);
          if (event.key === 'ArrowDown') setActive(Math.min(active + 1, places.length - 1));
          if (event.key === 'ArrowUp') setActive(Math.max(active - 1, 0));
        }}
      />
      <div role="listbox" id="places" aria-label={t('Places')}>
        {places.map((place, index) => (
          <UnstyledButton
            key={place.to}
            id={`place-${index}`}
            role="option"
            aria-selected={index === active}
            display="block"
            w="100%"
            p="xs"
            tabIndex={-1}
            bg={index === active ? 'var(--mantine-color-default-hover)' : undefined}
            onClick={() => go(place)}
          >
            {place.label}
          </UnstyledButton>
        ))}
      </div>
    </Stack>
  );
}

function Shortcuts() {
  const { t } = useTranslation();
  const keys = {
    'Ctrl K': t('Go to a page or a person'),
    '/': t('Search the list'),
    '?': t('Show these keys'),
    Esc: t('Close'),
  };
  return (
    <Table>
      <Table.Tbody>
        {Object.entries(keys).map(([key, what]) => (
          <Table.Tr key={key}>
            <Table.Th scope="row" w={100}>
              <Kbd>{key}</Kbd>
            </Table.Th>
            <Table.Td>{what}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

export function Palette({ opened, close }: PaletteState) {
  const { t } = useTranslation();
  return (
    <>
      <Modal opened={opened === 'palette'} onClose={close} title={t('Go to')} size="lg">
        <Search onClose={close} />
      </Modal>
      <Modal opened={opened === 'shortcuts'} onClose={close} title={t('Keyboard shortcuts')}>
        <Shortcuts />
      </Modal>
    </>
  );
}
