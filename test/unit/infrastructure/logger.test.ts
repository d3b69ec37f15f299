import { Writable } from 'node:stream';
import { expect } from 'chai';
import { createLogger, redactedPaths } from '../../../src/infrastructure/logger.js';

describe('createLogger', () => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const log = createLogger('info', destination);

  it('writes one JSON object a line', () => {
    log.info({ requestId: 'r1' }, 'hello');
    expect(JSON.parse(lines.at(-1)!)).to.include({ requestId: 'r1', msg: 'hello', level: 30 });
  });

  /** Where each secret stands in what is logged, written down apart from the paths of the logger. */
  const secrets: Readonly<Record<string, object>> = {
    'an authorization header': { req: { headers: { authorization: 'Bearer s3cret' } } },
    cookies: { req: { headers: { cookie: 'gh_session=s3cret' } } },
    'a set cookie': { res: { headers: { 'set-cookie': ['gh_session=s3cret'] } } },
    'a password in a body': { body: { password: 's3cret' } },
    'the second password of a form': { body: { password2: 's3cret' } },
    'the password a person has': { body: { currentPassword: 's3cret' } },
    'the password a person wants': { body: { newPassword: 's3cret' } },
    'a stored hash': { credential: { passwordHash: 's3cret' } },
    'a client secret': { connection: { clientSecret: 's3cret' } },
    'a client secret as OAuth names it': { params: { client_secret: 's3cret' } },
    'a token': { created: { token: 's3cret' } },
    'an access token': { tokens: { access_token: 's3cret' } },
    'a refresh token': { tokens: { refresh_token: 's3cret' } },
    'an ID token': { tokens: { id_token: 's3cret' } },
    'a code verifier': { flow: { code_verifier: 's3cret' } },
    'the secret key': { config: { secretKey: 's3cret' } },
    'the token of a form': { body: { _csrf: 's3cret' } },
  };

  for (const [what, value] of Object.entries(secrets)) {
    it(`never shows ${what}`, () => {
      log.info(value, 'event');
      expect(lines.at(-1)).to.include('[redacted]').and.not.include('s3cret');
    });
  }

  it('hides nothing that no test here looks at', () => {
    const keys = Object.values(secrets).map(
      (value) => /"([\w-]+)":\[?"[^"]*s3cret/.exec(JSON.stringify(value))![1],
    );
    const hidden = redactedPaths.map((path) => /([\w-]+)(?:"\])?$/.exec(path)![1]);
    expect([...new Set(keys)].sort()).to.deep.equal(hidden.sort());
  });
});
