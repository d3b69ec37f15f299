// Writes docs/events.md from the catalogue of events; with --check it only compares (exit 1 when they differ).
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { eventCatalogue, exampleEvent } from '../src/identity/events/catalogue.js';
import { packageFolder } from '../src/infrastructure/package-info.js';

const target = join(packageFolder, 'docs/events.md');
const types = Object.keys(eventCatalogue).sort();

/** `user` of `user.created`. */
const nounOf = (type: string): string => type.split('.')[0] ?? type;

function section(noun: string): string {
  const parts = types
    .filter((type) => nounOf(type) === noun)
    .map((type) => {
      const example = JSON.stringify(exampleEvent(type));
      return `**\`${type}\`**: ${eventCatalogue[type]?.text ?? ''}\n\n\`\`\`json\n${example}\n\`\`\`\n`;
    });
  return `## ${noun}\n\n${parts.join('\n')}`;
}

/** The page as the catalogue says it. */
export function eventsPage(): string {
  return `# Events

Every change is one event: an entry of the audit trail, written in the transaction of the change. [api.md](api.md#events) says how to read them (\`GET /events\`) and how to have them sent (webhooks);
[guides/webhooks.md](guides/webhooks.md) how to check a message; [operations.md](operations.md#streams-for-a-siem) how an operator sends those of all tenants to a SIEM.

An event is \`{type, timestamp, data}\`. \`data\` has \`id\`, \`tenant\`, \`actor\` (type \`user\`, \`api_key\`, \`scim\`, \`system\`, \`operator\` or \`anonymous\`), \`target\`, \`changes\` (path, before, after; never secrets),
\`truncated\` (the changes are larger than 64 KiB and left out), \`result\` (\`success\` or \`failure\`), \`requestId\` and \`ip\`. New types and members may come at any time: pass over what you do not know. \`webhook.test\` is sent by the
test of a webhook alone, and is in no trail.

${[...new Set(types.map(nounOf))].map(section).join('\n')}`;
}

function main(): void {
  if (!process.argv.includes('--check')) writeFileSync(target, eventsPage());
  else if (readFileSync(target, 'utf8') !== eventsPage()) {
    console.error('docs/events.md is not what the catalogue says: npm run docs:events');
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
