import type { Request } from 'express';
import { z } from 'zod';
import { makeFormToken, readFormToken } from '../../http/csrf.js';
import type { Core } from '../../identity/core.js';
import { AppError } from '../../shared/errors.js';
import {
  contextOf,
  findFlow,
  interactionOf,
  SignInForgotten,
  type SignInContext,
  type SignInFlow,
} from '../sign-in-flow.js';
import { showSignIn } from '../page-brand.js';
import type { Exchange } from './steps.js';

/** A post of one of this browser's own forms. */
export interface OwnForm {
  flow: SignInFlow;
  context: SignInContext;
  /** One per rendered form. */
  nonce: string;
}

const text = (most: number) => z.string().max(most);

const emailForm = z.object({ email: text(320) });
const passwordForm = z.object({ email: text(320).optional(), password: z.string().min(1).max(1024) });
const codeForm = z.object({ code: text(64) });
const choiceForm = z.object({ choice: text(100), user: text(100) });

/** A form that arrays, objects and missing fields have no place in. */
function parse<T>(schema: z.ZodType<T>, body: unknown): T | undefined {
  const parsed = schema.safeParse(body ?? {});
  return parsed.success ? parsed.data : undefined;
}

export const parseEmailForm = (body: unknown) => parse(emailForm, body);
export const parsePasswordForm = (body: unknown) => parse(passwordForm, body);
export const parseCodeForm = (body: unknown) => parse(codeForm, body);
export const parseChoiceForm = (body: unknown) => parse(choiceForm, body);

/**
 * The sign-in a posted form belongs to.
 *
 * @throws AppError `csrf.invalid` when this browser was not given that form, or too long ago; {@link SignInForgotten} when an application
 *   waits for it all the same.
 */
export async function requireOwnForm(core: Core, req: Request): Promise<OwnForm> {
  const body = (req.body ?? {}) as Record<string, unknown>;
  const flow = await findFlow(core, req);
  const token = flow && readFormToken(flow.csrfKey, body['_csrf']);
  const context = token && contextOf(flow, token.subject);
  const waiting = token && interactionOf(token.subject);
  if (!context && waiting !== undefined) throw new SignInForgotten(waiting);
  if (!context) throw new AppError('csrf.invalid', 'This page has expired. Please try again.');
  if (req.res) await showSignIn(core, req.res, context);
  return { flow, context, nonce: token.nonce };
}

/** {@link requireOwnForm} as the step of a flow. */
export const readOwnForm = ({ core, req }: Exchange): Promise<OwnForm> => requireOwnForm(core, req);

/** The hidden `_csrf` of a form about to be rendered. */
export function formTokenFor(flow: SignInFlow, context: SignInContext): string {
  return makeFormToken(flow.csrfKey, context.id);
}

/** A query parameter given once. */
export function queryText(req: Request, name: string): string | undefined {
  const value = req.query[name];
  return typeof value === 'string' ? value : undefined;
}

/** A passkey's answer, as the page's script posts it; null: none. */
export function credentialOf(req: Request): unknown {
  const text = ((req.body ?? {}) as Record<string, unknown>)['credential'];
  if (typeof text !== 'string') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
