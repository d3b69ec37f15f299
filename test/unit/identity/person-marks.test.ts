import { expect } from 'chai';
import { createMasker, marksOf, pseudonymOf } from '../../../src/identity/privacy/marks.js';

const id = '0198a6c0-0000-7000-8000-0000deadbeef';
const masker = createMasker(
  marksOf(id, ['Ada@Acme.test', 'ada', 'ada.l', '42'], ['Ada Lovelace', '+49 30 1']),
);
const name = pseudonymOf(id);

describe('the marks of a person', () => {
  const masked: [what: string, value: unknown, expected: unknown][] = [
    ['an address in whatever case', 'mail to ADA@acme.TEST.', `mail to ${name}.`],
    ['names inside a structure', { a: ['Ada Lovelace', 1], at: null }, { a: [name, 1], at: null }],
    ['a member’s name', { 'ada@acme.test': true }, { [name]: true }],
    ['no part of a longer address', 'canada@acme.test', 'canada@acme.test'],
    ['no longer name', 'Ada Lovelaces', 'Ada Lovelaces'],
    ['no short text', 'ada has 42', 'ada has 42'],
  ];
  for (const [what, value, expected] of masked) {
    it(`are replaced in ${what}`, () => expect(masker.mask(value)).to.deep.equal(expected));
  }

  it('leave a value without any as the very same object', () => {
    const value = { at: new Date(0), list: [{ name: 'Grace' }] };
    expect(masker.mask(value)).to.equal(value);
  });

  it('tell whom a document is about by addresses and the id, and never by names that others may have', () => {
    expect(masker.mentions({ to: 'ada@acme.test' })).to.equal(true);
    expect(masker.mentions([`/Users/${id}`])).to.equal(true);
    expect(masker.mentions({ displayName: 'Ada Lovelace' })).to.equal(false);
    expect(masker.mentions('ada.l')).to.equal(false);
  });
});
