import { Alert, List, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useRoles } from '../session.js';
import type { Plan } from '../types.js';

/** What a change would do to people, in numbers, with the first of them by name. */
export function Impact({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  // As the summary does: permissions follow from roles.
  const movesRoles = plan.changes.some(({ kind }) => kind.startsWith('role.'));
  const told = plan.changes.filter(({ kind }) => !movesRoles || !kind.startsWith('permission.'));
  const sentence = ({ kind, what, users }: Plan['changes'][number], index: number) => {
    if (kind === 'role.gained') return t('{{count}} gain {{role}}', { count: users, role: nameOf(what) });
    if (kind === 'role.lost') return t('{{count}} lose {{role}}', { count: users, role: nameOf(what) });
    return plan.summary[index] ?? `${kind}: ${what}`;
  };
  return (
    <Alert color={plan.affected === 0 ? 'gray' : 'blue'} role="status" title={t('Impact')}>
      <Text size="sm">
        {t('Something changes for {{affected}} of {{count}} users.', {
          affected: plan.affected,
          count: plan.users,
        })}
      </Text>
      <Text size="sm" c="dimmed">
        {t('Roles of people who are not active are not counted: they work once they are.')}
      </Text>
      <List size="sm">
        {told.map((change, index) => (
          <List.Item key={change.kind + change.what}>
            {sentence(change, index)}
            {change.examples.length > 0 && (
              <Text span size="sm" c="dimmed">
                {` (${change.examples.map(({ label }) => label).join(', ')}${change.users > change.examples.length ? ', …' : ''})`}
              </Text>
            )}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
