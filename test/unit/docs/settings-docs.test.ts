import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { settingsPage } from '../../../scripts/docs-settings.js';
import { settingsCatalogue } from '../../../src/identity/tenants/settings.js';
import { packageFolder } from '../../../src/infrastructure/package-info.js';

describe('docs/settings.md', () => {
  it('is what the catalogue says (npm run docs:settings)', () => {
    expect(readFileSync(join(packageFolder, 'docs/settings.md'), 'utf8')).to.equal(settingsPage());
  });

  it('tells the effect of every setting', () => {
    for (const [name, schema] of Object.entries(settingsCatalogue)) {
      expect(schema.description, name).to.be.a('string').and.not.equal('');
      expect(settingsPage()).to.include(`| \`${name}\` |`);
    }
  });
});
