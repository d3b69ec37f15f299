import { expect } from 'chai';
import { loginKey, normalDomain, parseEmail } from '../../../src/identity/email.js';
import { fold } from '../../../src/shared/fold.js';

describe('parseEmail', () => {
  it('gives the address as typed, its key in lower case and the domain (M0-4)', () => {
    expect(parseEmail(' JDoe@GetMindful.com ')).to.deep.equal({
      address: 'JDoe@GetMindful.com',
      key: 'jdoe@getmindful.com',
      domain: 'getmindful.com',
    });
  });

  it('turns an international domain into its ASCII form', () => {
    expect(parseEmail('ada@Bücher.example')?.domain).to.equal('xn--bcher-kva.example');
    expect(parseEmail('ada@bücher.example')?.key).to.equal(parseEmail('ADA@xn--bcher-kva.example')?.key);
  });

  it('takes plus addressing, apostrophes and letters of any script', () => {
    for (const address of [
      "o'brien@acme.test",
      'ada+x@acme.test',
      'łukasz@acme.test',
      'a.b-c_d@a.b.acme.test',
    ]) {
      expect(parseEmail(address)?.address, address).to.equal(address);
    }
  });

  const hostile = [
    ['', 'nothing'],
    ['ada', 'no domain'],
    ['ada@', 'an empty domain'],
    ['@acme.test', 'an empty local part'],
    ['ada@acme', 'one label'],
    ['ada@acme.test.', 'a trailing dot'],
    ['ada@.acme.test', 'a leading dot'],
    ['a@b@acme.test', 'two at signs'],
    ['ada＠evil.test@acme.test', 'a full-width at sign beside one'],
    ['"x@evil.test y"@acme.test', 'quotes'],
    ['u@acme.test(a)evil.test', 'a comment'],
    ['ada @acme.test', 'white space'],
    ['ada\u0000@acme.test', 'a control character'],
    ['ada\u200b@acme.test', 'an invisible character'],
    ['ada@ac\u00adme.test', 'a soft hyphen in the domain'],
    ['ada@acme.te\u200dst', 'a joiner in the domain'],
    ['\ufeffada@acme.test', 'a byte order mark'],
    ['ada\u202e@acme.test', 'a turn of the direction'],
    ['ada\u{e0061}@acme.test', 'a tag character'],
    ['ada\u3164@acme.test', 'a filler nobody sees'],
    ['ada@127.0.0.1', 'an IP address'],
    ['ada@acme%2etest.org', 'a percent-encoded host'],
    ['ada@acme.test/evil.test', 'a path'],
    ['ada@acme.test:25', 'a port'],
    ['ada@-acme.test', 'a label that begins with a hyphen'],
    ['ada,bob@acme.test', 'a list'],
    [`${'a'.repeat(65)}@acme.test`, 'a local part of 65 characters'],
    [`ada@${'a'.repeat(64)}.test`, 'a label of 64 characters'],
  ] as const;
  for (const [text, what] of hostile) {
    it(`refuses ${what}`, () => expect(parseEmail(text)).to.equal(undefined));
  }
});

describe('normalDomain', () => {
  it('keeps apart what only looks alike (M0-6)', () => {
    expect(normalDomain('getmindful.com.evil.org')).to.equal('getmindful.com.evil.org');
    expect(normalDomain('sub.getmindful.com')).to.not.equal(normalDomain('getmindful.com'));
    expect(normalDomain('gеtmindful.com')).to.not.equal('getmindful.com');
  });
});

describe('loginKey', () => {
  it('compares addresses and userNames without regard to case or Unicode form', () => {
    expect(loginKey('ADA@acme.test')).to.equal(loginKey('ada@ACME.test'));
    expect(loginKey('ada.lovelace')).to.equal(loginKey('ＡＤＡ.Lovelace'));
    expect(fold('ﬁne')).to.equal('fine');
    expect(loginKey('ｂｏｂ＠home.test')).to.equal('bob@home.test');
    expect(loginKey('STRASSE@home.test')).to.equal(loginKey('straße@home.test'));
    expect(fold('ΟΔΥΣΣΕΥΣ')).to.equal(fold('οδυσσευς'));
    expect(fold('Kırmızı')).to.not.equal(fold('kirmizi'));
  });
});
