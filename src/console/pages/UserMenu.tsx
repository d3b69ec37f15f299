import { ActionIcon, Button, Menu } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useWho } from '../session.js';
import type { User } from '../types.js';
import { useAct } from '../ui/act.js';
import type { Question } from '../ui/Ask.js';
import { MoreIcon } from '../ui/icons.js';
import { userActions, type UserAction } from './user-actions.js';

/** Does an act, after its question where it has one. */
export function useUserAct(ask: (question: Question) => void) {
  const act = useAct();
  return ({ question, run, done }: UserAction) => {
    if (!question) act(run, done);
    else {
      ask({
        ...question,
        act: () => {
          act(run, done);
          return Promise.resolve();
        },
      });
    }
  };
}

interface UserMenuProps {
  user: User;
  ask: (question: Question) => void;
  /** In a row: an icon, and a way to the person's page. */
  isRow?: boolean;
}

/** The menu More of a person. */
export function UserMenu({ user, ask, isRow = false }: UserMenuProps): ReactNode {
  const { t } = useTranslation();
  const who = useWho();
  const act = useUserAct(ask);
  const actions = userActions(t, who, user);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        {isRow ? (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('More for {{who}}', { who: user.displayName })}
          >
            <MoreIcon />
          </ActionIcon>
        ) : (
          <Button variant="default">{t('More')}</Button>
        )}
      </Menu.Target>
      <Menu.Dropdown>
        {isRow && (
          <Menu.Item component={Link} to={`/users/${user.id}`}>
            {who.may('roles.assign') ? t('Edit Role/Permissions') : t('Open')}
          </Menu.Item>
        )}
        {actions.map((action) => (
          <Menu.Item key={action.label} onClick={() => act(action)}>
            {action.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
