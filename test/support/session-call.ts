import supertest, { type Test } from 'supertest';
import type { UserDocument } from '../../src/persistence/collections/users.js';
import type { TestApp } from './app.js';
import { browserOf } from './oidc.js';

export type SessionCall = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string) => Test;

/** A client of `/api/v1` as this person, by a session of theirs. */
export async function sessionCall(app: TestApp, user: UserDocument): Promise<SessionCall> {
  const browser = await browserOf(app.core, user);
  const cookie = await browser.jar.getCookieString(app.url);
  const me = await supertest(app.url).get('/api/v1/me').set('Cookie', cookie).expect(200);
  const token = String(me.headers['x-csrf-token']);
  return (method, path) =>
    supertest(app.url)[method](`/api/v1${path}`).set('Cookie', cookie).set('X-CSRF-Token', token);
}
