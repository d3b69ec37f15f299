import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { passwordFault, type PasswordRule } from '../../../src/identity/passwords/policy.js';

describe('the rule for passwords', () => {
  const owner = {
    userName: 'ada.lovelace.of.acme',
    email: 'bob@acme.test',
    attributes: { name: { givenName: 'Wilhelmina', familyName: 'Featherstone' } },
  };
  const rule: PasswordRule = { minLength: 12, tenantWords: ['acme', 'Acme Rockets', 'acme.test'] };
  const judge = (password: string, over: Partial<PasswordRule> = {}): string | undefined =>
    passwordFault(password, { ...rule, ...over }, owner);

  it('counts characters, not bytes or UTF-16 units', () => {
    expect(judge('eleven-char')).to.equal('must have at least 12 characters');
    expect(judge('żółć gęślą ja')).to.equal(undefined);
    expect(judge('😀😁😂🤣😃😄')).to.equal('must have at least 12 characters');
    expect(judge('x-'.repeat(200))).to.equal('must have at most 256 characters');
  });

  for (const password of ['ADA.lovelace.of.acme', 'BOB@acme.test']) {
    it(`refuses the user’s own name ${password}, in any case`, () => {
      expect(judge(password)).to.equal('must not be your address or user name');
    });
  }

  for (const password of [
    'aaaaaaaaaaaa',
    'abababababab',
    'abcdefghijklm',
    'abcdefghijklm!1',
    'lkjhgfdsapoiuytrewq',
    '123456789012',
    'Password1234!',
    'PASSWORD2026',
    'password-123!',
    'passwordpassword',
    'Passwort12345',
    'P@ssw0rd1234',
    'P@$$w0rd!!!!!',
    'pa55word2026!',
    'qwerty123456',
    'Qwertz123456!',
    '1q2w3e4r5t6y',
    'Summer2026!!',
    '2026Sommer!!',
    'Winter-2025-2026',
    '!!!Welcome!!!!',
    'Welc0me12345',
    'administrator2026',
    'Letmein99999!',
    'trustno1trustno1',
    'monkey monkey',
    'i l o v e y o u 1 2',
    'ｐａｓｓｗｏｒｄ１２３４',
    'dragon dragon dragon',
    '$unshine20266',
  ]) {
    it(`refuses ${password}, which everybody tries`, () => {
      expect(judge(password)).to.equal('is too common');
    });
  }

  for (const password of [
    'bob@acme.test1',
    'acmeacmeacme',
    'Acme-Rockets-2026!',
    'AcmeWelcome1!',
    'Featherstone1990',
    'wilhelmina2026!',
    'WilhelminaFeatherstone',
    'Lovelace.Ada.123',
    'acme.test.2026',
  ]) {
    it(`refuses ${password}, which is made of names everybody knows`, () => {
      expect(judge(password)).to.match(/^(must not be made of|is too common)/);
    });
  }

  for (const password of [
    'purple monkey dishwasher',
    'correct horse battery staple',
    'пароль не для всех',
    'kX9!vq2#Lm7z',
    'a long first password',
    'rockets fly to acme by night',
    'bob eats seven green pears',
  ]) {
    it(`takes ${password}`, () => {
      expect(judge(password)).to.equal(undefined);
    });
  }

  it('takes whatever a machine makes, of twelve characters and more', () => {
    for (let round = 0; round < 500; round += 1) {
      const password = randomBytes(12).toString('base64url');
      expect(judge(password), password).to.equal(undefined);
    }
  });

  it('takes shorter ones of eight characters from directories alone, and only if they look machine-made', () => {
    for (const password of ['1mz050nq', 't1meMa$heen']) {
      expect(judge(password, { isFromDirectory: true }), password).to.equal(undefined);
      expect(judge(password), password).to.equal('must have at least 12 characters');
    }
    for (const password of [
      'a',
      'x7k2m9q',
      'only11chars',
      'shortpass1',
      'abcdefgh',
      'secret7x',
      'eleven-char',
    ]) {
      expect(judge(password, { isFromDirectory: true }), password).to.equal(
        'must have at least 12 characters',
      );
    }
  });
});
