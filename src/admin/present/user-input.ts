import { parseEmail } from '../../identity/email-domain.js';
import { z } from '../schema.js';
import { line, roleNames } from './fields.js';

const emailInput = z
  .string()
  .trim()
  .max(254)
  .refine((text) => parseEmail(text) !== undefined, 'Enter a valid email');

const nameInput = line(200).nullable();

/** The facts about a person; what is absent stays, null takes away. */
export const profileInput = {
  givenName: nameInput.optional(),
  familyName: nameInput.optional(),
  displayName: nameInput.optional(),
  phone: line(50).nullable().optional(),
};

const administration = {
  ...profileInput,
  userName: line(254).optional().describe('the address when absent'),
  roles: roleNames.optional().describe('roles given by hand, all of them; those from rules and SSO stay'),
  enabled: z.boolean().optional(),
  approved: z.boolean().optional(),
  loginType: z.enum(['local', 'sso']).optional().describe('by the address’s domain when absent'),
  accessExpiresAt: z.iso.datetime({ offset: true }).nullable().optional().describe('null: without an end'),
};

export const createUserInput = z.strictObject({ email: emailInput, ...administration }).openapi('CreateUser');

export const changeUserInput = z
  .strictObject({ email: emailInput.optional(), ...administration })
  .openapi('ChangeUser');

export type ChangeUserInput = z.output<typeof changeUserInput>;
