import { readFile } from 'node:fs/promises';
import type { JWK } from 'jose';
import { receiptKeys, verifyReceipt, type SignedReceipt } from '../identity/privacy/receipt-signature.js';
import { CommandError, exitCodes, textOf, type Command, type Terminal } from './command.js';
import { withCore } from './server-core.js';

async function textIn(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    throw new CommandError(exitCodes.noInput, `${path} cannot be read`);
  }
}

function parsed(path: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new CommandError(exitCodes.data, `${path} is no JSON`);
  }
}

/** The signed text alone, or the API's answer with it. */
function jwsIn(path: string, text: string): string {
  if (!text.trimStart().startsWith('{')) return text;
  const { jws } = parsed(path, text);
  if (typeof jws !== 'string') throw new CommandError(exitCodes.data, `${path} has no "jws"`);
  return jws;
}

/** The keys of a file, else this server's own. */
async function keysOf(terminal: Terminal, path: string | undefined): Promise<readonly JWK[]> {
  if (path !== undefined) {
    const { keys } = parsed(path, await textIn(path));
    if (!Array.isArray(keys)) throw new CommandError(exitCodes.data, `${path} has no "keys"`);
    return keys as JWK[];
  }
  let keys: readonly JWK[] = [];
  await withCore(
    terminal,
    async (core) => {
      keys = (await receiptKeys(core)).keys;
      return exitCodes.ok;
    },
    'read',
  );
  return keys;
}

function linesOf(receipt: SignedReceipt): string[] {
  const { user, calledAt, endedAt, sessionCount, tokenCount, notices, refusedAt, secondsToZero } = receipt;
  return [
    `ok   ${user.label} (${receipt.action}), ${receipt.tenant.slug}, signed ${receipt.signedAt} by ${receipt.iss}`,
    `     called ${calledAt} by ${receipt.by.label}`,
    `     ended ${endedAt ?? 'not yet'}: ${sessionCount} sessions, ${tokenCount} grants and tokens`,
    ...notices.map(
      ({ application, status, confirmedAt, answer }) =>
        `     ${application}: ${confirmedAt === null ? `${status} (${answer ?? 'no answer yet'})` : `confirmed ${confirmedAt}`}`,
    ),
    `     next sign-in refused ${refusedAt ?? 'no try yet'}; seconds to zero ${secondsToZero ?? 'open'}`,
  ];
}

export const receiptVerifyCommand: Command = {
  name: 'receipt verify',
  summary: 'check the signature of a leaver receipt, without the server when the keys are given',
  options: {
    keys: {
      type: 'string',
      value: 'FILE',
      describe: 'the answer of GET /api/v1/leaver-receipts/keys; absent: the keys of this database',
    },
  },
  positionals: ['FILE'],
  async run({ values, positionals: [file = ''], terminal, report }) {
    const jws = jwsIn(file, await textIn(file));
    const receipt = await verifyReceipt(jws, await keysOf(terminal, textOf(values, 'keys')));
    if (!receipt) {
      report({ ok: false }, [`FAIL ${file}: no key's signature holds`]);
      return exitCodes.failed;
    }
    report({ ok: true, receipt }, linesOf(receipt));
    return exitCodes.ok;
  },
};
