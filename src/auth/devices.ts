import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readCookie, writeCookie } from '../http/cookies.js';
import type { Core } from '../identity/core.js';
import { isSameSecret } from '../shared/same-secret.js';

const cookieName = 'gh_device';
/** The longest that browsers keep a cookie. */
const lifeSeconds = 400 * 86_400;
/** Accounts one browser is known for; the one that signed in longest ago is forgotten. */
const maxAccounts = 8;

/** What says that this browser signed in to an account: signed together with it, and good for no other. */
interface Mark {
  /** Stands for the account; keyed, so that the cookie names nobody. */
  account: string;
  id: string;
  issuedAt: number;
}

/** A browser and the accounts it has signed in to. */
export interface KnownDevice {
  /** What stands for this browser at this account; null: it never signed in to it. */
  at(userId: string): string | null;
  /** What stands for this browser at any of its accounts; null: it never signed in to one. */
  readonly anywhere: string | null;
}

/** A browser, or program, that signed in to nothing. */
export const unknownDevice: KnownDevice = { at: () => null, anywhere: null };

const accountTag = (core: Core, userId: string): string =>
  core.secretBox.sign('device-account', userId).slice(0, 16);

const textOf = ({ account, id, issuedAt }: Mark): string => `${account}.${id}.${issuedAt.toString(36)}`;

const isSigned = (core: Core, text: string, mac: string): boolean =>
  isSameSecret(core.secretBox.sign('device', text), mac);

function readMark(core: Core, text: string): Mark[] {
  const [account = '', id = '', issued = '', mac = '', ...rest] = text.split('.');
  const mark = { account, id, issuedAt: Number.parseInt(issued, 36) };
  const oldest = core.clock.now().getTime() / 1000 - lifeSeconds;
  const isGood = rest.length === 0 && mark.issuedAt >= oldest && isSigned(core, textOf(mark), mac);
  return isGood ? [mark] : [];
}

/** The genuine marks of a browser, the latest last. */
function marksOf(core: Core, req: IncomingMessage): Mark[] {
  const text = readCookie(core.config, req, cookieName) ?? '';
  return text.split('~', maxAccounts).flatMap((mark) => readMark(core, mark));
}

/** The accounts that the browser of a request has signed in to before. */
export function deviceOf(core: Core, req: IncomingMessage): KnownDevice {
  const marks = marksOf(core, req);
  return {
    at(userId) {
      if (marks.length === 0) return null;
      const tag = accountTag(core, userId);
      return marks.find(({ account }) => account === tag)?.id ?? null;
    },
    anywhere: marks.at(-1)?.id ?? null,
  };
}

/** Notes that this browser has signed in to an account: from now on what fails here is not counted with what strangers try. */
export function rememberDevice(core: Core, req: IncomingMessage, res: ServerResponse, userId: string): void {
  const marks = marksOf(core, req);
  const account = accountTag(core, userId);
  const id = marks.find((mark) => mark.account === account)?.id ?? randomBytes(12).toString('base64url');
  const issuedAt = Math.floor(core.clock.now().getTime() / 1000);
  const others = marks.filter((mark) => mark.account !== account).slice(1 - maxAccounts);
  const text = [...others, { account, id, issuedAt }]
    .map(textOf)
    .map((mark) => `${mark}.${core.secretBox.sign('device', mark)}`)
    .join('~');
  writeCookie(core.config, res, cookieName, text, lifeSeconds);
}
