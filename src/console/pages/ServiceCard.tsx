import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useWho } from '../session.js';
import type { Application, User } from '../types.js';
import { useAsk } from '../ui/Ask.js';
import type { UserForm } from './EditUser.js';
import { RoleCheckbox } from './RoleCheckbox.js';

interface ServiceCardProps {
  application: Application;
  user: User;
  form: UserForm;
  set: (values: Partial<UserForm>) => void;
}

/** One application: whether the person is assigned to it, and with which roles. */
export function ServiceCard({ application, user, form, set }: ServiceCardProps) {
  const { t } = useTranslation();
  const { may } = useWho();
  const [ask, dialog] = useAsk();
  const { key, name, roles } = application;
  const own = new Set(roles.map(({ role }) => role));
  const isAssigned =
    form.services.includes(key) ||
    form.roles.some((role) => own.has(role)) ||
    user.roles.some(({ role }) => own.has(role));
  const hasReader = roles.some(({ role }) => role.toLowerCase() === `${key}:reader`);
  const canAssign = may('roles.assign');
  const headingId = `service-${key}`;
  return (
    <Paper withBorder p="md" component="section" aria-labelledby={headingId}>
      <Stack gap="xs">
        <Group justify="space-between">
          <Title order={2} size="h5" id={headingId}>
            {name}
          </Title>
          {canAssign && !isAssigned && (
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => set({ services: [...form.services, key] })}
            >
              {t('Enable service')}
            </Button>
          )}
          {canAssign && isAssigned && (
            <Button
              size="compact-sm"
              variant="default"
              onClick={() =>
                ask({
                  title: t('Remove {{who}} from {{service}}?', { who: user.displayName, service: name }),
                  text: t('All roles there go; only its public areas stay. It is done when you save.'),
                  button: t('Remove'),
                  isDangerous: true,
                  act: () => {
                    set({
                      services: form.services.filter((each) => each !== key),
                      roles: form.roles.filter((role) => !own.has(role)),
                    });
                    return Promise.resolve();
                  },
                })
              }
            >
              {t('Remove From Service')}
            </Button>
          )}
        </Group>
        {isAssigned ? (
          roles.map(({ role, name: label }) => (
            <RoleCheckbox key={role} role={role} label={label} user={user} form={form} set={set} />
          ))
        ) : (
          <Text size="sm" c="dimmed">
            {hasReader
              ? t('Not assigned: public areas alone. Enabling it gives Reader permissions and no role.')
              : t('Not enabled for this person. Enable it to give roles here.')}
          </Text>
        )}
      </Stack>
      {dialog}
    </Paper>
  );
}
