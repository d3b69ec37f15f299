import { Writable } from 'node:stream';
import { expect } from 'chai';
import { createLogger } from '../../../src/infrastructure/logger.js';

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

  for (const [what, value] of Object.entries({
    'an authorization header': { req: { headers: { authorization: 'Bearer s3cret' } } },
    cookies: { req: { headers: { cookie: 'gh_session=s3cret' } } },
    'a set cookie': { res: { headers: { 'set-cookie': ['gh_session=s3cret'] } } },
    'a password in a body': { body: { password: 's3cret' } },
    'both passwords of a form': { body: { password2: 's3cret' } },
    'a client secret': { connection: { clientSecret: 's3cret' } },
    'tokens of a provider': {
      tokens: { access_token: 's3cret', refresh_token: 's3cret', id_token: 's3cret' },
    },
    'a stored hash': { credential: { passwordHash: 's3cret' } },
  })) {
    it(`never shows ${what}`, () => {
      log.info(value, 'event');
      expect(lines.at(-1)).to.include('[redacted]').and.not.include('s3cret');
    });
  }
});
