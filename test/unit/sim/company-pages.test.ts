import { expect } from 'chai';
import { directoryPage } from '../../../src/sim/company-pages.js';
import { makeCompany } from '../../../src/sim/company.js';

describe('the directory page of a simulated company', () => {
  const company = makeCompany({
    name: 'Acme',
    slug: 'acme',
    domain: 'acme.test',
    profile: 'okta',
    brand: '#00297a',
  });

  it('shows the newest request on top', () => {
    const page = directoryPage(company, 'Okta', ['first', 'second <b>', 'third']);
    const order = ['third', 'second &lt;b&gt;', 'first'].map((line) => page.indexOf(`<li>${line}</li>`));
    expect(order.every((place) => place > 0)).to.equal(true);
    expect(order).to.deep.equal([...order].sort((a, b) => a - b));
  });

  it('says so when nothing was sent, and knows the dark', () => {
    const page = directoryPage(company, 'Okta', []);
    expect(page).to.include('Nothing yet.').and.include('prefers-color-scheme:dark');
  });
});
