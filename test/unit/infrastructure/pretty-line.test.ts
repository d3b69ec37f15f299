import { expect } from 'chai';
import { createLogger } from '../../../src/infrastructure/logger.js';
import { prettyLine } from '../../../src/infrastructure/pretty-line.js';

/** What a person reads of what is logged. */
function shown(write: (log: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  write(createLogger('trace', { write: (line) => (text += prettyLine(line)) }));
  return text;
}

describe('a log line at a terminal', () => {
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) {
    it(`tells the level ${level} as a word`, () => {
      expect(shown((log) => log[level]('hello'))).to.match(
        new RegExp(`^\\d\\d:\\d\\d:\\d\\d ${level.toUpperCase()} +hello\\n$`),
      );
    });
  }

  it('tells the fields after the words, texts with spaces in quotes', () => {
    const text = shown((log) => log.info({ status: 200, path: '/x', why: 'too late', list: [1] }, 'request'));
    expect(text).to.match(/ INFO {2}request status=200 path=\/x why="too late" list=\[1\]\n$/);
  });

  it('tells a fault with its stack', () => {
    const text = shown((log) => log.error({ err: new Error('broken') }, 'failed'));
    expect(text).to.match(/ERROR failed\n {4}Error: broken\n {4} {4}at /);
  });

  it('lets no character through that moves the cursor or breaks the line', () => {
    for (const odd of ['\u001b[2J', 'a\nb', 'a\rb', '\u009b1A', '\u0007']) {
      const text = shown((log) => log.warn({ value: odd, [odd]: 1, err: { stack: odd } }, odd));
      expect(text.trimEnd().replaceAll('\n    ', '')).to.not.match(/\p{Cc}/u);
    }
  });

  it('leaves secrets out as the JSON does', () => {
    expect(shown((log) => log.info({ body: { password: 's3cret' } }))).to.include('[redacted]');
  });

  it('leaves what is no log line as it is', () => {
    for (const line of ['plain\n', '\n', '{"half":\n', '17\n']) expect(prettyLine(line)).to.equal(line);
  });
});
