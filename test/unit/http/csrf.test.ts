import { expect } from 'chai';
import { makeFormToken, readFormToken } from '../../../src/http/csrf.js';

describe('form tokens', () => {
  it('say what they were made for, to the key they were made with', () => {
    const token = makeFormToken('key', 'context-1');
    expect(readFormToken('key', token)).to.include({ subject: 'context-1' });
    expect(readFormToken('another key', token)).to.equal(undefined);
  });

  it('are different for each rendered form', () => {
    expect(makeFormToken('key')).to.not.equal(makeFormToken('key'));
  });

  it('are nothing once changed, cut or of another type', () => {
    const token = makeFormToken('key', 'a');
    const [nonce, , mac] = token.split('.');
    const bad = [
      `${nonce!}.b.${mac!}`,
      token.slice(0, -1),
      `${token}.x`,
      '',
      '..',
      ['x'],
      { a: 1 },
      undefined,
    ];
    for (const one of bad) expect(readFormToken('key', one), JSON.stringify(one)).to.equal(undefined);
    expect(readFormToken('key', 'x'.repeat(600))).to.equal(undefined);
  });
});
