import { expect } from 'chai';
import request from 'supertest';
import { startApp, type TestApp } from '../support/app.js';

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
    await request(app.url).get('/').expect(303).expect('Location', '/account');
  });

  it('answers unknown addresses with a page for browsers and a problem for programs', async () => {
    const page = await request(app.url).get('/nothing').set('Accept', 'text/html,*/*;q=0.8').expect(404);
    expect(page.text).to.match(/<link rel="stylesheet"[^>]*>.*<p role="alert"/s);
    expect(page.headers['content-security-policy']).to.include("default-src 'none'");
    const problem = await request(app.url).get('/nothing').expect(404);
    expect(problem.headers['content-type']).to.match(/^application\/problem\+json/);
    await request(app.url).get('/favicon.ico').expect(204);
  });

  it('shows requests by route template in /metrics, without any id', async () => {
    await request(app.url).get('/scim/v2/Users/an-id-of-somebody');
    const answer = await request(app.url).get('/metrics').expect(200);
    expect(answer.text)
      .to.include('http_request_duration_seconds_bucket')
      .and.not.include('an-id-of-somebody');
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
