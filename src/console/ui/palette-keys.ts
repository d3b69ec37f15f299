import { useEffect, useState } from 'react';

type Opened = 'palette' | 'shortcuts' | undefined;

export interface PaletteState {
  opened: Opened;
  /** It was opened before: it stays on the page, so that the focus goes back when it is closed. */
  wasOpened: boolean;
  open: () => void;
  close: () => void;
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Ctrl+K (or ⌘K) opens the palette, `/` goes to the page's search, `?` lists the keys. */
export function usePaletteKeys(): PaletteState {
  const [opened, setOpened] = useState<Opened>();
  const [wasOpened, setWasOpened] = useState(false);
  if (opened !== undefined && !wasOpened) setWasOpened(true);
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setOpened('palette');
      } else if (!isTyping(event.target) && event.key === '?') {
        setOpened('shortcuts');
      } else if (!isTyping(event.target) && event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-search]');
        if (search) event.preventDefault();
        search?.focus();
      }
    }
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return { opened, wasOpened, open: () => setOpened('palette'), close: () => setOpened(undefined) };
}
