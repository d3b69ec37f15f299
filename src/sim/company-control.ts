import type { RequestHandler } from 'express';
import { z } from 'zod';
import { putEmployee, type Company } from './company.js';

const controlSchema = z.strictObject({
  assigned: z.boolean(),
  /** The groups the person is in from now on; absent: as before. */
  groups: z.array(z.strictObject({ id: z.string().min(1), displayName: z.string().min(1) })).optional(),
  /** False: the person is deleted. */
  employed: z.boolean().default(true),
  person: z.strictObject({
    id: z.string().min(1),
    userName: z.string().min(1),
    givenName: z.string(),
    familyName: z.string(),
    title: z.string(),
    department: z.string(),
  }),
});

function applyControl(
  company: Company,
  { person, assigned, groups, employed }: z.output<typeof controlSchema>,
): void {
  const employee = putEmployee(company, person, assigned);
  for (const group of groups ?? []) company.groups.set(group.id, group);
  if (groups) employee.groupIds = new Set(groups.map(({ id }) => id));
  if (!employed) company.employees.delete(person.id);
}

/** `PUT /people`: a scenario reports what happens at the company; one that pushes by itself reports its changes to the company's login. */
export function controlPeople(company: Company): RequestHandler {
  return (req, res) => {
    const said = controlSchema.safeParse(req.body);
    if (said.success) applyControl(company, said.data);
    res.status(said.success ? 204 : 400).end();
  };
}
