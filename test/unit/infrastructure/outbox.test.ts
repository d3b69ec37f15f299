import { expect } from 'chai';
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMailer } from '../../../src/infrastructure/mailer.js';

const mail = {
  to: 'ada@acme.test',
  subject: 'S',
  text: 'T',
  html: 'H',
  template: 'reset',
  link: 'http://localhost/reset/x',
};

describe('the outbox of mails', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-outbox-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
  const send = (): Promise<void> =>
    createMailer({ dataDir, mailFrom: 'gatehouse@localhost', smtpUrl: undefined }).send(
      mail,
      'id-1',
      new Date('2026-01-01T00:00:00Z'),
    );

  it('is open to its owner alone, folder and files: the links in it let people in', async () => {
    const before = process.umask(0);
    try {
      await send();
    } finally {
      process.umask(before);
    }
    const folder = join(dataDir, 'outbox');
    expect(await modeOf(folder)).to.equal('700');
    const [name, ...others] = await readdir(folder);
    expect(others).to.deep.equal([]);
    expect(await modeOf(join(folder, name!))).to.equal('600');
  });

  it('closes a folder that was open to others', async () => {
    const folder = join(dataDir, 'outbox');
    await mkdir(folder);
    await chmod(folder, 0o777);
    await send();
    expect(await modeOf(folder)).to.equal('700');
  });
});
