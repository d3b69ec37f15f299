import { readdirSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as formats from 'ajv-formats';
import { expect } from 'chai';
import { exampleOf } from '../../../src/admin/reference/example.js';
import type { Document } from '../../../src/admin/reference/schemas.js';
import { apiDocument, routeTable } from '../../../src/admin/table.js';
import { errorStatus } from '../../../src/shared/error-codes.js';
import { startApp, type TestApp } from '../../support/app.js';

describe('/docs/api', () => {
  const document = apiDocument('https://id.test') as unknown as Document;
  let app: TestApp;
  let page: string;
  before(async () => {
    app = await startApp();
    page = await (await fetch(`${app.url}/docs/api`)).text();
  });
  after(() => app.stop());

  const articleOf = (id: string): string =>
    page.split(`<article id="${id}">`)[1]?.split('</article>')[0] ?? '';

  it('shows every call with its permission, parameters, body, answer, errors and a command to copy', () => {
    for (const route of routeTable) {
      const article = articleOf(route.id);
      expect(article, route.id).to.include('curl').and.include('Answer: ').and.include('Errors: 400');
      if (route.permission !== 'self') expect(article.replaceAll('<wbr/>', '')).to.include(route.permission);
      for (const [, place] of route.path.matchAll(/\{(\w+)\}/g)) {
        expect(article.replaceAll('<wbr/>', ''), route.id).to.include(`<code>${place}</code>`);
      }
      if (route.body) expect(article, route.id).to.include('>Body<').and.include('For example');
      expect(page, route.id).to.include(`href="#${route.id}"`);
    }
  });

  it('leads to every schema it names, and to every error code', () => {
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(page).to.include(`id="${target}"`);
    for (const code of Object.keys(errorStatus)) expect(page).to.include(`id="${code}"`);
  });

  it('asks for nothing from anywhere, and runs nothing', () => {
    expect(page).to.not.match(/<(script|img|link|iframe)\b/);
  });

  it('has the guides beside it, with the address of this server and links that lead somewhere', async () => {
    const guides = readdirSync('docs/guides').map((file) => file.replace('.md', ''));
    for (const name of guides) {
      const guide = await (await fetch(`${app.url}/docs/guides/${name}`)).text();
      expect(guide, name)
        .to.match(/<h1 id="[^"]+">/)
        .and.not.include('gatehouse.example');
      // What is left of the marks of Markdown outside of code.
      const prose = guide.replace(/<(pre|code)\b.*?<\/\1>/gs, '');
      expect(prose, name).to.not.match(/\*\*|\]\(|^\|/m);
      for (const [, other = '', anchor] of guide.matchAll(/href="\/docs\/guides\/([a-z-]+)(?:#([^"]+))?"/g)) {
        expect(guides, name).to.include(other);
        const text =
          anchor === undefined ? '' : await (await fetch(`${app.url}/docs/guides/${other}`)).text();
        if (anchor !== undefined) expect(text, `${name} to ${other}`).to.include(`id="${anchor}"`);
      }
    }
    expect((await fetch(`${app.url}/docs/guides/none`)).status).to.equal(404);
  });

  it('has an example of every body that its schema takes', () => {
    const ajv = new Ajv2020({ strict: false });
    (formats.default as unknown as (instance: Ajv2020) => void)(ajv);
    ajv.addSchema(document, 'api');
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { requestBody }] of Object.entries(operations)) {
        const schema = requestBody?.content?.['application/json']?.schema;
        if (!schema) continue;
        const check = ajv.compile(schema.$ref === undefined ? schema : { $ref: `api${schema.$ref}` });
        const example = exampleOf(document, schema);
        expect(check(example), `${method} ${path}: ${JSON.stringify(example)}`).to.equal(true);
      }
    }
  });
});
