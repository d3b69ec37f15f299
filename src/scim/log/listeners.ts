import type { ScimRequestDocument } from '../../persistence/collections/scim-requests.js';
import type { NewDocument } from '../../persistence/store.js';

export type LoggedRequest = NewDocument<ScimRequestDocument>;
export type LogListener = (entry: LoggedRequest) => void;

/** Who follows the log, by directory. */
export function openListeners(): {
  add: (directoryId: string, listener: LogListener) => () => void;
  tell: (documents: readonly LoggedRequest[]) => void;
} {
  const listeners = new Map<string, Set<LogListener>>();
  return {
    add(directoryId, listener) {
      const set = listeners.get(directoryId) ?? new Set();
      listeners.set(directoryId, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0) listeners.delete(directoryId);
      };
    },
    tell(documents) {
      for (const document of documents) {
        for (const listener of listeners.get(document.directoryId) ?? []) listener(document);
      }
    },
  };
}
