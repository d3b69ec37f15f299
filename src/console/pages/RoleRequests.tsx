import { Button, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { post } from '../api.js';
import { useRoles, useWho } from '../session.js';
import { time } from '../text/format.js';
import type { RoleRequest } from '../types.js';
import { useAct } from '../ui/act.js';
import { useAsk, type Question } from '../ui/Ask.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { Page } from '../ui/Page.js';
import { Word } from '../ui/Status.js';

const colors = {
  pending: 'blue',
  approved: 'green',
  denied: 'red',
  cancelled: 'gray',
  expired: 'gray',
} as const;

function useStatusNames(): Record<RoleRequest['status'], string> {
  const { t } = useTranslation();
  return {
    pending: t('Waiting'),
    approved: t('Approved'),
    denied: t('Declined'),
    cancelled: t('Taken back'),
    expired: t('Expired'),
  };
}

/** For how long the role is asked for, or until when it was given. */
function useSpan(): (request: RoleRequest) => string {
  const { t } = useTranslation();
  return ({ decision, until, seconds }) => {
    const end = decision?.until ?? until;
    if (end !== null) return t('until {{end}}', { end: time(end) });
    return t('for {{hours}} h', { hours: Math.round(((seconds ?? 0) / 3600) * 10) / 10 });
  };
}

function Decide({ request, ask }: { request: RoleRequest; ask: (question: Question) => void }) {
  const { t } = useTranslation();
  const act = useAct();
  const { me } = useWho();
  const { nameOf } = useRoles();
  const span = useSpan();
  const isOwn = request.user.id === me.id || request.requester.id === me.id;
  if (request.status !== 'pending' || isOwn) return null;
  const what = { role: nameOf(request.role), who: request.user.label };
  return (
    <Group gap="xs" wrap="nowrap">
      <Button
        size="compact-sm"
        onClick={() =>
          ask({
            title: t('Give {{role}} to {{who}}?', what),
            text: t('The role ends by itself: {{span}}.', { span: span(request) }),
            button: t('Approve'),
            act: () => {
              act(() => post(`/role-requests/${request.id}/approve`, {}), t('{{who}} has {{role}}', what));
              return Promise.resolve();
            },
          })
        }
      >
        {t('Approve')}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() =>
          act(
            () => post(`/role-requests/${request.id}/deny`, {}),
            t('The request of {{who}} is declined', what),
          )
        }
      >
        {t('Decline')}
      </Button>
    </Group>
  );
}

export default function RoleRequests() {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  const [ask, dialog] = useAsk();
  const names = useStatusNames();
  const span = useSpan();
  const columns: Column<RoleRequest>[] = [
    {
      key: 'status',
      header: t('Status'),
      cell: ({ status }) => <Word text={names[status]} color={colors[status]} />,
    },
    { key: 'user', header: t('Person'), cell: ({ user }) => user.label },
    { key: 'role', header: t('Role'), cell: ({ role }) => nameOf(role) },
    { key: 'span', header: t('How long'), cell: span },
    { key: 'reason', header: t('Reason'), cell: ({ reason }) => <Text size="sm">{reason}</Text> },
    { key: 'requester', header: t('Asked by'), cell: ({ requester }) => requester.label },
    { key: 'created', header: t('Created'), cell: ({ createdAt }) => time(createdAt) },
    { key: 'decided', header: t('Decided by'), cell: ({ decision }) => decision?.by.label ?? '–' },
    { key: 'actions', header: t('Actions'), cell: (request) => <Decide request={request} ask={ask} /> },
  ];
  return (
    <Page
      title={t('Role requests')}
      lead={t('Roles that people ask for, for a time. Another person decides.')}
    >
      <DataTable<RoleRequest>
        name="role-requests"
        path="/role-requests"
        caption={t('Role requests')}
        columns={columns}
        filters={[
          {
            name: 'status',
            label: t('Status'),
            options: Object.entries(names).map(([value, label]) => ({ value, label })),
          },
        ]}
        empty={<Empty text={t('No one has asked for a role.')} />}
      />
      {dialog}
    </Page>
  );
}
