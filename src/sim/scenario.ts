import type { Browser, CookieJar } from './browser.js';
import { openBrowser } from './browser.js';
import { departments, fullName, makeGroup, makePerson, type Group, type Person } from './person.js';
import { profileNamed } from './profiles/by-name.js';
import type { Profile } from './profiles/profile.js';
import { runSteps, type Pusher, type RunOptions } from './run-steps.js';
import type { Step } from './step.js';
import { scimTargetOf, type CompanyTarget } from './target.js';
import {
  expectForwardedSignIn,
  expectLocalSignIn,
  expectRefusal,
  expectRoles,
  expectSignedOut,
} from './visits.js';

/** What a scenario needs beyond its target. */
export interface ScenarioOptions extends RunOptions {
  /** A fresh jar for each browser. */
  newJar: () => CookieJar;
}

interface Play {
  target: CompanyTarget;
  profile: Profile;
  options: ScenarioOptions;
  person: Person;
  support: Group;
  sales: Group;
  browser: Browser;
  /** @returns unexpected answers. */
  push(steps: readonly Step[]): Promise<number>;
}

async function tell(url: URL, what: object): Promise<void> {
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(what),
  });
  if (response.status !== 204) throw new Error(`${url.href} answered ${response.status}`);
}

/** Reports the change of the directory to the company's login. */
async function tellCompany(play: Play, assigned: boolean): Promise<void> {
  if (play.target.companyUrl === undefined) return;
  await tell(new URL('/people', play.target.companyUrl), { person: play.person, assigned });
}

function rolesIn(play: Play, department: string): string[] {
  return play.target.rolesByDepartment?.[department] ?? [];
}

/** A person is hired: pushed, put into a group, signed in to the application through the company. */
async function joiner(play: Play): Promise<number> {
  const { profile, person, support, options } = play;
  options.narrator.chapter(`Joiner: ${fullName(person)} is hired into ${support.displayName}`);
  await tellCompany(play, true);
  let faults = await play.push([
    ...profile.join(person),
    ...profile.pushGroup(support),
    ...profile.addMember(support, person),
  ]);
  faults += await play.push(onboardingGroup(play));
  if (play.target.appUrl === undefined) return faults;
  faults += await expectForwardedSignIn(play.browser, play.target, person, options);
  faults += await expectRoles(play.browser, play.target, rolesIn(play, support.displayName), options);
  return faults;
}

/** A group that comes, is renamed and goes. */
function onboardingGroup({ profile, person, target }: Play): Step[] {
  const group = makeGroup(`Onboarding ${profile.name}`, target.domain);
  const renamed = { ...group, displayName: `${group.displayName} (done)` };
  return [
    ...profile.pushGroup(group),
    ...profile.addMember(group, person),
    ...profile.renameGroup(group, renamed.displayName),
    ...profile.removeMember(renamed, person),
    ...profile.deleteGroup(renamed),
  ];
}

/** A person changes jobs: another group, another department, other roles at the application's next refresh. */
async function mover(play: Play): Promise<number> {
  const { profile, person, support, sales, options } = play;
  options.narrator.chapter(`Mover: ${fullName(person)} goes to ${sales.displayName}`);
  let faults = await play.push([
    ...profile.pushGroup(sales),
    ...profile.removeMember(support, person),
    ...profile.addMember(sales, person),
    ...profile.change(person, { title: 'Manager', department: sales.displayName }),
  ]);
  play.person = { ...person, title: 'Manager', department: sales.displayName };
  if (play.target.appUrl === undefined) return faults;
  await play.browser.submit(await play.browser.get(play.target.appUrl), {}, '/refresh');
  faults += await expectRoles(play.browser, play.target, rolesIn(play, sales.displayName), options);
  return faults;
}

/** A person leaves: out of the application at once, and no way back in. */
async function leaver(play: Play): Promise<number> {
  const { profile, person, target, options } = play;
  options.narrator.chapter(`Leaver: ${fullName(person)}`);
  let faults = await play.push(profile.suspend(person));
  if (target.appUrl !== undefined) {
    faults += await expectSignedOut(play.browser, target, options);
    faults += await expectRefusal(
      play.browser,
      target,
      person,
      'the company still knows them, Gatehouse does not',
      options,
    );
  }
  await tellCompany(play, false);
  if (target.companyUrl !== undefined && target.appUrl !== undefined) {
    faults += await expectRefusal(
      play.browser,
      target,
      person,
      'the company does not know them any more',
      options,
    );
  }
  return faults;
}

