import type { Company, Employee } from './company.js';
import { escapeHtml, htmlPage } from './html.js';
import { fullName } from './person.js';

function personButton({ person }: Employee, hint: string | undefined): string {
  const main = person.userName.toLowerCase() === hint?.toLowerCase() ? ' class="main"' : '';
  return `<button name="user" value="${escapeHtml(person.id)}"${main}>${escapeHtml(fullName(person))} <small>${escapeHtml(person.userName)}</small></button>`;
}

/** The page where one click replaces the company's whole sign-in. It shows assigned people only. */
export function signInPage(company: Company, uid: string, hint: string | undefined, alert?: string): string {
  const people = [...company.employees.values()].filter((employee) => employee.assigned);
  return htmlPage(
    `Sign in at ${company.name}`,
    company.brand,
    `<h1>${escapeHtml(company.name)}</h1><p class="sub">The company's own login (simulated). Who are you?</p>
${alert ? `<p role="alert">${escapeHtml(alert)}</p>` : ''}
<form class="list" method="post" action="/sign-in/${escapeHtml(uid)}">${people.map((employee) => personButton(employee, hint)).join('')}</form>
<p><form method="post" action="/sign-in/${escapeHtml(uid)}/cancel"><button>Cancel</button></form></p>`,
  );
}

function action(path: string, label: string, fields: Record<string, string> = {}): string {
  const inputs = Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`)
    .join('');
  return `<form method="post" action="${escapeHtml(path)}">${inputs}<button>${escapeHtml(label)}</button></form> `;
}

function actionsOf(company: Company, { person, assigned, groupIds }: Employee): string {
  const base = `/people/${encodeURIComponent(person.id)}`;
  if (!assigned) return action(`${base}/assign`, 'Assign');
  const moves = [...company.groups.values()]
    .filter((group) => !groupIds.has(group.id))
    .map((group) => action(`${base}/move`, `Move to ${group.displayName}`, { group: group.id }));
  return action(`${base}/unassign`, 'Unassign (leaver)') + moves.join('');
}

function row(company: Company, employee: Employee): string {
  const groups = [...employee.groupIds].map((id) => company.groups.get(id)?.displayName ?? id);
  const tags = groups.map((name) => `<span class="tag">${escapeHtml(name)}</span>`).join('');
  const { person } = employee;
  return `<tr><td>${escapeHtml(fullName(person))}<br><small>${escapeHtml(person.userName)}</small></td><td>${employee.assigned ? 'assigned' : '-'}</td><td>${tags}</td><td>${actionsOf(company, employee)}</td></tr>`;
}

function sentList(lines: readonly string[]): string {
  if (lines.length === 0) return '<p>Nothing yet.</p>';
  return `<ol class="sent">${lines
    .map((line) => `<li>${escapeHtml(line)}</li>`)
    .reverse()
    .join('')}</ol>`;
}

/** The company's directory with one button for each event, and the requests the last ones caused. */
export function directoryPage(company: Company, title: string, lines: readonly string[]): string {
  const rows = [...company.employees.values()].map((employee) => row(company, employee)).join('');
  return htmlPage(
    `${company.name} directory`,
    company.brand,
    `<h1>${escapeHtml(company.name)}: directory</h1><p class="sub">Simulated ${escapeHtml(title)}. Each button pushes to Gatehouse over SCIM, as that provider would.</p>
<table><thead><tr><th>Person</th><th>Gatehouse</th><th>Groups</th><th></th></tr></thead><tbody>${rows}</tbody></table>
<h2>What was sent, newest first</h2>${sentList(lines)}`,
  );
}
