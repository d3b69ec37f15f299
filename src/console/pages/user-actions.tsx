import { Text } from '@mantine/core';
import type { TFunction } from 'i18next';
import { post, remove } from '../api.js';
import type { Who } from '../session.js';
import type { User } from '../types.js';
import type { Question } from '../ui/Ask.js';

/** One act on one person, as the menu of a row and the person's page offer it. */
export interface UserAction {
  label: string;
  permission: string;
  isOffered: boolean;
  /** What is asked first; absent: it is done at once. */
  question?: Omit<Question, 'act'>;
  run: () => Promise<unknown>;
  done: string;
}

const nameOf = (user: User): string => user.email ?? user.userName;

function yes(t: TFunction, title: string, text: string): Omit<Question, 'act'> {
  return { title, text: <Text>{text}</Text>, button: t('Yes') };
}

function accessActions(t: TFunction, user: User, isSelf: boolean): UserAction[] {
  const who = nameOf(user);
  const path = `/users/${user.id}`;
  return [
    {
      label: t('Approve'),
      permission: 'users.approve',
      isOffered: !user.approved,
      run: () => post(`${path}/approve`),
      done: t('{{who}} is approved', { who }),
    },
    {
      label: t('Disable Account'),
      permission: 'users.enable',
      isOffered: user.enabled && !isSelf,
      question: yes(
        t,
        t('Disable {{who}}?', { who }),
        t('They cannot sign in any more, and their sessions end.'),
      ),
      run: () => post(`${path}/disable`, {}),
      done: t('{{who}} is disabled', { who }),
    },
    {
      label: t('Enable Account'),
      permission: 'users.enable',
      isOffered: !user.enabled,
      question: yes(t, t('Enable {{who}}?', { who }), t('They can sign in again.')),
      run: () => post(`${path}/enable`),
      done: t('{{who}} is enabled', { who }),
    },
    {
      label: t('Unlock'),
      permission: 'users.enable',
      isOffered: user.status === 'locked',
      run: () => post(`${path}/unlock`),
      done: t('{{who}} is unlocked', { who }),
    },
    {
      label: t('Delete'),
      permission: 'users.delete',
      isOffered: !isSelf,
      question: {
        title: t('Delete {{who}}?', { who }),
        text: (
          <Text>
            {t(
              'The account, its sessions and its roles are deleted for good. A person who comes back is a new user.',
            )}
          </Text>
        ),
        button: t('Delete'),
        isDangerous: true,
      },
      run: () => remove(path),
      done: t('{{who}} is deleted', { who }),
    },
  ];
}

function credentialActions(t: TFunction, user: User, isSelf: boolean): UserAction[] {
  const who = nameOf(user);
  const path = `/users/${user.id}`;
  return [
    {
      label: t('Resend Activation Link'),
      permission: 'users.create',
      isOffered: user.status === 'pending_activation' && user.loginType === 'local',
      run: () => post(`${path}/resend-activation`),
      done: t('A new link is on its way to {{who}}', { who }),
    },
    {
      label: t('Send Password Reset Email'),
      permission: 'users.reset_password',
      isOffered: user.loginType === 'local' && user.status !== 'pending_activation',
      run: () => post(`${path}/password-reset`),
      done: t('The mail is on its way to {{who}}', { who }),
    },
    {
      label: t('Invalidate Sessions'),
      permission: 'sessions.invalidate',
      isOffered: true,
      question: yes(
        t,
        t('End all sessions of {{who}}?', { who }),
        t('They have to sign in again everywhere.'),
      ),
      run: () => post(`${path}/end-sessions`),
      done: t('The sessions of {{who}} have ended', { who }),
    },
    {
      label: t('Reset 2FA'),
      permission: 'users.reset_2fa',
      isOffered: user.twoFactor && !isSelf,
      question: {
        title: t('Reset the second factor of {{who}}?', { who }),
        text: <Text>{t('Until they set up a new one, the password alone opens this account.')}</Text>,
        button: t('Reset'),
        isDangerous: true,
      },
      run: () => post(`${path}/reset-2fa`),
      done: t('The second factor of {{who}} is off', { who }),
    },
  ];
}

/** What may be done with a person by the one who looks. */
export function userActions(t: TFunction, who: Who, user: User): UserAction[] {
  const isSelf = who.me.id === user.id;
  const [approve, ...access] = accessActions(t, user, isSelf);
  const all = [...(approve ? [approve] : []), ...credentialActions(t, user, isSelf), ...access];
  return all.filter(({ permission, isOffered }) => isOffered && who.may(permission));
}
