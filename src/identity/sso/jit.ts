import type { JitMode, SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { AppError } from '../../shared/errors.js';
import type { TenantConfig } from '../tenants/config.js';

export { jitModes, type JitMode } from '../../persistence/collections/sso-connections.js';

type Stored = Pick<SsoConnectionDocument, 'jit' | 'jitProvisioning'>;

/** What is said of it; `jitProvisioning` is the older form, which knows two of the three. */
interface Said {
  jit?: JitMode | undefined;
  jitProvisioning?: boolean | undefined;
}

/** Which unknown people a connection lets in, as it is set. */
export function jitOf({ jit, jitProvisioning }: Stored): JitMode {
  return jit ?? (jitProvisioning ? 'create' : 'off');
}

/**
 * Which unknown people a connection lets in. Where a directory is named that is switched on, it alone adds people.
 *
 * @param config - of the connection's tenant.
 */
export function jitNow(
  connection: Stored & Pick<SsoConnectionDocument, 'directoryId'>,
  { directories }: Pick<TenantConfig, 'directories'>,
): JitMode {
  const { directoryId } = connection;
  return directoryId && directories.get(directoryId)?.enabled ? 'off' : jitOf(connection);
}

/**
 * What is said of just-in-time provisioning, in both forms.
 *
 * @throws AppError `input.invalid` when the two say different things.
 */
export function changedJit(before: Stored, { jit, jitProvisioning }: Said): Required<Stored> {
  if (jit !== undefined && jitProvisioning !== undefined && jitProvisioning !== (jit === 'create')) {
    const detail = 'does not fit jitProvisioning: give one of the two';
    throw new AppError('input.invalid', `jit ${detail}`, { errors: [{ pointer: '/jit', detail }] });
  }
  // `false` is what `invited` reads as in the older form, so it changes nothing there.
  const isKept = jitProvisioning === undefined || jitProvisioning === (jitOf(before) === 'create');
  const older = isKept ? jitOf(before) : jitProvisioning ? 'create' : 'off';
  const next = jit ?? older;
  return { jit: next, jitProvisioning: next === 'create' };
}

/** @throws AppError `input.invalid` for a directory that the tenant does not have. */
export function requireDirectory(
  { directories }: Pick<TenantConfig, 'directories'>,
  directoryId: string | null | undefined,
): void {
  if (!directoryId || directories.has(directoryId)) return;
  const detail = 'there is no such directory';
  throw new AppError('input.invalid', detail, { errors: [{ pointer: '/directoryId', detail }] });
}
