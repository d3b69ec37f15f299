import { Resolver } from 'node:dns/promises';
import { AppError } from '../shared/errors.js';

const absent = new Set(['ENODATA', 'ENOTFOUND']);

/**
 * The TXT records of a name, asked for afresh.
 *
 * @param servers - who is asked (`DNS_SERVERS`); absent: the name servers of the machine.
 * @throws AppError `input.invalid` when the name servers do not answer: the caller may try again.
 */
export async function lookUpTxt(name: string, servers?: readonly string[]): Promise<string[][]> {
  const resolver = new Resolver({ timeout: 3000, tries: 2 });
  if (servers) resolver.setServers(servers);
  try {
    return await resolver.resolveTxt(name);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (absent.has(code)) return [];
    const detail = `the name servers did not answer for ${name}`;
    throw new AppError('input.invalid', detail, { errors: [{ pointer: '/domain', detail }], cause: error });
  }
}
