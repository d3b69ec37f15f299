import { showBrand } from '../page-brand.js';
import { codeOf, type PendingCode } from '../pending.js';
import type { OwnForm } from './form-input.js';
import { countAccountPost } from './sign-in-limits.js';
import type { Exchange } from './steps.js';

/** A post after a right password; undefined: this tab waits for none, or no longer. */
export interface AfterPassword {
  pending: PendingCode | undefined;
}

/** The sign-in of this tab whose second factor is awaited. */
export const findPending = ({ core, flow, context }: Exchange & OwnForm): AfterPassword => ({
  pending: codeOf(core, flow, context.id),
});

export const countFactorPost = ({ core, req, pending }: Exchange & AfterPassword): Promise<void> =>
  countAccountPost(core, req, pending?.userId ?? '');

export const showTenantBrand = ({ core, res, pending }: Exchange & AfterPassword): Promise<void> =>
  showBrand(core, res, pending?.tenantId ?? null);
