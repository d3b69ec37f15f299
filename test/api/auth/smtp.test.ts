import { Writable } from 'node:stream';
import { expect } from 'chai';
import { createLogger } from '../../../src/infrastructure/logger.js';
import { createMailer } from '../../../src/infrastructure/mailer.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { mailsTo } from '../../support/mailbox.js';
import { givenTenant, givenUser } from '../../support/people.js';
import { startSmtpServer, type SmtpServer } from '../../support/smtp.js';

const password = 'the password of the mail server';

describe('mails by SMTP', () => {
  let smtp: SmtpServer;
  let app: TestApp;
  let tenantId: string;
  const clock = new ManualClock();
  const lines: string[] = [];

  before(async () => {
    smtp = await startSmtpServer();
    const smtpUrl = `smtp://gatehouse:${encodeURIComponent(password)}@127.0.0.1:${smtp.port}`;
    app = await startApp({ clock, config: { smtpUrl, mailFrom: 'Gatehouse <no-reply@gatehouse.test>' } });
    const log = createLogger(
      'debug',
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          lines.push(chunk.toString());
          done();
        },
      }),
    );
    Object.assign(app.core.log, { warn: log.warn.bind(log), error: log.error.bind(log) });
    tenantId = (await givenTenant(app.core))._id;
  });
  afterEach(() => {
    smtp.misbehaviour = {};
  });
  after(async () => {
    await app.stop();
    await smtp.stop();
  });

  const forgot = async (): Promise<string> => {
    const { userName } = await givenUser(app.core, tenantId);
    await openBrowser(app.url).post('/forgot', { email: userName });
    return userName;
  };
  const mailsFor = (address: string) => smtp.mails.filter(({ to }) => to.includes(address));
  const jobs = () => app.core.store.tenant(tenantId).collection('jobs').find({ kind: 'mail.send' });

  it('reach the one person they are for, with the link in text and HTML, and no file in the outbox', async () => {
    const address = await forgot();
    await eventually(() => mailsFor(address).length > 0, 'the mail');
    const [mail] = mailsFor(address);
    expect(mail).to.deep.include({ from: 'no-reply@gatehouse.test', to: [address] });
    expect(mail!.data).to.match(/^Auto-Submitted: auto-generated\r$/m);
    expect(mail!.data)
      .to.match(/^From: Gatehouse <no-reply@gatehouse\.test>/m)
      .and.match(/^Subject: \S/m)
      .and.match(/^Content-Type: multipart\/alternative/m);
    const content = mail!.data.replace(/=\r\n/g, '').replaceAll('=3D', '=');
    expect(content.split(`${app.url}/reset/gh_rst_`).length).to.be.greaterThan(2);
    expect(smtp.logins).to.include(`gatehouse:${password}`);
    expect(await mailsTo(app.core, address)).to.deep.equal([]);
  });

  for (const [what, command, line] of [
    ['refuses the recipient for now', 'RCPT', '450 try again later'],
    ['refuses the content for now', 'DATA', '451 try again later'],
    ['refuses the login', 'AUTH', '535 wrong'],
  ] as const) {
    it(`are tried again when the mail server ${what}, and sent once`, async () => {
      smtp.misbehaviour = { replyTo: { command, line } };
      const address = await forgot();
      await eventually(
        async () =>
          (await jobs()).some(({ attempts, leasedUntil }) => attempts === 1 && leasedUntil === null),
        'a failure',
      );
      expect(mailsFor(address)).to.deep.equal([]);
      smtp.misbehaviour = {};
      clock.advance(1000);
      await eventually(() => mailsFor(address).length > 0, 'the mail');
      await eventually(async () => (await jobs()).length === 0, 'the end of the job');
      expect(mailsFor(address)).to.have.length(1);
    });
  }

  it('show neither the password of the mail server nor a link in the log', () => {
    const all = lines.join('');
    expect(all).to.include('a job failed and is tried again');
    expect(all)
      .not.to.include('gh_rst_')
      .and.not.include(password)
      .and.not.include(encodeURIComponent(password));
    expect(all).not.to.include(Buffer.from(`\0gatehouse\0${password}`).toString('base64'));
  });

  it('are given up for now when the mail server takes the connection and says nothing', async () => {
    smtp.misbehaviour = { isSilent: true };
    const home = {
      dataDir: app.core.config.dataDir,
      mailFrom: 'a@b.test',
      smtpUrl: `smtp://127.0.0.1:${smtp.port}`,
    };
    const mail = { to: 'x@y.test', subject: 's', text: 't', html: 'h', template: 't', link: 'l' };
    const failure = await createMailer(home, { silenceMs: 100 })
      .send(mail, 'id', clock.now())
      .catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error);
  });
});
