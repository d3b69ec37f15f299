import { Alert, List, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { usePermissionNames, useRoles } from '../session.js';
import type { Plan, UserStatus } from '../types.js';
import { statusNames } from './Status.js';

/** One thing that a plan does, as a sentence. */
function useSentence() {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  const permissionOf = usePermissionNames();
  return ({ kind, what, users: count }: Pick<Plan['changes'][number], 'kind' | 'what' | 'users'>): string =>
    ({
      'user.added': () => t('{{count}} users are added', { count }),
      'role.gained': () => t('{{count}} gain {{role}}', { count, role: nameOf(what) }),
      'role.lost': () => t('{{count}} lose {{role}}', { count, role: nameOf(what) }),
      'permission.gained': () =>
        t('{{count}} may from then on: {{permission}}', { count, permission: permissionOf(what) }),
      'permission.lost': () =>
        t('{{count}} may no longer: {{permission}}', { count, permission: permissionOf(what) }),
      status: () =>
        t('{{count}} get the status {{status}}', {
          count,
          status: t(statusNames[what as UserStatus]),
        }),
      forwarded: () => t('{{count}} will be sent to the company’s sign-in', { count }),
      not_forwarded: () => t('{{count}} will sign in here again', { count }),
      'administrator.locked_out': () => t('{{count}} administrators would be locked out', { count }),
    })[kind]();
}

/** What a plan does, one a line; permissions follow from roles and are told only where no role moves. */
export function ImpactLines({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  const sentence = useSentence();
  const movesRoles = plan.changes.some(({ kind }) => kind.startsWith('role.'));
  const told = plan.changes.filter(({ kind }) => !movesRoles || !kind.startsWith('permission.'));
  return (
    <List size="sm">
      {told.map((change) => (
        <List.Item key={change.kind + change.what}>
          {sentence(change)}
          {change.examples.length > 0 && (
            <Text span size="sm" c="dimmed">
              {` (${change.examples.map(({ label }) => label).join(', ')}${change.users > change.examples.length ? ', …' : ''})`}
            </Text>
          )}
        </List.Item>
      ))}
      {plan.later.map(({ kind, what, users: count }) => (
        <List.Item key={`later ${kind} ${what}`}>
          {kind === 'role.gained'
            ? t('{{count}} more get {{role}} once they are active', { count, role: nameOf(what) })
            : t('{{count}} more would have got {{role}} once active', { count, role: nameOf(what) })}
        </List.Item>
      ))}
    </List>
  );
}

/** What a change would do to people, in numbers, with the first of them by name. */
export function Impact({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  return (
    <Alert
      color={plan.affected === 0 && plan.later.length === 0 ? 'gray' : 'blue'}
      role="status"
      title={t('Impact')}
    >
      <Text size="sm">
        {t('Something changes for {{affected}} of {{count}} users now.', {
          affected: plan.affected,
          count: plan.users,
        })}
      </Text>
      <ImpactLines plan={plan} />
    </Alert>
  );
}
