import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { read, serverNow, type Listed } from '../api.js';
import type { Session } from '../types.js';

/** How long before its end a session is spoken of (WCAG 2.2.1), in milliseconds. */
const warning = 120_000;
/** How often it is looked at again then: another tab may have used it. */
const lookAgain = 10_000;

const minutes = (left: number): string => {
  const seconds = Math.max(0, Math.ceil(left / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

/** Looks when the session ends, without using it; a session that is over leads to the sign-in. */
function useSessionEnd() {
  // A new object with each look, so that the time left is told again where the end is still the same.
  const [{ end }, setSeen] = useState<{ end?: number | undefined }>({});
  const timer = useRef<number>(undefined);
  const look = useCallback(async () => {
    window.clearTimeout(timer.current);
    const found = await read<Listed<Session>>('/me/sessions', undefined, true).catch(() => undefined);
    const current = found?.items.find((session) => session.current);
    const next = current && Date.parse(current.expiresAt);
    setSeen({ end: next });
    const left = next === undefined ? 0 : next - serverNow() - warning;
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => void look(), Math.min(Math.max(left, lookAgain), 3600_000));
  }, []);
  useEffect(() => {
    void look();
    const onReturn = () => {
      if (document.visibilityState === 'visible') void look();
    };
    document.addEventListener('visibilitychange', onReturn);
    return () => {
      window.clearTimeout(timer.current);
      document.removeEventListener('visibilitychange', onReturn);
    };
  }, [look]);
  return { end, look };
}

/** The time now, each second while it is asked for. */
function useNow(isAsked: boolean): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (!isAsked) return undefined;
    const every = window.setInterval(() => setNow(serverNow()), 1000);
    return () => window.clearInterval(every);
  }, [isAsked]);
  return isAsked ? now : serverNow();
}

/** Warns before a session ends without use, and makes it longer where the person wants. */
export function IdleWarning() {
  const { t } = useTranslation();
  const { end, look } = useSessionEnd();
  const now = useNow(end !== undefined && end - serverNow() < warning + lookAgain);
  const left = end === undefined ? warning : end - now;
  async function stay() {
    await read('/me').catch(() => undefined);
    await look();
  }
  return (
    <Modal
      opened={left > 0 && left < warning}
      onClose={() => void stay()}
      title={t('Are you still there?')}
      closeOnClickOutside={false}
      zIndex={500}
    >
      <Stack>
        <Text>{t('Your session ends for want of use, and what is not saved is lost.')}</Text>
        <Text role="timer" fw={650} fz="xl" className="numbers">
          {minutes(left)}
        </Text>
        <Group justify="flex-end">
          <Button component="a" href="/signout" variant="default">
            {t('Sign out')}
          </Button>
          <Button onClick={() => void stay()} data-autofocus>
            {t('Stay signed in')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
