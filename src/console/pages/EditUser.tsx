import {
  Alert,
  Button,
  Checkbox,
  Fieldset,
  Grid,
  Group as Row,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoles, useWho } from '../session.js';
import { patch } from '../api.js';
import { said } from '../text/server.js';
import type { Application, Group, Role, User } from '../types.js';
import { LockIcon } from '../ui/icons.js';
import { FormProblem, fieldErrors, tell } from '../ui/Problems.js';
import { ServiceCard } from './ServiceCard.js';
import { useChoices } from '../ui/use-choices.js';
import { RoleCheckbox } from './RoleCheckbox.js';
import { saveGroups, UserGroups } from './UserGroups.js';

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
  groups: user.groups.map(({ id }) => id),
  /** Of groups where it changes: whether the person administers them. */
  administers: {} as Readonly<Record<string, boolean>>,
  limitedProducts: user.limitedProducts,
  userProfileAccess: user.userProfileAccess,
});
export type UserForm = ReturnType<typeof formOf>;

const bodyParts: Readonly<
  Record<Exclude<keyof UserForm, 'groups' | 'administers'>, (form: UserForm) => object>
> = {
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
  const names = (Object.keys(bodyParts) as (keyof typeof bodyParts)[]).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  return Object.assign({}, ...names.map((name) => bodyParts[name](after))) as object;
}

export interface PartProps {
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
      {...(isLocked && { variant: 'filled', rightSection: <LockIcon size={15} /> })}
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
      {text('givenName', t('Name', { context: 'given' }))}
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
  const own = roles.filter(({ application }) => application === null);
  return (
    <Fieldset legend={t('Account Roles')}>
      <Stack gap="xs">
        {own.map(({ role, name, description }) => (
          <RoleCheckbox
            key={role}
            role={role}
            label={name}
            description={said(description)}
            user={user}
            form={form}
            set={set}
          />
        ))}
        <Text size="xs" c="dimmed">
          {t('Give the least that is needed.')}
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
        <Text size="xs" c="dimmed">
          {t('For applications that know products or user profiles: they read these limits from the token.')}
        </Text>
        <TagsInput
          label={t('Limited products')}
          description={t('Empty: all products')}
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
  const client = useQueryClient();
  const { roles } = useRoles(may('roles.read'));
  const [form, setForm] = useState(() => formOf(user));
  const groups = useChoices<Group>('/groups');
  const applications = useChoices<Application>('/applications', may('applications.manage'));
  const { mutate, isPending, error } = useMutation({
    async mutationFn() {
      const body = changesOf(formOf(user), form);
      if (Object.keys(body).length > 0) await patch(`/users/${user.id}`, body, etag);
      await saveGroups(user, form, groups);
    },
    onSuccess() {
      tell(t('Saved'));
      void client.invalidateQueries();
    },
  });
  const isChanged = JSON.stringify(formOf(user)) !== JSON.stringify(form);
  const part = {
    user,
    form,
    errors: fieldErrors(error),
    set: (values: Partial<UserForm>) => setForm({ ...form, ...values }),
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, sm: 6 }}>
            <Stack>
              <Person {...part} />
              <AccountRoles {...part} roles={roles} />
              <UserGroups {...part} groups={groups} />
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
        <Row className="save">
          <Button type="submit" loading={isPending} disabled={!isChanged}>
            {t('Save')}
          </Button>
          {isChanged && (
            <>
              <Button variant="default" onClick={() => setForm(formOf(user))}>
                {t('Discard')}
              </Button>
              <Text size="sm" c="dimmed">
                {t('Nothing is stored until you save.')}
              </Text>
            </>
          )}
        </Row>
      </Stack>
    </form>
  );
}
