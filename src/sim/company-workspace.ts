import type { Company, Employee } from './company.js';
import { googleId, type GoogleUser, type Workspace } from './google-workspace.js';
import { fullName } from './person.js';

/** An address for a group, as Google wants one. */
const groupAddress = (name: string, domain: string): string =>
  `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '.')}@${domain}`;

function userOf({ person, assigned }: Employee): GoogleUser {
  const { givenName, familyName, title, department, userName } = person;
  return {
    id: googleId(person.id),
    primaryEmail: userName,
    name: { givenName, familyName, fullName: fullName(person) },
    orgUnitPath: `/${department}`,
    organizations: [{ title, department, primary: true }],
    suspended: !assigned,
    archived: false,
  };
}

/** Makes a Workspace say what a company's directory says now: who is not assigned is suspended. */
export function mirrorCompany(workspace: Workspace, company: Company): void {
  workspace.users.clear();
  workspace.groups.clear();
  for (const { id, displayName } of company.groups.values()) {
    const email = groupAddress(displayName, company.domain);
    workspace.groups.set(id, { id: googleId(id), email, name: displayName, members: [] });
  }
  for (const employee of company.employees.values()) {
    const user = userOf(employee);
    workspace.users.set(user.id, user);
    for (const groupId of employee.groupIds)
      workspace.groups.get(groupId)?.members.push({ id: user.id, type: 'USER' });
  }
}
