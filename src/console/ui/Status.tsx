import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { UserStatus } from '../types.js';

/** Names of the derived status, as filters and rows show them. */
export const statusNames: Readonly<Record<UserStatus, string>> = {
  active: 'Active',
  pending_approval: 'Pending approval',
  pending_activation: 'Not activated',
  locked: 'Locked',
  expired: 'Access ended',
  disabled: 'Disabled',
  deleted: 'Deleted',
};

const colors: Readonly<Record<UserStatus, string>> = {
  active: 'green',
  pending_approval: 'yellow',
  pending_activation: 'blue',
  locked: 'orange',
  expired: 'gray',
  disabled: 'red',
  deleted: 'gray',
};

/** A word with a dot: never colour alone. */
export function Word({ text, color }: { text: string; color: string }) {
  return (
    <Badge variant="dot" color={color} tt="none" fw={500} radius="sm">
      {text}
    </Badge>
  );
}

export function Status({ status }: { status: UserStatus }) {
  const { t } = useTranslation();
  return <Word text={t(statusNames[status])} color={colors[status]} />;
}
