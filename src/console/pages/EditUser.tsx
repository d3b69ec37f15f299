import {
  Alert,
  Button,
  Checkbox,
  Fieldset,
  Grid,
  Group,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoles, useWho } from '../session.js';
import type { Application, Role, User } from '../types.js';
import { FormProblem, fieldErrors } from '../ui/Problems.js';
import { ServiceCard } from './ServiceCard.js';
import { useChoices } from '../ui/use-choices.js';
import { useSave } from '../ui/use-save.js';

const manualRoles = (user: User): string[] =>
  user.roles
    .filter(({ sources }) => sources.some(({ type }) => type === 'manual' || type === 'invite'))
    .map(({ role }) => role);

/** An instant as `datetime-local` wants it: in the reader's zone, to the minute. */
function localTime(iso: string | null): string {
  if (iso === null) return '';
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const formOf = (user: User) => ({
  enabled: user.enabled,
  approved: user.approved,
  givenName: user.givenName ?? '',
  familyName: user.familyName ?? '',
  email: user.email ?? '',
  phone: user.phone ?? '',
  until: localTime(user.accessExpiresAt),
  roles: manualRoles(user),
  services: user.services,
  limitedProducts: user.limitedProducts,
  userProfileAccess: user.userProfileAccess,
});
export type UserForm = ReturnType<typeof formOf>;

const bodyParts: Readonly<Record<keyof UserForm, (form: UserForm) => object>> = {
  enabled: ({ enabled }) => ({ enabled }),
  approved: ({ approved }) => ({ approved }),
  givenName: ({ givenName }) => ({ givenName: givenName.trim() || null }),
  familyName: ({ familyName }) => ({ familyName: familyName.trim() || null }),
  email: ({ email }) => ({ email: email.trim() }),
  phone: ({ phone }) => ({ phone: phone.trim() || null }),
  until: ({ until }) => ({ accessExpiresAt: until === '' ? null : new Date(until).toISOString() }),
  roles: ({ roles }) => ({ roles }),
  services: ({ services }) => ({ services }),
  limitedProducts: ({ limitedProducts }) => ({ limitedProducts }),
  userProfileAccess: ({ userProfileAccess }) => ({ userProfileAccess }),
};

/** Only what was changed is sent, so that nothing the form merely shows is written. */
function changesOf(before: UserForm, after: UserForm): object {
  const names = (Object.keys(bodyParts) as (keyof UserForm)[]).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  return Object.assign({}, ...names.map((name) => bodyParts[name](after))) as object;
}

interface PartProps {
  user: User;
  form: UserForm;
  set: (values: Partial<UserForm>) => void;
  errors: Record<string, string>;
}

function Person({ user, form, set, errors }: PartProps) {
  const { t } = useTranslation();
  const { may, me } = useWho();
  const isSelf = me.id === user.id;
  const isLocked = user.directory !== null || !may('users.update');
  const text = (name: 'givenName' | 'familyName' | 'email' | 'phone', label: string) => (
    <TextInput
      label={label}
      type={{ email: 'email', phone: 'tel', givenName: 'text', familyName: 'text' }[name]}
      value={form[name]}
      readOnly={isLocked}
      error={errors[name]}
      onChange={({ currentTarget }) => set({ [name]: currentTarget.value })}
    />
  );
  return (
    <Stack>
      {user.directory !== null && (
        <Alert color="blue">
          {t('{{directory}} manages this person: name and address are changed there.', {
            directory: user.directory.name,
          })}
        </Alert>
      )}
      <Switch
        label={t('Enabled')}
        checked={form.enabled}
        disabled={isSelf || !may('users.enable')}
        onChange={({ currentTarget }) => set({ enabled: currentTarget.checked })}
      />
      <Switch
        label={t('Approved')}
        checked={form.approved}
        disabled={isSelf || !may('users.approve')}
        onChange={({ currentTarget }) => set({ approved: currentTarget.checked })}
      />
      {text('givenName', t('Name'))}
      {text('familyName', t('Surname'))}
      {text('email', t('Email'))}
      {form.email !== (user.email ?? '') && (
        <Alert color="yellow" role="status">
          {t('The person has to log in again with the new address: all sessions end.')}
        </Alert>
      )}
      {text('phone', t('Phone'))}
      <TextInput
        label={t('Access period: until')}
        description={t('Empty: no end')}
        type="datetime-local"
        value={form.until}
        error={errors.accessExpiresAt}
        disabled={isSelf || !may('users.update')}
        onChange={({ currentTarget }) => set({ until: currentTarget.value })}
      />
    </Stack>
  );
}

function AccountRoles({ user, form, set, roles }: PartProps & { roles: readonly Role[] }) {
  const { t } = useTranslation();
  const { may, me } = useWho();
  const own = roles.filter(({ application }) => application === null);
  return (
    <Fieldset legend={t('Account Roles')}>
      <Stack gap="xs">
        {own.map(({ role, name, description }) => (
          <Checkbox
            key={role}
            label={name}
            description={description}
            checked={form.roles.includes(role)}
            disabled={!may('roles.assign') || (me.id === user.id && form.roles.includes(role))}
            onChange={({ currentTarget }) =>
              set({
                roles: currentTarget.checked
                  ? [...form.roles, role]
                  : form.roles.filter((each) => each !== role),
              })
            }
          />
        ))}
        <Text size="sm" c="dimmed">
          {t(
            'Give the least that is needed. Roles that a directory or a group gives are not shown here: see Current roles.',
          )}
        </Text>
      </Stack>
    </Fieldset>
  );
}

function Limits({ form, set }: PartProps) {
  const { t } = useTranslation();
  return (
    <Fieldset legend={t('Limits')}>
      <Stack gap="sm">
        <TagsInput
          label={t('Limited products')}
          description={t('Empty: all')}
          value={form.limitedProducts}
          onChange={(limitedProducts) => set({ limitedProducts })}
        />
        <Checkbox
          label={t('Access to user profiles')}
          checked={form.userProfileAccess}
          onChange={({ currentTarget }) => set({ userProfileAccess: currentTarget.checked })}
        />
      </Stack>
    </Fieldset>
  );
}

/** One form, one Save: the person on the left, services on the right. */
export function EditUser({ user, etag }: { user: User; etag: string | undefined }) {
  const { t } = useTranslation();
  const { may } = useWho();
  const { roles } = useRoles(may('roles.read'));
  const [form, setForm] = useState(() => formOf(user));
  const { mutate, isPending, error } = useSave(`/users/${user.id}`, etag);
  const applications = useChoices<Application>('/applications', may('applications.manage'));
  const isChanged = Object.keys(changesOf(formOf(user), form)).length > 0;
  const part = {
    user,
    form,
    errors: fieldErrors(error),
    set: (values: Partial<UserForm>) => setForm({ ...form, ...values }),
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate(changesOf(formOf(user), form));
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Grid>
          <Grid.Col span={{ base: 12, sm: 6 }}>
            <Stack>
              <Person {...part} />
              <AccountRoles {...part} roles={roles} />
              {may('users.update') && <Limits {...part} />}
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, sm: 6 }}>
            <Stack>
              {applications.map((application) => (
                <ServiceCard
                  key={application.id}
                  application={application}
                  form={form}
                  set={part.set}
                  user={user}
                />
              ))}
            </Stack>
          </Grid.Col>
        </Grid>
        <FormProblem error={error} />
        <Group>
          <Button type="submit" loading={isPending} disabled={!isChanged}>
            {t('Save')}
          </Button>
          {isChanged && (
            <Button variant="default" onClick={() => setForm(formOf(user))}>
              {t('Discard')}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
