import fc from 'fast-check';
import { expect } from 'chai';
import { ownPath } from '../../../src/auth/sign-in-flow.js';

describe('paths a finished sign-in may lead to', () => {
  it('are our own', () => {
    for (const path of ['/', '/account', '/admin/users?q=a%20b&x=1#top', '/a//b']) {
      expect(ownPath(path)).to.equal(path);
    }
  });

  it('are no address of another host, in any spelling browsers accept', () => {
    const foreign = [
      '//evil.test',
      '/\\evil.test',
      '\\\\evil.test',
      '/\t/evil.test',
      '/\n/evil.test',
      ' /a',
      'account',
    ];
    for (const text of [
      ...foreign,
      'https://evil.test',
      'javascript:alert(1)',
      '',
      undefined,
      ['/a'],
      '/'.padEnd(3000, 'a'),
    ]) {
      expect(ownPath(text), JSON.stringify(text)).to.equal(undefined);
    }
  });

  it('stay on the origin whatever is typed', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `/${text}`),
        ),
        (text) => {
          const path = ownPath(text);
          if (path !== undefined)
            expect(new URL(path, 'https://id.example.com').origin).to.equal('https://id.example.com');
        },
      ),
    );
  });
});
