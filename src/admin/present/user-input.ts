import { parseEmail } from '../../identity/email.js';
import { inputLimits } from '../../identity/users/input-limits.js';
import { z } from '../schema.js';
import { line, roleNames } from './fields.js';

const emailInput = z
  .string()
  .trim()
  .max(inputLimits.email)
  .refine((text) => parseEmail(text) !== undefined, 'Enter a valid email');

const nameInput = line(inputLimits.name).nullable();

/** A picture: an address, or a small image in the address itself. */
const pictureInput = z
  .string()
  .max(inputLimits.binary)
  .regex(/^(?:https:\/\/[^\s"<>]+|data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2})$/, {
    error: 'must begin with https://, or be an image as data:image/png;base64,...',
  });

/** What people say of themselves beside the facts that administrators may say too. */
export const ownProfileInput = z.string().trim().max(2000).nullable().optional();

/** The language of mails to a person. */
export const languageInput = z
  .enum(['en', 'de'])
  .describe('of mails; without one the tenant’s `mails.language`');

/** The facts about a person; what is absent stays, null takes away. */
export const profileInput = {
  givenName: nameInput.optional(),
  familyName: nameInput.optional(),
  displayName: nameInput.optional(),
  phone: line(inputLimits.phone).nullable().optional(),
  picture: pictureInput.nullable().optional(),
  language: languageInput.nullable().optional(),
};

/** What the user may reach in applications beside the roles. */
const accessInput = {
  limitedProducts: z
    .array(line(200))
    .max(100)
    .optional()
    .describe('the products the user is limited to; none: all'),
  userProfileAccess: z.boolean().optional().describe('may see personal profiles in the applications'),
  services: z
    .array(line(64))
    .max(100)
    .optional()
    .describe('keys of all applications the user is assigned to; one left out loses its manual roles too'),
};

const administration = {
  ...profileInput,
  ...accessInput,
  userName: line(inputLimits.userName).optional().describe('the address when absent'),
  roles: roleNames
    .optional()
    .describe(
      'roles given by hand, all of them; those from rules and SSO stay. Give the least that is needed',
    ),
  enabled: z.boolean().optional(),
  approved: z.boolean().optional(),
  loginType: z.enum(['local', 'sso']).optional().describe('by the address’s domain when absent'),
  attributes: z
    .record(z.string().min(1).max(64), z.unknown())
    .optional()
    .describe('values of the tenant’s own attributes, by name; one left out stays, null takes it away'),
  accessExpiresAt: z.iso.datetime({ offset: true }).nullable().optional().describe('null: without an end'),
};

export const createUserInput = z.strictObject({ email: emailInput, ...administration }).openapi('CreateUser');

export const changeUserInput = z
  .strictObject({ email: emailInput.optional(), ...administration })
  .openapi('ChangeUser');

export type ChangeUserInput = z.output<typeof changeUserInput>;
