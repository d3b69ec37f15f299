import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** When the newest file below a folder was changed, in milliseconds. */
export function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile())
      latest = Math.max(latest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return latest;
}
