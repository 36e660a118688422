/**
 * The XHTML of narratives (txt-1, txt-2, http://hl7.org/fhir/R4/narrative.html#xhtml): well formed, only the
 * elements and attributes that are allowed, something to read in it, local links that lead somewhere.
 */
import { SaxesParser } from 'saxes';
import type { Focus, ProfileRun } from './profile-run.ts';

const ELEMENTS: ReadonlySet<string> = new Set(
  (
    'p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt q var abbr acronym cite blockquote hr address ' +
    'bdo kbd code pre img map area ul ol li dl dt dd table thead tbody tfoot tr th td col colgroup caption sub sup ' +
    'samp dfn del ins s strike u figure figcaption'
  ).split(' '),
);
const ANYWHERE: ReadonlySet<string> = new Set(
  'title style class id lang xml:lang dir accesskey tabindex xmlns align valign'.split(' '),
);
const OF_ELEMENT: Readonly<Record<string, readonly string[]>> = {
  a: ['href', 'name', 'rel', 'type', 'hreflang', 'charset', 'shape', 'coords', 'target'],
  img: ['src', 'alt', 'longdesc', 'height', 'width', 'usemap', 'ismap', 'border'],
  area: ['shape', 'coords', 'href', 'nohref', 'alt'],
  map: ['name'],
  table: ['border', 'width', 'cellpadding', 'cellspacing', 'summary', 'frame', 'rules', 'bgcolor', 'height'],
  ol: ['start', 'type'],
  ul: ['type'],
  li: ['value'],
  q: ['cite'],
  blockquote: ['cite'],
  del: ['cite', 'datetime'],
  ins: ['cite', 'datetime'],
};
const CELLS: readonly string[] = [
  'abbr',
  'axis',
  'headers',
  'scope',
  'rowspan',
  'colspan',
  'width',
  'height',
  'char',
  'charoff',
  'span',
  'nowrap',
  'bgcolor',
];
const CELL_ELEMENTS: ReadonlySet<string> = new Set('thead tbody tfoot tr th td col colgroup'.split(' '));

interface Reading {
  readonly wrong: Set<string>;
  readonly links: Set<string>;
  readonly anchors: Set<string>;
  content: boolean;
  depth: number;
}

/** Holds a narrative's div to the rules; `item.value` is its markup. */
export function checkNarrative(run: ProfileRun, { item }: Focus): void {
  if (typeof item.value !== 'string') return;
  const reading: Reading = {
    wrong: new Set(),
    links: new Set(),
    anchors: new Set(),
    content: false,
    depth: 0,
  };
  try {
    read(item.value, reading);
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : '';
    run.error('structure', item.path, `The narrative is not well-formed XHTML${placeOf(text)}.`);
    return;
  }
  for (const text of reading.wrong) run.error('invariant', item.path, text);
  if (!reading.content) {
    run.error('invariant', item.path, 'The narrative must have text or an image in it (txt-2).');
  }
  for (const link of reading.links) {
    if (reading.anchors.has(link)) continue;
    run.error('not-found', item.path, 'A link to a place in this narrative leads nowhere.');
  }
}

/** Where the parser stopped, without what it read. */
function placeOf(text: string): string {
  const place = /^(\d+):(\d+):/.exec(text);
  return place === null ? '' : ` (line ${place[1]}, character ${place[2]})`;
}

function read(markup: string, reading: Reading): void {
  const parser = new SaxesParser({ position: true });
  // HTML's own entities are allowed: http://hl7.org/fhir/R4/narrative.html#xhtml
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => reading.wrong.add('A narrative must not have a document type.'));
  parser.on('processinginstruction', () =>
    reading.wrong.add('A narrative must not have processing instructions.'),
  );
  parser.on('text', (text) => {
    if (text.trim() !== '') reading.content = true;
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (reading.depth++ === 0 && name !== 'div') {
      reading.wrong.add('A narrative must be one <div>.');
    }
    checkTag(name, attributes, reading);
  });
  parser.on('closetag', () => {
    reading.depth--;
  });
  parser.write(markup.replace(/&([A-Za-z][A-Za-z0-9]*);/g, entity)).close();
}

const XML_ENTITIES: ReadonlySet<string> = new Set(['amp', 'lt', 'gt', 'quot', 'apos']);

/** What an entity of HTML stands for does not matter here, only that it is one character. */
function entity(whole: string, name: string): string {
  return XML_ENTITIES.has(name) || name.length > 10 ? whole : '\u00a0\u2022';
}

function checkTag(name: string, attributes: Readonly<Record<string, unknown>>, reading: Reading): void {
  if (!ELEMENTS.has(name)) {
    reading.wrong.add(`The element ${nameShown(name)} is not allowed in a narrative (txt-1).`);
  }
  if (name === 'img') reading.content = true;
  for (const attribute in attributes) {
    const own = CELL_ELEMENTS.has(name) ? CELLS : (OF_ELEMENT[name] ?? []);
    if (!ANYWHERE.has(attribute) && !own.includes(attribute) && !attribute.startsWith('xmlns')) {
      reading.wrong.add(
        `The attribute ${nameShown(attribute)} is not allowed on ${nameShown(name)} in a narrative (txt-1).`,
      );
    }
    const value = attributes[attribute];
    if (typeof value !== 'string') continue;
    if (attribute === 'id' || (attribute === 'name' && name === 'a')) reading.anchors.add(value);
    if (attribute === 'href' && value.startsWith('#') && value !== '#') reading.links.add(value.slice(1));
  }
}

function nameShown(name: string): string {
  return /^[A-Za-z][\w:.-]{0,30}$/.test(name) ? `"${name}"` : '(of an odd name)';
}
