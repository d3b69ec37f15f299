import { getServers, Resolver } from 'node:dns/promises';
import { AppError } from '../shared/errors.js';

const absent = new Set(['ENODATA', 'ENOTFOUND']);
/** Name servers that are asked side by side: one that lags behind does not decide. */
const maxServers = 3;

async function askOne(name: string, server: string): Promise<string[][]> {
  const resolver = new Resolver({ timeout: 3000, tries: 2 });
  resolver.setServers([server]);
  try {
    return await resolver.resolveTxt(name);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (absent.has(code)) return [];
    throw error;
  }
}

/**
 * The TXT records of a name, asked for afresh: what any of the name servers knows.
 *
 * @param servers - who is asked (`DNS_SERVERS`); absent: the name servers of the machine.
 * @throws AppError `input.invalid` when none of them answers: the caller may try again.
 */
export async function lookUpTxt(
  name: string,
  servers: readonly string[] = getServers(),
): Promise<string[][]> {
  const answers = await Promise.allSettled(
    servers.slice(0, maxServers).map((server) => askOne(name, server)),
  );
  const told = answers.filter((answer) => answer.status === 'fulfilled');
  if (told.length > 0) return told.flatMap(({ value }) => value);
  const [first] = answers;
  const detail = `the name servers did not answer for ${name}`;
  throw new AppError('input.invalid', detail, {
    errors: [{ pointer: '/domain', detail }],
    ...(first?.status === 'rejected' && { cause: first.reason }),
  });
}
