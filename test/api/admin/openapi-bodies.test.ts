import { Ajv2020 } from 'ajv/dist/2020.js';
import * as formats from 'ajv-formats';
import { expect } from 'chai';
import supertest from 'supertest';
import { barePattern } from '../../../src/admin/openapi.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';

type Method = 'post' | 'patch' | 'put';

interface Document {
  components: { schemas: Record<string, unknown> };
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: object }> } }>>;
}

/** Bodies the API takes: call, status, body. */
const taken: readonly [Method, string, number, object][] = [
  ['post', '/users', 201, { email: 'zoë@acme.test', givenName: 'Zoë', familyName: 'Ó Briain' }],
  ['post', '/users', 201, { email: 'ada@acme.test', phone: null, roles: ['administrator'] }],
  ['post', '/invitations', 200, { emails: ['new@acme.test'], roles: ['administrator'], message: 'a\nb' }],
  ['post', '/roles', 201, { key: 'lead', name: 'Team lead', permissions: ['users.read'] }],
  ['post', '/groups', 201, { displayName: 'Vertrieb / Süd' }],
  ['post', '/applications', 201, { key: 'crm', name: 'CRM', redirectUris: ['https://crm.test/cb'] }],
  ['post', '/api-keys', 201, { name: 'ci', role: 'administrator' }],
  ['post', '/directories', 201, { name: 'Okta' }],
  [
    'post',
    '/sso-connections',
    201,
    { name: 'C', issuer: 'https://idp.test', clientId: 'gh', clientSecret: 's' },
  ],
  ['patch', '/settings', 200, { 'lockout.threshold': 7, 'terms.url': 'https://acme.test/terms' }],
  ['patch', '/settings', 200, { 'terms.url': '' }],
];

/** Bodies it refuses for what the document can say as well. */
const refused: readonly [Method, string, object][] = [
  ['post', '/applications', { key: 'x', name: 'tab\there', redirectUris: ['https://crm.test/cb'] }],
  ['post', '/users', { email: 'bob@acme.test', givenName: 'a\u0000b' }],
  ['post', '/users', { givenName: 'Nobody' }],
  ['post', '/groups', { displayName: '' }],
  ['post', '/roles', { key: 'k', name: 'n', permissions: [], color: 'red' }],
  ['patch', '/settings', { 'lockout.threshold': 'seven' }],
];

describe('the schemas of /openapi.json', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let document: Document;
  let ajv: Ajv2020;

  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
    document = (await supertest(app.url).get('/openapi.json').expect(200)).body as Document;
    ajv = new Ajv2020({ strict: false, allErrors: true });
    (formats.default as unknown as (instance: Ajv2020) => void)(ajv);
    ajv.addSchema(document, 'api');
  });
  after(() => app.stop());

  function validate(method: Method, path: string, body: object): string {
    const operation = document.paths[`/api/v1${path}`]?.[method];
    const schema = operation?.requestBody?.content['application/json']?.schema as { $ref?: string };
    const check = ajv.compile(schema.$ref === undefined ? schema : { $ref: `api${schema.$ref}` });
    return check(body) ? '' : ajv.errorsText(check.errors);
  }

  it('hold no pattern that is not a regular expression by itself, without delimiters and flags', () => {
    const found: string[] = [];
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, value] of Object.entries(node)) {
        if (key === 'pattern' && typeof value === 'string') found.push(value);
        walk(value);
      }
    };
    walk(document);
    expect(found).to.not.be.empty;
    for (const pattern of found) {
      expect(() => new RegExp(pattern, 'u'), pattern).to.not.throw();
      expect(pattern).to.not.match(/(^|[^\\])\/[a-z]*$/);
    }
  });

  it('take off the flags of any literal, and leave slashes that belong to the pattern', () => {
    const bare = (literal: RegExp): string => barePattern(literal.toString().replace(/^\/|\/$/g, ''));
    for (const literal of [/^a$/, /^a$/u, /^a\/u/, /^a\/u/u, /^\\$/u, /^[/]u$/u]) {
      expect(bare(literal), String(literal)).to.equal(literal.source);
    }
    expect(() => bare(/^a$/i)).to.throw('flags');
  });

  it('compile, each of them', () => {
    for (const name of Object.keys(document.components.schemas)) {
      expect(() => ajv.compile({ $ref: `api#/components/schemas/${name}` }), name).to.not.throw();
    }
  });

  for (const [method, path, status, body] of taken) {
    it(`accept what ${method.toUpperCase()} ${path} takes: ${JSON.stringify(body)}`, async () => {
      expect(validate(method, path, body)).to.equal('');
      const answer = await acme.call(method, path).send(body);
      expect(answer.status, answer.text).to.equal(status);
    });
  }

  for (const [method, path, body] of refused) {
    it(`refuse what ${method.toUpperCase()} ${path} refuses: ${JSON.stringify(body)}`, async () => {
      expect(validate(method, path, body)).to.not.equal('');
      const answer = await acme.call(method, path).send(body);
      expect(answer.status, answer.text).to.equal(400);
    });
  }
});
