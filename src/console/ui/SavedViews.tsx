import { Button, Checkbox, Group, Menu, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { patch, post, read, remove, type Listed } from '../api.js';
import { useWho } from '../session.js';
import type { SavedView } from '../access-types.js';
import { useAct } from './act.js';
import { FormModal } from './FormModal.js';
import { MoreIcon } from './icons.js';
import { useKept } from './kept.js';

/** The question of an address, in one order, without its place in the list. */
function questionOf(search: URLSearchParams): string {
  const params = new URLSearchParams(search);
  params.delete('cursor');
  params.sort();
  return params.toString();
}

interface NameFormProps {
  list: SavedView['list'];
  /** The view that gets another name; undefined: a new one. */
  view?: SavedView | undefined;
  query: string;
  opened: boolean;
  onClose: () => void;
}

function NameForm({ list, view, query, opened, onClose }: NameFormProps) {
  const { t } = useTranslation();
  const { may } = useWho();
  const [name, setName] = useState(view?.name ?? '');
  const [shared, setShared] = useState(view?.shared ?? false);
  return (
    <FormModal
      title={view ? t('Change the view') : t('Save view')}
      button={t('Save')}
      opened={opened}
      onClose={onClose}
      send={() =>
        view
          ? patch(`/views/${view.id}`, { name: name.trim(), shared })
          : post('/views', { list, name: name.trim(), query, shared })
      }
    >
      {(errors) => (
        <>
          <TextInput
            label={t('Name')}
            required
            data-autofocus
            value={name}
            error={errors.name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          {may('account.settings') && (
            <Checkbox
              label={t('Everybody of the tenant sees it')}
              checked={shared}
              onChange={({ currentTarget }) => setShared(currentTarget.checked)}
            />
          )}
        </>
      )}
    </FormModal>
  );
}

interface ViewMenuProps {
  view: SavedView;
  canEdit: boolean;
  question: string;
  isDefault: boolean;
  onDefault: (id: string) => void;
  onRename: () => void;
}

function ViewMenu({ view, canEdit, question, isDefault, onDefault, onRename }: ViewMenuProps) {
  const { t } = useTranslation();
  const act = useAct();
  const path = `/views/${view.id}`;
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          px={4}
          aria-label={t('More of the view {{what}}', { what: view.name })}
        >
          <MoreIcon />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onDefault(isDefault ? '' : view.id)}>
          {isDefault ? t('Open the list without it') : t('Open the list with it')}
        </Menu.Item>
        {canEdit && (
          <>
            <Menu.Item onClick={onRename}>{t('Rename or share')}</Menu.Item>
            <Menu.Item onClick={() => act(() => patch(path, { query: question }), t('Saved'))}>
              {t('Take the present filters')}
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item
              c="var(--danger)"
              onClick={() => act(() => remove(path), t('The view {{what}} is deleted', { what: view.name }))}
            >
              {t('Delete')}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Opens the list with the view this person chose to begin with, where its address asks for nothing. */
function useDefaultView(id: string, views: readonly SavedView[] | undefined, question: string): void {
  const navigate = useNavigate();
  const isSettled = useRef(question !== '');
  useEffect(() => {
    if (!views || isSettled.current) return;
    isSettled.current = true;
    const view = views.find((one) => one.id === id);
    if (view) void navigate({ search: view.query }, { replace: true });
  }, [views, id, navigate]);
}

/** Filters and order of a list under names: one's own, and those that all of the tenant see. */
export function SavedViews({ list }: { list: SavedView['list'] }) {
  const { t } = useTranslation();
  const { may } = useWho();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const [first, setFirst] = useKept(`view.${list}`, '');
  const [form, setForm] = useState<{ view?: SavedView }>();
  const { data } = useQuery({
    queryKey: ['/views', list],
    queryFn: () => read<Listed<SavedView>>('/views', { list, limit: 200 }),
    enabled: may('users.read'),
    staleTime: 60_000,
  });
  const question = questionOf(params);
  useDefaultView(first, data?.items, question);
  if (!data) return null;
  const isShown = ({ query }: SavedView) => questionOf(new URLSearchParams(query)) === question;
  const isNew = question !== '' && !data.items.some(isShown);
  if (data.items.length === 0 && !isNew) return null;
  const go = (search: string) => void navigate({ search });
  const button = (name: string, isOn: boolean, search: string) => (
    <Button
      size="compact-sm"
      variant={isOn ? 'light' : 'subtle'}
      aria-current={isOn ? 'true' : undefined}
      onClick={() => go(search)}
    >
      {name}
    </Button>
  );
  return (
    <Group gap="xs" role="group" aria-label={t('Saved views')}>
      {data.items.length > 0 && button(t('All'), question === '', '')}
      {data.items.map((view) => (
        <Group key={view.id} gap={0} wrap="nowrap">
          {button(view.name, isShown(view), view.query)}
          <ViewMenu
            view={view}
            canEdit={!view.shared || may('account.settings')}
            question={question}
            isDefault={first === view.id}
            onDefault={setFirst}
            onRename={() => setForm({ view })}
          />
        </Group>
      ))}
      {isNew && (
        <Button size="compact-sm" variant="default" onClick={() => setForm({})}>
          {t('Save view')}
        </Button>
      )}
      {form && (
        <NameForm
          key={form.view?.id ?? 'new'}
          list={list}
          view={form.view}
          query={question}
          opened
          onClose={() => setForm(undefined)}
        />
      )}
    </Group>
  );
}
