import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventsPage } from '../../../scripts/docs-events.js';
import { eventCatalogue } from '../../../src/identity/events/catalogue.js';
import { typePattern } from '../../../src/identity/events/types.js';
import { packageFolder } from '../../../src/infrastructure/package-info.js';

/** Sign-in steps that have the field too. */
const otherActions = ['deny'];

/** The actions that the sources write down. */
function actionsInSource(): string[] {
  const folder = join(packageFolder, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tsx?$/.test(name),
  );
  const texts = files.map((name) => readFileSync(join(folder, name), 'utf8'));
  return texts.flatMap((text) =>
    [...text.matchAll(/\baction: '([a-z_.]+)'/g)].map(([, action = '']) => action),
  );
}

describe('docs/events.md', () => {
  it('is what the catalogue says (npm run docs:events)', () => {
    expect(readFileSync(join(packageFolder, 'docs/events.md'), 'utf8')).to.equal(eventsPage());
  });

  it('has every action that the sources record', () => {
    const missing = actionsInSource().filter(
      (one) => !(one in eventCatalogue) && !otherActions.includes(one),
    );
    expect(missing).to.deep.equal([]);
  });

  it('has types that webhooks can ask for, each with words', () => {
    for (const [type, { text }] of Object.entries(eventCatalogue)) {
      expect(type).to.match(typePattern);
      expect(text).not.to.equal('');
    }
  });
});
