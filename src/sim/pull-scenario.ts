import { setTimeout as sleep } from 'node:timers/promises';
import { openBrowser, type Browser } from './browser.js';
import { departments, fullName, makeGroup, makePerson, type Group, type Person } from './person.js';
import { UnexpectedAnswer } from './run-steps.js';
import type { ScenarioOptions } from './scenario.js';
import { ServerAway } from './scim-client.js';
import type { CompanyTarget } from './target.js';
import { expectForwardedSignIn, expectRefusal, expectRoles, expectSignedOut } from './visits.js';

/** A directory that pulls from the simulated company. */
export interface PullTarget {
  /** The server's address. */
  serverUrl: string;
  /** Of the admin API. */
  apiKey: string;
  directoryId: string;
}

/** Longest wait for a pull, milliseconds. */
const pullDeadlineMs = 60_000;
const pollMs = 100;

interface Play {
  target: CompanyTarget;
  pull: PullTarget;
  options: ScenarioOptions;
  person: Person;
  browser: Browser;
}

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

async function call({ pull }: Play, method: 'GET' | 'POST', path: string): Promise<Answer> {
  const url = `${pull.serverUrl}/api/v1${path}`;
  try {
    const answer = await fetch(url, { method, headers: { authorization: `Bearer ${pull.apiKey}` } });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  } catch (error) {
    throw new ServerAway(url, error);
  }
}

function tell(
  { options }: Play,
  what: string,
  note: string,
  expected: string,
  answer: { status?: number; faults: string[]; ms: number },
): number {
  options.narrator.event({ at: options.clock.now(), what, note, expected, ...answer });
  if (options.assert && answer.faults.length > 0) throw new UnexpectedAnswer(what, answer.faults);
  return answer.faults.length;
}

/** The company's administrator writes something into its directory: nothing is pushed. */
async function writeDown(
  { target, person }: Play,
  told: { assigned: boolean; groups: readonly Group[]; employed?: boolean },
): Promise<void> {
  const response = await fetch(new URL('/people', target.companyUrl), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ person, ...told }),
  });
  if (response.status !== 204) throw new Error(`${target.companyUrl ?? ''} answered ${response.status}`);
}

/** Whether another pull follows the last one at once: the last one was under way already when this one was asked for. */
function isDueAtOnce({ lastPullAt, nextPullAt }: Record<string, unknown>): boolean {
  if (typeof nextPullAt !== 'string' || typeof lastPullAt !== 'string') return false;
  return Date.parse(nextPullAt) - Date.parse(lastPullAt) < 60_000;
}

/** Has Gatehouse pull now, and waits until it has. */
async function pullNow(play: Play): Promise<number> {
  if (play.options.pauseMs > 0) await sleep(play.options.pauseMs);
  const path = `/directories/${play.pull.directoryId}`;
  const begun = performance.now();
  const readState = async () =>
    (await call(play, 'GET', path)).body['state'] as Record<string, unknown> | null;
  const before = await readState();
  const asked = await call(play, 'POST', `${path}/pull`);
  let faults = asked.status === 202 ? [] : [`answered ${asked.status}`];
  while (faults.length === 0) {
    const state = await readState();
    const isOver = state !== null && state['lastPullAt'] !== before?.['lastPullAt'] && !isDueAtOnce(state);
    if (isOver && state['error'] !== null) faults = [JSON.stringify(state['error'])];
    if (isOver) break;
    if (performance.now() - begun > pullDeadlineMs) faults = ['the pull does not end'];
    await sleep(pollMs);
  }
  const ms = performance.now() - begun;
  return tell(play, `POST ${path}/pull`, 'pull now', '202, then no error', {
    status: asked.status,
    ms,
    faults,
  });
}

/** Looks at the person in Gatehouse. @param expected - undefined: nobody of that address. */
async function expectUser(
  play: Play,
  expected: { enabled: boolean; groups: readonly string[] } | undefined,
): Promise<number> {
  const begun = performance.now();
  const { status, body } = await call(play, 'GET', `/users?q=${encodeURIComponent(play.person.userName)}`);
  const [user] = (body['items'] ?? []) as { enabled: boolean; groups: { displayName: string }[] }[];
  const found = user && {
    enabled: user.enabled,
    groups: user.groups.map(({ displayName }) => displayName).sort(),
  };
  const faults =
    JSON.stringify(found) === JSON.stringify(expected)
      ? []
      : [`found ${found ? JSON.stringify(found) : 'no user'}`];
  const words =
    expected === undefined
      ? 'no such user'
      : `${expected.enabled ? 'enabled' : 'disabled'}, in ${expected.groups.join(', ') || 'no group'}`;
  const ms = performance.now() - begun;
  return tell(play, 'GET /api/v1/users', play.person.userName, words, { status, ms, faults });
}

