import { expect } from 'chai';
import { passwordFault } from '../../../src/identity/password-policy.js';

describe('the rule for passwords', () => {
  const names = ['ada.lovelace@acme.test', 'ada.lovelace.of.acme'];
  const judge = (password: string): string | undefined => passwordFault(password, 12, names);

  it('counts characters, not bytes or UTF-16 units', () => {
    expect(judge('eleven-char')).to.equal('must have at least 12 characters');
    expect(judge('żółć gęślą ja')).to.equal(undefined);
    expect(judge('😀😁😂🤣😃😄')).to.equal('must have at least 12 characters');
    expect(judge('x-'.repeat(200))).to.equal('must have at most 256 characters');
  });

  it('refuses the user’s own names, in any case', () => {
    for (const password of ['ADA.lovelace@acme.test', 'ada.lovelace', 'Ada.Lovelace.of.Acme']) {
      expect(judge(password), password).to.equal('must not be your address or user name');
    }
  });

  it('refuses what everybody tries', () => {
    for (const password of [
      'aaaaaaaaaaaa',
      'abababababab',
      'abcdefghijklm',
      'lkjhgfdsapoiuytrewq',
      '123456789012',
      'Password1234!',
      'passwordpassword',
      'administrator2026',
      'Correct Horse Battery Staple',
    ]) {
      expect(judge(password), password).to.match(/^(is too common|must have)/);
    }
  });

  it('takes anything else, spaces and any script included', () => {
    for (const password of ['purple monkey dishwasher', 'пароль не для всех', 'kX9!vq2#Lm7z']) {
      expect(judge(password), password).to.equal(undefined);
    }
  });
});
