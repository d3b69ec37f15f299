import { Alert, Button, Group, List, Stack, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api.js';
import { asSentence, said } from '../text/server.js';

const textOf = (error: unknown): string =>
  asSentence(error instanceof Problem ? error.detail : String(error));

/** Says briefly what was done. */
export function tell(message: string): void {
  notifications.show({ message, autoClose: 8000 });
}

/** Says briefly what went wrong with an act that has no form to show it in. */
export function tellProblem(error: unknown): void {
  notifications.show({ message: textOf(error), color: 'red', autoClose: false, role: 'alert' });
}

function Refusal({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack p="xl" maw={640}>
      <Title order={1} size="h2">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

export function NotAllowed({ permission }: { permission: string }) {
  const { t } = useTranslation();
  return (
    <Refusal title={t('Not allowed')}>
      <Text>
        {t('You lack the permission {{permission}}. Ask an administrator for a role that has it.', {
          permission,
        })}
      </Text>
    </Refusal>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Refusal title={t('Not found')}>
      <Text>{t('There is nothing at this address. It may have been deleted.')}</Text>
    </Refusal>
  );
}

/** A page that could not be loaded: what is missing, or the reference to ask about and a way to try again. */
export function ProblemView({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  if (error instanceof Problem && error.status === 404) return <NotFound />;
  if (error instanceof Problem && error.status === 403) {
    const permission = /permission ([a-z_.0-9]+)/.exec(error.detail)?.[1];
    return permission === undefined ? (
      <Refusal title={t('Not allowed')}>
        <Text>{textOf(error)}</Text>
      </Refusal>
    ) : (
      <NotAllowed permission={permission} />
    );
  }
  const requestId = error instanceof Problem ? error.requestId : null;
  return (
    <Refusal title={t('Something went wrong')}>
      <Alert color="red" role="alert">
        <Text>{textOf(error)}</Text>
        {requestId !== null && <Text size="sm">{t('Request id: {{id}}', { id: requestId })}</Text>}
      </Alert>
      <Group>
        <Button onClick={() => void client.refetchQueries({ type: 'active' })}>{t('Try again')}</Button>
      </Group>
    </Refusal>
  );
}

/** The errors of a form, by the name of the field they speak of. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof Problem)) return {};
  return Object.fromEntries(
    error.errors.map(({ pointer, detail }) => [pointer.split('/')[1] ?? '', asSentence(detail)]),
  );
}

/** The same, and which of them a form has read to show them at the field. */
export function watchedErrors(error: unknown): { errors: Record<string, string>; shown: Set<string> } {
  const shown = new Set<string>();
  const errors = new Proxy(fieldErrors(error), {
    get(target, name: string) {
      if (target[name] !== undefined) shown.add(name);
      return target[name];
    },
  });
  return { errors, shown };
}

/** Fields as their labels call them. */
function useFieldNames(): Readonly<Record<string, string>> {
  const { t } = useTranslation();
  return {
    accessExpiresAt: t('Access until'),
    clientId: t('Client ID'),
    clientSecret: t('Client secret'),
    description: t('Description'),
    domains: t('Domains'),
    email: t('Email'),
    emails: t('Email'),
    familyName: t('Surname'),
    givenName: t('Name', { context: 'given' }),
    issuer: t('Issuer'),
    key: t('Key'),
    message: t('Message'),
    name: t('Name'),
    phone: t('Phone'),
    redirectUris: t('Redirect addresses'),
    roles: t('Roles'),
    url: t('Address'),
    value: t('Value'),
  };
}

/** `/redirectUris/0` as people say it: `Redirect addresses 1`. */
function placeInWords(pointer: string, names: Readonly<Record<string, string>>): string {
  const parts = pointer.replace(/^[/?]/, '').split('/');
  const words = parts.map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : (names[part] ?? part)));
  return words
    .join(' ')
    .replace(/([a-z])([A-Z])/g, (_, left: string, right: string) => `${left} ${right.toLowerCase()}`);
}

interface FormProblemProps {
  error: unknown;
  /** Fields that show their error themselves. */
  shown?: ReadonlySet<string>;
}

/** What a form's answer says beside its fields. */
export function FormProblem({ error, shown = new Set() }: FormProblemProps) {
  const { t } = useTranslation();
  const names = useFieldNames();
  if (error === null || error === undefined) return null;
  const isStale = error instanceof Problem && error.status === 412;
  const faults = error instanceof Problem ? error.errors : [];
  const errors = faults.filter(({ pointer }) => !shown.has(pointer.split('/')[1] ?? ''));
  const isOnlyFaults = error instanceof Problem && error.code === 'input.invalid' && faults.length > 0;
  const text = !isOnlyFaults
    ? textOf(error)
    : errors.length > 0
      ? t('Nothing is saved yet. Please correct:')
      : t('Nothing is saved yet. Please correct the marked fields.');
  return (
    <Alert color="red" role="alert" title={isStale ? t('This was changed meanwhile') : undefined}>
      <Text size="sm">
        {isStale
          ? t('Another person saved it after you opened it. Load it again, then make your change.')
          : text}
      </Text>
      {errors.length > 0 && (
        <List size="sm">
          {errors.map(({ pointer, detail }) => (
            <List.Item key={pointer + detail}>
              {pointer === '' ? asSentence(detail) : `${placeInWords(pointer, names)}: ${said(detail)}`}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}
