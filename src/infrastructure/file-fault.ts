/** What the operating system's codes mean for a file or folder, in words. */
const meanings: Readonly<Record<string, string>> = {
  EACCES: 'may not be read by this user',
  EEXIST: 'is there already, and is no folder',
  EISDIR: 'is a folder, not a file',
  ENOENT: 'is not there',
  ENOSPC: 'is on a full disk',
  ENOTDIR: 'is not a folder',
  EPERM: 'may not be used by this user',
  EROFS: 'is read-only',
};

/** Why a file cannot be used, for the person who named it: no codes, no stack. */
export function fileFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof SyntaxError) return `is not JSON: ${message}`;
  return meanings[code] ?? message;
}
