import type { ReactElement, ReactNode } from 'react';

/** Turns the address of a link of a document into one of this server; undefined: it leads nowhere here. */
export type LinkOf = (href: string) => string | undefined;

const inline = /`([^`]+)`|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)]+)\)/g;

/** Text with code, emphasis and links. */
function Inline({ text, linkOf }: { text: string; linkOf: LinkOf }): ReactElement {
  const parts: ReactNode[] = [];
  let from = 0;
  for (const found of text.matchAll(inline)) {
    const [whole, code, strong, emphasis, label = '', href = ''] = found;
    parts.push(text.slice(from, found.index));
    from = found.index + whole.length;
    const key = found.index;
    const address = href === '' ? undefined : linkOf(href);
    if (code !== undefined) parts.push(<code key={key}>{code}</code>);
    else if (strong !== undefined) parts.push(<strong key={key}>{strong}</strong>);
    else if (emphasis !== undefined) parts.push(<em key={key}>{emphasis}</em>);
    else if (address === undefined) parts.push(<Inline key={key} text={label} linkOf={linkOf} />);
    else
      parts.push(
        <a key={key} href={address}>
          <Inline text={label} linkOf={linkOf} />
        </a>,
      );
  }
  return <>{[...parts, text.slice(from)]}</>;
}

const cellsOf = (line: string): string[] =>
  line
    .replace(/^\s*\||\|\s*$/g, '')
    .split('|')
    .map((cell) => cell.trim());

function Table({ lines, linkOf }: { lines: readonly string[]; linkOf: LinkOf }): ReactElement {
  const [head = '', , ...rows] = lines;
  return (
    <div className="wide">
      <table>
        <thead>
          <tr>
            {cellsOf(head).map((cell, index) => (
              <th key={index} scope="col">
                <Inline text={cell} linkOf={linkOf} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {cellsOf(row).map((cell, index) => (
                <td key={index}>
                  <Inline text={cell} linkOf={linkOf} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** `## A title` as the anchor that links of our documents name. */
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');

const isItem = /^(\d+\.|-) /;
const opensBlock = (line: string): boolean => /^(#{1,4} |```|\|)/.test(line) || isItem.test(line);

/** Lines from `from` on for as long as they are of one kind. */
function run(lines: readonly string[], from: number, isPart: (line: string) => boolean): string[] {
  const end = lines.findIndex((line, index) => index >= from && !isPart(line));
  return lines.slice(from, end === -1 ? undefined : end);
}

interface Block {
  element: (key: number) => ReactElement;
  length: number;
}

function headingAt(lines: readonly string[], at: number, linkOf: LinkOf): Block {
  const [, signs = '#', title = ''] = /^(#{1,4}) (.*)$/.exec(lines[at] ?? '') ?? [];
  const Level = `h${signs.length}` as 'h1' | 'h2' | 'h3' | 'h4';
  return {
    length: 1,
    element: (key) => (
      <Level key={key} id={anchorOf(title)}>
        <Inline text={title} linkOf={linkOf} />
      </Level>
    ),
  };
}

function codeAt(lines: readonly string[], at: number): Block {
  const code = run(lines, at + 1, (line) => !line.startsWith('```'));
  return {
    length: code.length + 2,
    element: (key) => (
      <pre key={key} tabIndex={0}>
        <code>{code.join('\n')}</code>
      </pre>
    ),
  };
}

/** Items with what is indented below them; tables between two items belong to the first. */
function listAt(lines: readonly string[], at: number, linkOf: LinkOf): Block {
  const isPart = (line: string): boolean =>
    line === '' || /^ {2,}/.test(line) || isItem.test(line) || line.startsWith('|');
  const whole = run(lines, at, isPart);
  const items: string[][] = [];
  for (const line of whole) {
    if (isItem.test(line)) items.push([line.replace(isItem, '')]);
    else items.at(-1)?.push(line.replace(/^ {2,3}/, ''));
  }
  const List = /^\d/.test(lines[at] ?? '') ? 'ol' : 'ul';
  return {
    length: whole.length,
    element: (key) => (
      <List key={key}>
        {items.map((item, index) => (
          <li key={index}>
            <Markdown lines={item} linkOf={linkOf} />
          </li>
        ))}
      </List>
    ),
  };
}

function tableAt(lines: readonly string[], at: number, linkOf: LinkOf): Block {
  const rows = run(lines, at, (line) => line.startsWith('|'));
  return { length: rows.length, element: (key) => <Table key={key} lines={rows} linkOf={linkOf} /> };
}

function paragraphAt(lines: readonly string[], at: number, linkOf: LinkOf): Block {
  const [first = '', ...rest] = lines.slice(at);
  const text = [first, ...run(rest, 0, (line) => line !== '' && !opensBlock(line))];
  return {
    length: text.length,
    element: (key) => (
      <p key={key}>
        <Inline text={text.join(' ')} linkOf={linkOf} />
      </p>
    ),
  };
}

function blockAt(lines: readonly string[], at: number, linkOf: LinkOf): Block {
  const line = lines[at] ?? '';
  if (line.startsWith('```')) return codeAt(lines, at);
  if (line.startsWith('#')) return headingAt(lines, at, linkOf);
  if (line.startsWith('|')) return tableAt(lines, at, linkOf);
  if (isItem.test(line)) return listAt(lines, at, linkOf);
  return paragraphAt(lines, at, linkOf);
}

/** The part of Markdown that our guides are written in. */
export function Markdown({ lines, linkOf }: { lines: readonly string[]; linkOf: LinkOf }): ReactElement {
  const found: ReactElement[] = [];
  for (let at = 0; at < lines.length;) {
    if (lines[at] === '') {
      at += 1;
      continue;
    }
    const block = blockAt(lines, at, linkOf);
    found.push(block.element(at));
    at += block.length;
  }
  return <>{found}</>;
}
