import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { startSmtpServer, type SmtpServer } from '../../support/smtp.js';

describe('mails that cannot be sent', () => {
  let app: TestApp;
  let smtp: SmtpServer;
  let clock: ManualClock;
  let acme: ApiTenant;

  before(async () => {
    smtp = await startSmtpServer();
    clock = new ManualClock();
    app = await startApp({ clock, config: { smtpUrl: `smtp://127.0.0.1:${smtp.port}` } });
    acme = await givenTenant(app);
  });
  after(async () => {
    await app.stop();
    await smtp.stop();
  });

  interface Job {
    id: string;
    kind: string;
    status: string;
    about: string;
    error: string;
    failedAt: string | null;
  }
  const failed = async (): Promise<Job[]> =>
    ((await acme.call('get', '/jobs?status=failed').expect(200)).body as { items: Job[] }).items;
  const invitationOf = async (email: string) =>
    (await acme.call('get', `/invitations?q=${email}`).expect(200)).body.items[0] as {
      id: string;
      status: string;
      mailFailure: string | null;
    };
  const invite = (email: string) =>
    acme.call('post', '/invitations').send({ emails: [email], roles: ['administrator'] });

  it('for good are told on the invitation, in the audit trail, in the metrics, and can be sent again', async () => {
    smtp.misbehaviour = { replyTo: { command: 'RCPT', line: '550 nobody of this name' } };
    await invite('nobody@home.test').expect(200);
    await eventually(async () => (await failed()).length === 1, 'the failed job');
    const [job] = await failed();
    expect(job).to.include({ kind: 'mail.send', status: 'failed', about: 'nobody@home.test' });
    expect(job!.error).to.include('550');
    await eventually(async () => (await invitationOf('nobody@home.test')).mailFailure, 'the failure is told');
    expect((await invitationOf('nobody@home.test')).mailFailure).to.include('550');
    const { body } = await acme.call('get', '/audit-events?action=mail.failed').expect(200);
    expect(body.items[0]).to.deep.include({
      result: 'failure',
      target: { type: 'mail', id: job!.id, label: 'nobody@home.test' },
    });
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).to.match(/jobs_kept\{kind="mail.send",status="failed"\} 1/);
    expect(metrics).to.match(/jobs_tried_total\{kind="mail.send",result="given_up"\} 1/);

    smtp.misbehaviour = {};
    await acme.call('post', `/jobs/${job!.id}/retry`).expect(200);
    await eventually(() => smtp.mails.some(({ to }) => to.includes('nobody@home.test')), 'the mail');
    await eventually(async () => (await failed()).length === 0, 'no failed job');
    await eventually(
      async () => (await acme.call('post', `/jobs/${job!.id}/retry`)).status === 404,
      'the job is gone',
    );
  });

  it('for now are kept for as long as their link is good', async () => {
    smtp.misbehaviour = { replyTo: { command: 'DATA', line: '451 later' } };
    await invite('later@home.test').expect(200);
    for (let hour = 0; hour < 30; hour += 1) {
      clock.advance(3_600_000);
      await eventually(async () => {
        const { items } = (await acme.call('get', '/jobs?status=waiting').expect(200)).body as {
          items: Job[];
        };
        return items.every((job) => new Date((job as unknown as { runAt: string }).runAt) > clock.now());
      }, 'every job is tried');
    }
    expect(await failed()).to.deep.equal([]);
    smtp.misbehaviour = {};
    // A try that was under way may end in one more refusal, and the next is an hour later.
    const arrives = () => {
      clock.advance(3_600_000);
      return smtp.mails.some(({ to }) => to.includes('later@home.test'));
    };
    await eventually(arrives, 'the mail', { pauseMs: 1000 });
  });

  it('are left to themselves while they are still tried: no retry and no removal', async () => {
    smtp.misbehaviour = { replyTo: { command: 'DATA', line: '451 later' } };
    await invite('waiting@home.test').expect(200);
    const waiting = async (): Promise<Job[]> => {
      const { items } = (await acme.call('get', '/jobs?status=waiting').expect(200)).body as { items: Job[] };
      return items.filter(({ about }) => about === 'waiting@home.test');
    };
    await eventually(async () => (await waiting()).length === 1, 'the waiting job');
    const [job] = await waiting();
    for (const refused of [
      await acme.call('post', `/jobs/${job!.id}/retry`),
      await acme.call('delete', `/jobs/${job!.id}`),
    ]) {
      expect([refused.status, refused.body.code]).to.deep.equal([409, 'job.running']);
    }
    expect(await waiting()).to.have.length(1);
    smtp.misbehaviour = {};
  });

  it('are seen and run again only with the permission for the settings', async () => {
    const key = await acme.givenKey(['users.create', 'audit.read']);
    await acme.call('get', '/jobs', key).expect(403);
    await acme.call('post', '/jobs/nothing/retry', key).expect(403);
    await acme.call('post', '/jobs/nothing/retry').expect(404);
  });
});
