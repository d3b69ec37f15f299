import { expect } from 'chai';
import request from 'supertest';
import { startApp, type TestApp } from '../support/app.js';
import { givenTenant } from '../support/people.js';

describe('health, readiness and metrics', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  it('answers /healthz with the version while the process lives', async () => {
    const answer = await request(app.url).get('/healthz').expect(200);
    expect(answer.body).to.include({ status: 'ok', version: '0.0.0-test' });
  });

  it('answers /readyz when the database does', async () => {
    const answer = await request(app.url).get('/readyz').expect(200);
    expect(answer.body).to.have.nested.property('checks.database', 'ok');
  });

  it('sends whoever opens the bare address to their account', async () => {
    await givenTenant(app.core);
    await request(app.url).get('/').expect(303).expect('Location', '/account');
  });

  it('answers unknown addresses with a page for browsers and a problem for programs', async () => {
    const page = await request(app.url).get('/nothing').set('Accept', 'text/html,*/*;q=0.8').expect(404);
    expect(page.text).to.match(/<link rel="stylesheet"[^>]*>.*<p role="alert"/s);
    expect(page.headers['content-security-policy']).to.include("default-src 'none'");
    const problem = await request(app.url).get('/nothing').expect(404);
    expect(problem.headers['content-type']).to.match(/^application\/problem\+json/);
    await request(app.url).get('/favicon.ico').expect(200).expect('Content-Type', /svg/);
  });

  for (const [address, route] of [
    ['/scim/v2/Users/an-id-of-somebody', '/scim/v2/Users/:id'],
    ['/scim/v2/Groups?filter=an-id-of-somebody', '/scim/v2/Groups'],
    ['/scim/v2/an-id-of-somebody', '/scim/v2/other'],
    ['/api/v1/users/an-id-of-somebody', '/api/v1/users/:id'],
    ['/oidc/jwks', '/oidc/jwks'],
    ['/oidc/auth/an-id-of-somebody', '/oidc/auth/:uid'],
    ['/oidc/an-id-of-somebody', '/oidc/other'],
    ['/reset/an-id-of-somebody', '/reset/:token'],
    ['/an-id-of-somebody', 'unmatched'],
  ] as const) {
    it(`shows a request for ${address} in /metrics as ${route}, without any id`, async () => {
      await request(app.url).get(address);
      const answer = await request(app.url).get('/metrics').expect(200);
      expect(answer.text)
        .to.include(`http_request_duration_seconds_count{method="GET",route="${route}"`)
        .and.not.include('an-id-of-somebody');
    });
  }

  it('tells nobody behind a proxy the metrics, who has no token', async () => {
    for (const [header, value] of [
      ['X-Forwarded-For', '203.0.113.9'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['Forwarded', 'for=203.0.113.9'],
      ['X-Real-IP', '203.0.113.9'],
    ] as const) {
      await request(app.url).get('/metrics').set(header, value).expect(401);
    }
    const behind = await startApp({ config: { trustProxy: '1' } });
    try {
      await request(behind.url).get('/metrics').expect(401);
    } finally {
      await behind.stop();
    }
  });

  it('leaves the query out of a problem', async () => {
    const answer = await request(app.url).get('/nowhere?token=secret').expect(404);
    expect(answer.body).to.have.property('instance', '/nowhere');
    expect(answer.text).not.to.include('secret');
  });

  it('returns a sane X-Request-Id and replaces one that is not', async () => {
    const kept = await request(app.url).get('/healthz').set('X-Request-Id', 'trace-1.2:3');
    expect(kept.headers['x-request-id']).to.equal('trace-1.2:3');
    const replaced = await request(app.url).get('/healthz').set('X-Request-Id', 'no spaces please');
    expect(replaced.headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/);
  });

  it('answers unknown addresses with a problem, or a page for a browser', async () => {
    const problem = await request(app.url).get('/nowhere').set('Accept', 'application/json').expect(404);
    expect(problem.headers['content-type']).to.include('application/problem+json');
    expect(problem.body).to.include({ code: 'route.not_found', status: 404, instance: '/nowhere' });
    const page = await request(app.url).get('/nowhere').set('Accept', 'text/html').expect(404);
    expect(page.text).to.include('role="alert"');
  });

  it('demands METRICS_TOKEN where one is set', async () => {
    const guarded = await startApp({ config: { metricsToken: 'a token for the scraper' } });
    try {
      await request(guarded.url).get('/metrics').expect(401);
      await request(guarded.url).get('/metrics').set('Authorization', 'Bearer wrong').expect(401);
      await request(guarded.url)
        .get('/metrics')
        .set('Authorization', 'Bearer a token for the scraper')
        .expect(200);
    } finally {
      await guarded.stop();
    }
  });
});

describe('strict transport security', () => {
  it('is asked for on https alone, for this host and no other', async () => {
    const app = await startApp({ config: { trustProxy: '1' } });
    try {
      const plain = await request(app.url).get('/signin');
      expect(plain.headers).not.to.have.property('strict-transport-security');
      const secure = await request(app.url).get('/signin').set('X-Forwarded-Proto', 'https');
      expect(secure.headers['strict-transport-security']).to.equal('max-age=31536000');
    } finally {
      await app.stop();
    }
  });
});
