import { createRequire } from 'node:module';

/** An XML element, as far as this server reads one. */
export interface XmlElement {
  readonly nodeType: number;
  readonly localName: string;
  readonly namespaceURI: string | null;
  readonly parentNode: XmlElement | null;
  readonly textContent: string;
  readonly childNodes: ArrayLike<XmlElement>;
  readonly attributes: ArrayLike<XmlAttribute>;
  hasAttribute(name: string): boolean;
  getAttribute(name: string): string | null;
}

interface XmlAttribute {
  readonly name: string;
  readonly localName: string;
  readonly value: string;
}

interface Library {
  DOMParser: new (options: object) => {
    parseFromString(text: string, type: string): { documentElement: XmlElement | null };
  };
}

// Its types would bring those of browsers into the whole project.
const require = createRequire(import.meta.url);
const { DOMParser } = require('@xmldom/xmldom') as Library;

/** XML that is not read; `reason` is a stable word. */
export class XmlRefused extends Error {
  readonly reason: 'doctype' | 'markup' | 'malformed' | 'size';

  constructor(reason: XmlRefused['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

const maxTags = 10_000;
const maxAttributes = 100;
const deepest = 60;

/** Before anything parses it: a document's size is what its author chose, the work it makes is not. */
function refuseTooMuch(text: string, maxPasswordLength: number): void {
  if (text.length > maxPasswordLength)
    throw new XmlRefused('size', `longer than ${maxPasswordLength} characters`);
  const parts = text.split('<');
  if (parts.length > maxTags) throw new XmlRefused('size', `more than ${maxTags} tags`);
  if (parts.some((part) => part.split(/=\s*["']/).length > maxAttributes + 1))
    throw new XmlRefused('size', `more than ${maxAttributes} attributes on one element`);
}

function refuseMarkup(text: string, allowsComments: boolean): void {
  if (/<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/i.test(text))
    throw new XmlRefused('doctype', 'has a document type definition');
  const body = text.replace(/^\uFEFF?\s*<\?xml\s[^?<>]*\?>/, '');
  if (!allowsComments && /<[!?]/.test(body))
    throw new XmlRefused('markup', 'has a comment, a CDATA section or a processing instruction');
}

/** All elements, from the root down, in the order of the document. */
export function elementsOf(root: XmlElement): XmlElement[] {
  const found: XmlElement[] = [];
  const left: { element: XmlElement; depth: number }[] = [{ element: root, depth: 1 }];
  for (let next = left.pop(); next; next = left.pop()) {
    if (next.depth > deepest) throw new XmlRefused('size', `nested deeper than ${deepest} levels`);
    found.push(next.element);
    const { depth } = next;
    left.push(
      ...childElements(next.element)
        .reverse()
        .map((element) => ({ element, depth: depth + 1 })),
    );
  }
  return found;
}

/** The elements right below one. */
export function childElements(parent: XmlElement): XmlElement[] {
  return Array.from(parent.childNodes).filter(({ nodeType }) => nodeType === 1);
}

/** The elements right below one with this namespace and name. */
export function childrenNamed(parent: XmlElement, namespace: string, name: string): XmlElement[] {
  return childElements(parent).filter(
    ({ localName, namespaceURI }) => localName === name && namespaceURI === namespace,
  );
}

/** An attribute's value; undefined where it is absent. */
export function attributeOf(element: XmlElement, name: string): string | undefined {
  return element.hasAttribute(name) ? (element.getAttribute(name) ?? undefined) : undefined;
}

/**
 * Reads an XML document of others: no document types, so no entities; a limit for everything; nothing is corrected.
 *
 * @param limits - `allowsComments`: comments, CDATA and processing instructions too, for what is not signed.
 * @throws {@link XmlRefused}.
 */
export function parseXml(
  text: string,
  { maxPasswordLength, allowsComments = false }: { maxPasswordLength: number; allowsComments?: boolean },
): XmlElement {
  refuseTooMuch(text, maxPasswordLength);
  refuseMarkup(text, allowsComments);
  const fail = (message: string): never => {
    throw new XmlRefused('malformed', message.split('\n')[0] ?? '');
  };
  try {
    const parser = new DOMParser({
      locator: {},
      errorHandler: { warning: fail, error: fail, fatalError: fail },
    });
    const root = parser.parseFromString(text, 'text/xml').documentElement;
    if (!root) return fail('no document');
    elementsOf(root);
    return root;
  } catch (error) {
    if (error instanceof XmlRefused) throw error;
    return fail(error instanceof Error ? error.message : 'not well formed');
  }
}

/** A text in the form it has in XML, in an element or an attribute. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}
