import type { BreakGlass, TenantDocument } from '../../persistence/collections/tenants.js';

type Holding = Pick<TenantDocument, 'breakGlass'>;

/** Whether a user is one of the tenant's administrators for emergencies, armed or not. */
export const isNamed = ({ breakGlass = [] }: Holding, userId: string): boolean =>
  breakGlass.some((entry) => entry.userId === userId);

const counts = ({ armedUntil }: BreakGlass, now: Date): boolean => armedUntil !== null && armedUntil > now;

/** Those who may come in past a required company sign-in now. */
export const armedAt = ({ breakGlass = [] }: Holding, now: Date): BreakGlass[] =>
  breakGlass.filter((entry) => counts(entry, now));

/** Whether this user may. */
export const isArmed = (tenant: Holding, userId: string, now: Date): boolean =>
  armedAt(tenant, now).some((entry) => entry.userId === userId);
