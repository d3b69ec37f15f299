import { expect } from 'chai';
import { german } from '../../../src/identity/jobs/mail-texts-de.js';
import { english } from '../../../src/identity/jobs/mail-texts-en.js';
import { givenTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { startSmtpServer, type SmtpServer } from '../../support/smtp.js';
import { waitForMails } from '../../support/mailbox.js';

const facts = {
  ...{ brand: 'Acme', to: 'ada@home.test', sender: 'Grace', message: 'Hello', span: '7 days' },
  ...{ until: '30 June 2026', accessEnd: '1 July 2026', password: 'secret', address: 'new@home.test' },
  ...{ at: '1 June 2026', browser: 'Firefox', ip: '203.0.113.7', url: 'https://hook.test' },
};

describe('mails', () => {
  it('say in each language what they say in the other, for every template', () => {
    const templates = Object.keys(english).filter((name) => name !== 'frame') as (keyof typeof english)[];
    for (const name of templates) {
      const say = (texts: typeof english) => {
        const text = (texts[name] as (all: typeof facts) => { subject: string })(facts);
        return JSON.stringify(text);
      };
      const [one, other] = [say(english), say(german)];
      expect(one, name).to.not.equal(other);
      for (const fact of Object.values(facts))
        expect(other.includes(fact), `${name}: ${fact}`).to.equal(one.includes(fact));
    }
  });

  describe('of a tenant', () => {
    let app: TestApp;
    let smtp: SmtpServer;
    const clock = new ManualClock();
    before(async () => {
      smtp = await startSmtpServer();
      app = await startApp({ clock });
    });
    after(async () => {
      await app.stop();
      await smtp.stop();
    });

    it('are in the language the tenant sets, where the person has none (mails.language)', async () => {
      const acme = await givenTenant(app, { settings: { 'mails.language': 'de' } });
      const subjects: Record<string, string> = {};
      for (const [email, language] of [
        ['a@home.test', undefined],
        ['b@home.test', 'en'],
      ] as const) {
        await acme.call('post', '/users').send({ email, language }).expect(201);
        subjects[email] = (await waitForMails(app.core, email))[0]!.subject;
      }
      expect(subjects).to.deep.equal({
        'a@home.test': 'Ihr Konto bei Acme',
        'b@home.test': 'Your account at Acme',
      });
    });

    it('that the mail server refuses for good are failed at once, with the reason, and not tried again', async () => {
      const server = await startApp({
        clock,
        config: { smtpUrl: `smtp://127.0.0.1:${smtp.port}`, mailFrom: 'gatehouse@id.test' },
      });
      try {
        const acme = await givenTenant(server);
        smtp.misbehaviour = { replyTo: { command: 'RCPT', line: '550 no such mailbox' } };
        const { body } = await acme.call('post', '/users').send({ email: 'gone@home.test' }).expect(201);
        const { id } = body as { id: string };
        interface Mail {
          state: string;
          reason: string | null;
        }
        const mail = await eventually(async () => {
          const res = await acme.call('get', `/users/${id}/mails`);
          const [newest] = (res.body as { items: Mail[] }).items;
          return newest?.state === 'failed' && newest;
        }, 'the mail is given up');
        expect(mail.reason).to.include('no such mailbox');
        const jobs = await server.core.store
          .tenant(acme.tenant._id)
          .collection('jobs')
          .find({ kind: 'mail.send' });
        expect(jobs.map(({ attempts }) => attempts)).to.deep.equal([1]);
        const events = server.core.store.tenant(acme.tenant._id).collection('audit_events');
        const [event] = await events.find({ action: 'mail.failed' });
        expect(event?.changes.map(({ path }) => path)).to.deep.equal(['template', 'reason']);
      } finally {
        smtp.misbehaviour = {};
        await server.stop();
      }
    });
  });
});
