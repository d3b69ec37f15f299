import { sendActivation } from '../../identity/invitations/activation.js';
import type { Actor, Core } from '../../identity/core.js';
import { sendPasswordReset } from '../../identity/credentials/reset.js';
import { removeTwoFactor } from '../../identity/credentials/two-factor.js';
import { getUser, type UserDocument } from '../../identity/users/users.js';
import { AppError } from '../../shared/errors.js';
import { mailsOfUser, mailStates } from '../../identity/jobs/mail-states.js';
import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import { mailSchema, presentMail } from '../present/mail.js';
import { userSchema } from '../present/user.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { replyUser, targetUser, userTag } from './users.js';

interface Step {
  name: string;
  id: string;
  summary: string;
  permission: string;
  stepUp?: true;
  act: (core: Core, actor: Actor, user: UserDocument) => Promise<void>;
}

/** `POST /users/{id}/<name>`: help for somebody who cannot get in. Nobody sets another's password or sees a code. */
const step = ({ act, name, ...rest }: Step): Route =>
  route({
    method: 'post',
    path: `/users/{id}/${name}`,
    ...rest,
    tag: userTag,
    target: targetUser,
    output: userSchema,
    async handler({ core, actor, config, target }) {
      await act(core, actor, target);
      return replyUser(core, config, await getUser(core, target.tenantId, target._id));
    },
  });

const listMails = route({
  method: 'get',
  path: '/users/{id}/mails',
  id: 'listUserMails',
  summary: 'What became of the mails to a user in the last 90 days',
  tag: userTag,
  permission: 'users.read',
  target: targetUser,
  query: z.strictObject({
    q: searchParameter.describe('found anywhere in the address, the kind of mail, or why it failed'),
    state: z.enum(mailStates).optional(),
    sort: sortParameter(['createdAt'], '-createdAt'),
    ...pageParameters,
  }),
  output: listOf(mailSchema),
  async handler(context) {
    const { core, query, target } = context;
    const descending = query.sort.startsWith('-');
    const page = await pageAfter(
      context,
      (afterId: string | undefined, limit) =>
        mailsOfUser(core, target, query, { ...limit, descending, afterId }),
      (mail) => mail._id,
    );
    return { body: { ...page, items: page.items.map(presentMail) } };
  },
});

export const userCredentialRoutes: readonly Route[] = [
  listMails,
  step({
    name: 'resend-activation',
    id: 'resendUserActivation',
    summary: 'Mail a new activation link; the older one dies',
    permission: 'users.create',
    act: sendActivation,
  }),
  step({
    name: 'password-reset',
    id: 'resetUserPassword',
    summary: 'Mail a link to set a new password; users of a company sign-in get a mail that says so',
    permission: 'users.reset_password',
    async act(core, actor, user) {
      if (!(await sendPasswordReset(core, actor, user))) {
        throw new AppError('input.invalid', 'the user may not sign in, or has no address to mail to');
      }
    },
  }),
  step({
    name: 'reset-2fa',
    id: 'resetUserTwoFactor',
    summary: 'Take a user’s second factor away',
    permission: 'users.reset_2fa',
    stepUp: true,
    act: removeTwoFactor,
  }),
];