/** A person comes back: the same person with the roles of the last job, after a sign-in of their own. */
async function returner(play: Play): Promise<number> {
  const { profile, person, sales, target, options } = play;
  options.narrator.chapter(`Returner: ${fullName(person)} is assigned again`);
  await tellCompany(play, true);
  let faults = await play.push(profile.resume(person));
  if (target.appUrl === undefined) return faults;
  const browser = openBrowser(options.newJar());
  faults += await expectForwardedSignIn(browser, target, person, options);
  faults += await expectRoles(browser, target, rolesIn(play, sales.displayName), options);
  return faults;
}

/** A person outside the directory comes by SAML: the first sign-in creates them, and each gives the roles of the groups it names. */
async function partner(play: Play): Promise<number> {
  const { companyUrl, partnerDomain, appUrl } = play.target;
  if (companyUrl === undefined || partnerDomain === undefined || appUrl === undefined) return 0;
  const { options, target } = play;
  const person = makePerson('Annie Easley', partnerDomain, departments.support);
  options.narrator.chapter(`Partner: ${fullName(person)} signs in by SAML, and is in no directory`);
  const people = new URL('/saml/people', companyUrl);
  let faults = 0;
  for (const department of [departments.support, departments.sales]) {
    const groups = [makeGroup(department, partnerDomain)];
    await tell(people, { person, assigned: true, groups });
    const browser = openBrowser(options.newJar());
    faults += await expectForwardedSignIn(browser, target, person, options);
    faults += await expectRoles(browser, target, rolesIn(play, department), options);
  }
  await tell(people, { person, assigned: false });
  const because = 'the company does not sign them in any more';
  return faults + (await expectRefusal(openBrowser(options.newJar()), target, person, because, options));
}

/** Leaves the server as it was found, as far as the provider can: one that never deletes leaves an inactive user behind. */
async function tidyUp(play: Play): Promise<number> {
  const { profile, person, sales, options } = play;
  options.narrator.chapter('Afterwards: out of the group, and gone');
  await tellCompany(play, false);
  const removal = profile.remove(person);
  return play.push([
    ...profile.removeMember(sales, person),
    ...(removal.length > 0 ? removal : profile.suspend(person)),
  ]);
}

async function localSignIn(play: Play): Promise<number> {
  const { target, options } = play;
  if (target.appUrl === undefined || target.localUser === undefined) return 0;
  options.narrator.chapter('At the same time, a user without a company sign-in signs in with a password');
  return expectLocalSignIn(openBrowser(options.newJar()), target, target.localUser, options);
}

/**
 * Joiner, mover, leaver, returner: one person's whole time at a company, as its identity provider sends it, and what the person sees.
 *
 * Can be played again and again: users left from the last run are found, linked and enabled.
 *
 * @returns how many answers were not as expected.
 * @throws UnexpectedAnswer at the first of them with `--assert`.
 */
export async function playJoinerMoverLeaver(
  target: CompanyTarget,
  options: ScenarioOptions,
): Promise<number> {
  const profile = profileNamed(target.profile);
  const pusher: Pusher = { target: scimTargetOf(target), headers: profile.headers, memory: new Map() };
  const play: Play = {
    target,
    profile,
    options,
    person: makePerson('Grace Hopper', target.domain, departments.support),
    support: makeGroup(departments.support, target.domain),
    sales: makeGroup(departments.sales, target.domain),
    browser: openBrowser(options.newJar()),
    push: (steps) => runSteps(pusher, steps, options),
  };
  options.narrator.chapter(`${target.name}, played by ${profile.title}`);
  let faults = await play.push(profile.probe());
  for (const act of [joiner, localSignIn, mover, leaver, returner, partner, tidyUp])
    faults += await act(play);
  return faults;
}
