import { Anchor, Button, Group, List, Paper, Progress, Text, Title, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Query } from '../api.js';
import { useWho } from '../session.js';
import { useKept } from '../ui/kept.js';
import { useTotal } from '../ui/use-total.js';

interface Step {
  text: string;
  /** undefined: of the account, which is no page of the console. */
  to?: string;
  isDone: boolean | undefined;
}

const moreThan = (least: number, total: number | undefined): boolean | undefined =>
  total === undefined ? undefined : total > least;

/** People who were invited count before they come. */
const everybody = { showDisabled: true, showNonActivated: true };

/** The steps of a new tenant, each ticked by what is there. */
function useSteps(isAsked: boolean): Step[] {
  const { t } = useTranslation();
  const { me } = useWho();
  const of = (path: string, query: Query = {}) => useTotal(path, query, isAsked);
  const hasConnection = moreThan(0, of('/sso-connections'));
  const emergency = useTotal('/break-glass', {}, isAsked && hasConnection === true);
  return [
    {
      text: t('Protect your own account with a second factor'),
      isDone: me.twoFactor || me.loginType === 'sso',
    },
    { text: t('Invite people'), to: '/users', isDone: moreThan(1, of('/users', everybody)) },
    {
      text: t('Have a second administrator'),
      to: '/users?role=administrator',
      isDone: moreThan(1, of('/users', { role: 'administrator', status: 'active' })),
    },
    {
      text: t('Register your first application'),
      to: '/applications',
      isDone: moreThan(0, of('/applications')),
    },
    {
      text: t('Connect a company’s sign-in'),
      to: '/sso-connections',
      isDone: hasConnection,
    },
    ...(hasConnection === true
      ? [
          {
            text: t('Keep a way in for emergencies, when the company’s sign-in fails'),
            to: '/sso-connections#break-glass',
            isDone: moreThan(0, emergency),
          },
        ]
      : []),
    { text: t('Connect a directory'), to: '/directories', isDone: moreThan(0, of('/directories')) },
  ];
}

function StepLine({ step: { isDone, text, to } }: { step: Step }) {
  const { t } = useTranslation();
  if (isDone === true) {
    return (
      <Text span c="dimmed">
        <span aria-hidden="true">✓ </span>
        {text}
        <VisuallyHidden>{`, ${t('done')}`}</VisuallyHidden>
      </Text>
    );
  }
  if (to === undefined) return <Anchor href="/account/security">{text}</Anchor>;
  return (
    <Anchor component={Link} to={to}>
      {text}
    </Anchor>
  );
}

/** What is still to be done in a new tenant; gone when all of it is, or when the person wants no more of it. */
export function GettingStarted() {
  const { t } = useTranslation();
  const { me } = useWho();
  const [isDismissed, dismiss] = useKept(`start.${me.tenant.id}`, false);
  const steps = useSteps(!isDismissed);
  const done = steps.filter(({ isDone }) => isDone === true).length;
  const isKnown = steps.every(({ isDone }) => isDone !== undefined);
  if (isDismissed || !isKnown || done === steps.length) return null;
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="start">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4" id="start">
          {t('Getting started')}
        </Title>
        <Group gap="sm">
          <Text size="sm" c="dimmed">
            {t('{{done}} of {{all}} done', { done, all: steps.length })}
          </Text>
          <Button variant="subtle" size="compact-sm" onClick={() => dismiss(true)}>
            {t('Dismiss')}
          </Button>
        </Group>
      </Group>
      <Progress value={(done / steps.length) * 100} mb="sm" aria-label={t('Getting started')} />
      <List spacing="xs" listStyleType="none">
        {steps.map((step) => (
          <List.Item key={step.text}>
            <StepLine step={step} />
          </List.Item>
        ))}
      </List>
    </Paper>
  );
}
