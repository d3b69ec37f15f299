import { Button, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { post, Problem, remove } from '../api.js';
import { useWho } from '../session.js';
import { useAsk } from '../ui/Ask.js';
import type { Selection } from '../ui/DataTable.js';
import { tell, tellProblem } from '../ui/Problems.js';

interface BulkAct {
  label: string;
  permission: string;
  run: (id: string) => Promise<unknown>;
  done: (count: number) => string;
  isDangerous?: boolean;
}

/** One call after another; those refused are named together. */
async function runAll(
  ids: ReadonlySet<string>,
  run: BulkAct['run'],
): Promise<{ done: number; problems: string[] }> {
  const problems: string[] = [];
  let done = 0;
  for (const id of ids) {
    try {
      await run(id);
      done += 1;
    } catch (error) {
      problems.push(error instanceof Problem ? error.detail : String(error));
    }
  }
  return { done, problems };
}

/** What may be done with all selected people. */
export function UserBulk({ selection }: { selection: Selection }) {
  const { t } = useTranslation();
  const { may } = useWho();
  const client = useQueryClient();
  const [ask, dialog] = useAsk();
  const acts: BulkAct[] = [
    {
      label: t('Approve'),
      permission: 'users.approve',
      run: (id) => post(`/users/${id}/approve`),
      done: (count) => t('{{count}} approved', { count }),
    },
    {
      label: t('Enable'),
      permission: 'users.enable',
      run: (id) => post(`/users/${id}/enable`),
      done: (count) => t('{{count}} enabled', { count }),
    },
    {
      label: t('Disable'),
      permission: 'users.enable',
      run: (id) => post(`/users/${id}/disable`, {}),
      done: (count) => t('{{count}} disabled', { count }),
    },
    {
      label: t('Invalidate Sessions'),
      permission: 'sessions.invalidate',
      run: (id) => post(`/users/${id}/end-sessions`),
      done: (count) => t('Sessions of {{count}} ended', { count }),
    },
    {
      label: t('Delete'),
      permission: 'users.delete',
      isDangerous: true,
      run: (id) => remove(`/users/${id}`),
      done: (count) => t('{{count}} deleted', { count }),
    },
  ];
  async function carryOut({ run, done }: BulkAct) {
    const { done: count, problems } = await runAll(selection.ids, run);
    tell(done(count));
    if (problems.length > 0) tellProblem(new Error(problems.slice(0, 5).join('\n')));
    selection.clear();
    await client.invalidateQueries();
  }
  return (
    <>
      {acts
        .filter(({ permission }) => may(permission))
        .map((act) => (
          <Button
            key={act.label}
            size="compact-md"
            variant="default"
            onClick={() =>
              ask({
                title: t('{{act}}: {{count}} selected', { act: act.label, count: selection.ids.size }),
                text: (
                  <Text>
                    {t(
                      'This is done for each of the selected people. What is not allowed is skipped and named.',
                    )}
                  </Text>
                ),
                button: act.label,
                isDangerous: act.isDangerous === true,
                act: () => carryOut(act),
              })
            }
          >
            {act.label}
          </Button>
        ))}
      <Button size="compact-md" variant="subtle" onClick={selection.clear}>
        {t('Clear the selection')}
      </Button>
      {dialog}
    </>
  );
}
