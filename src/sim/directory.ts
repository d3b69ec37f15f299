import type { Clock } from '../shared/clock.js';
import type { Company, Employee } from './company.js';
import { formatEvent, type Narrator } from './narrator.js';
import type { Group } from './person.js';
import { profileNamed } from './profiles/by-name.js';
import type { Profile } from './profiles/profile.js';
import { runSteps, type Pusher } from './run-steps.js';
import type { ScimTarget } from './scim-client.js';
import type { Step } from './step.js';

/** A company's provisioning: turns what its administrator clicks into the requests its identity provider sends. */
export interface Directory {
  /** Tests the connection and pushes everybody who is assigned, with their groups. @returns unexpected answers. */
  pushAll(): Promise<number>;
  /** One click on the directory's page. @returns unexpected answers. */
  press(event: 'assign' | 'unassign' | 'move', employee: Employee, group?: Group): Promise<number>;
  /** The latest requests, oldest first, as people read them. */
  lines(): readonly string[];
}

const keptLines = 40;

/** The lookup every provider begins an assignment with: makes sure the id on the server is known. */
function lookup(profile: Profile, employee: Employee): Step[] {
  return profile.join(employee.person).slice(0, 1);
}

function assign(profile: Profile, company: Company, employee: Employee): Step[] {
  const groups = [...employee.groupIds].flatMap((id) => company.groups.get(id) ?? []);
  const memberships = groups.flatMap((group) => [
    ...profile.pushGroup(group),
    ...profile.addMember(group, employee.person),
  ]);
  return [...profile.join(employee.person), ...memberships];
}

/** Out of every group, into one, and the department goes with it. */
function move(profile: Profile, company: Company, employee: Employee, target: Group): Step[] {
  const old = [...employee.groupIds].flatMap((id) => company.groups.get(id) ?? []);
  return [
    ...lookup(profile, employee),
    ...old.flatMap((group) => [...profile.pushGroup(group), ...profile.removeMember(group, employee.person)]),
    ...profile.pushGroup(target),
    ...profile.addMember(target, employee.person),
    ...profile.change(employee.person, { department: target.displayName }),
  ];
}

function applyEvent(event: string, employee: Employee, group: Group | undefined): void {
  if (event === 'assign' || event === 'unassign') employee.assigned = event === 'assign';
  if (event === 'move' && group !== undefined) {
    employee.groupIds = new Set([group.id]);
    employee.person = { ...employee.person, department: group.displayName };
  }
}

/**
 * @param narrator - hears of every request too, besides the directory's own page.
 */
export function openDirectory(
  company: Company,
  target: ScimTarget,
  clock: Clock,
  narrator: Narrator,
): Directory {
  const profile = profileNamed(company.profile);
  const pusher: Pusher = { target, headers: profile.headers, memory: new Map() };
  const lines: string[] = [];
  const run = (steps: readonly Step[]): Promise<number> =>
    runSteps(pusher, steps, {
      clock,
      assert: false,
      pauseMs: 0,
      narrator: {
        chapter: (title) => narrator.chapter(title),
        event(happened) {
          lines.push(formatEvent(happened));
          lines.splice(0, lines.length - keptLines);
          narrator.event(happened);
        },
      },
    });
  return {
    lines: () => lines,
    async pushAll() {
      const assigned = [...company.employees.values()].filter((employee) => employee.assigned);
      let faults = await run(profile.probe());
      for (const employee of assigned) faults += await run(assign(profile, company, employee));
      return faults;
    },
    async press(event, employee, group) {
      const steps = {
        assign: () => assign(profile, company, employee),
        unassign: () => [...lookup(profile, employee), ...profile.suspend(employee.person)],
        move: () => (group === undefined ? [] : move(profile, company, employee, group)),
      };
      const planned = steps[event]();
      applyEvent(event, employee, group);
      return run(planned);
    },
  };
}
