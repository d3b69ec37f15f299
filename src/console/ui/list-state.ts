import { useLocation, useNavigate, useSearchParams } from 'react-router';

export interface ListState {
  /** A parameter of the address; empty when it is not there. */
  get(name: string): string;
  /** Sets parameters, empty ones go; the list begins at its first page again. */
  set(values: Readonly<Record<string, string>>): void;
  clear(): void;
  goNext(cursor: string): void;
  goBack: (() => void) | undefined;
}

interface Trail {
  cursors?: string[];
}

/** A list's question is the page's address, so that a reload, a bookmark and the back button keep it. */
export function useListState(): ListState {
  const [params] = useSearchParams();
  const location = useLocation();
  const navigate = useNavigate();
  const cursors = (location.state as Trail | null)?.cursors ?? [];

  const go = (next: URLSearchParams, state: Trail, replace = false) =>
    void navigate({ search: next.toString() }, { state, replace, preventScrollReset: true });

  function withCursor(cursor: string | undefined): URLSearchParams {
    const next = new URLSearchParams(params);
    if (cursor === undefined || cursor === '') next.delete('cursor');
    else next.set('cursor', cursor);
    return next;
  }

  return {
    get: (name) => params.get(name) ?? '',
    set(values) {
      const next = withCursor(undefined);
      for (const [name, value] of Object.entries(values)) {
        if (value === '') next.delete(name);
        else next.set(name, value);
      }
      go(next, {}, true);
    },
    clear: () => go(new URLSearchParams(), {}),
    goNext: (cursor) => go(withCursor(cursor), { cursors: [...cursors, params.get('cursor') ?? ''] }),
    goBack:
      params.get('cursor') === null
        ? undefined
        : () => go(withCursor(cursors.at(-1)), { cursors: cursors.slice(0, -1) }),
  };
}