const rolesIn = ({ target }: Play, group: Group): string[] =>
  target.rolesByDepartment?.[group.displayName] ?? [];

async function expectSignIn(play: Play, group: Group): Promise<number> {
  const { browser, target, person, options } = play;
  if (target.appUrl === undefined) return 0;
  const faults = await expectForwardedSignIn(browser, target, person, options);
  return faults + (await expectRoles(browser, target, rolesIn(play, group), options));
}

async function joiner(play: Play, group: Group): Promise<number> {
  play.options.narrator.chapter(`Joiner: ${fullName(play.person)} is hired into ${group.displayName}`);
  await writeDown(play, { assigned: true, groups: [group] });
  let faults = await pullNow(play);
  faults += await expectUser(play, { enabled: true, groups: [group.displayName] });
  return faults + (await expectSignIn(play, group));
}

async function mover(play: Play, group: Group): Promise<number> {
  play.options.narrator.chapter(`Mover: ${fullName(play.person)} goes to ${group.displayName}`);
  play.person = { ...play.person, title: 'Manager', department: group.displayName };
  await writeDown(play, { assigned: true, groups: [group] });
  let faults = await pullNow(play);
  faults += await expectUser(play, { enabled: true, groups: [group.displayName] });
  const { target, browser, options } = play;
  if (target.appUrl === undefined) return faults;
  await browser.submit(await browser.get(target.appUrl), {}, '/refresh');
  return faults + (await expectRoles(browser, target, rolesIn(play, group), options));
}

/** Suspended at Google: out of the application, and no way back in. */
async function leaver(play: Play, group: Group): Promise<number> {
  play.options.narrator.chapter(`Leaver: ${fullName(play.person)} is suspended`);
  await writeDown(play, { assigned: false, groups: [group] });
  let faults = await pullNow(play);
  faults += await expectUser(play, { enabled: false, groups: [group.displayName] });
  const { target, browser, options, person } = play;
  if (target.appUrl === undefined) return faults;
  faults += await expectSignedOut(browser, target, options);
  return faults + (await expectRefusal(browser, target, person, 'the company suspended them', options));
}

async function returner(play: Play, group: Group): Promise<number> {
  play.options.narrator.chapter(`Returner: ${fullName(play.person)} is let in again`);
  await writeDown(play, { assigned: true, groups: [group] });
  let faults = await pullNow(play);
  faults += await expectUser(play, { enabled: true, groups: [group.displayName] });
  play.browser = openBrowser(play.options.newJar());
  return faults + (await expectSignIn(play, group));
}

async function deletion(play: Play): Promise<number> {
  play.options.narrator.chapter(`Afterwards: ${fullName(play.person)} is deleted`);
  await writeDown(play, { assigned: false, groups: [], employed: false });
  const faults = await pullNow(play);
  return faults + (await expectUser(play, undefined));
}

/**
 * Joiner, mover, leaver, returner at a company whose directory is pulled: what its administrator writes down, and what Gatehouse and the
 * person see after the next pull.
 *
 * @param target - with the address of the simulated company; its token plays no part.
 * @returns how many answers were not as expected.
 * @throws UnexpectedAnswer at the first of them when told to insist.
 */
export async function playPulledJoinerMoverLeaver(
  target: CompanyTarget,
  pull: PullTarget,
  options: ScenarioOptions,
): Promise<number> {
  const play: Play = {
    ...{ target, pull, options },
    person: makePerson('Grace Hopper', target.domain, departments.support),
    browser: openBrowser(options.newJar()),
  };
  const support = makeGroup(departments.support, target.domain);
  const sales = makeGroup(departments.sales, target.domain);
  options.narrator.chapter(`${target.name}, pulled from the simulated Google Workspace`);
  let faults = await joiner(play, support);
  faults += await mover(play, sales);
  faults += await leaver(play, sales);
  faults += await returner(play, sales);
  return faults + (await deletion(play));
}
