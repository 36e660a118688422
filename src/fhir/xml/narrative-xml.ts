/**
 * The narrative between JSON and XML. JSON carries it as text, XML as elements: kept as it is where it is
 * well-formed XHTML on its own, and as a text to be read where it is not, so that no narrative can break the
 * document around it or end early and forge what follows. http://hl7.org/fhir/R4/narrative.html#xhtml
 */
import { SaxesParser } from 'saxes';
import { escapedText, escapedXml } from '../xml-escape.ts';
import { XHTML_NAMESPACE } from './xml-types.ts';

const DECLARED = /^<div\b[^>]*\sxmlns\s*=/;

/** The `<div>` of a JSON text as it may stand in XML. */
export function narrativeXml(div: string): string {
  const trimmed = div.trim();
  const declared = DECLARED.test(trimmed)
    ? trimmed
    : trimmed.replace(/^<div\b/, `<div xmlns="${XHTML_NAMESPACE}"`);
  if (isNarrative(declared)) return declared;
  // the entity that HTML knows and XML does not, and that editors like best
  const spaced = declared.replaceAll('&nbsp;', '&#160;');
  if (spaced !== declared && isNarrative(spaced)) return spaced;
  return `<div xmlns="${XHTML_NAMESPACE}">${escapedText(trimmed)}</div>`;
}

/** Whether it is one well-formed element `div` of XHTML, and nothing else. */
function isNarrative(text: string): boolean {
  const parser = new SaxesParser({ xmlns: true, position: false });
  let open = 0;
  let fits = true;
  parser.on('doctype', () => {
    fits = false;
  });
  parser.on('opentag', (tag) => {
    if (tag.uri !== XHTML_NAMESPACE || (open === 0 && tag.local !== 'div')) fits = false;
    open++;
  });
  parser.on('closetag', () => open--);
  try {
    parser.write(text).close();
  } catch {
    return false;
  }
  return fits;
}

/**
 * A narrative of XML as JSON carries it: its source; where its elements have a prefix (`h:div`), without it,
 * since the declaration stands outside.
 */
export function narrativeWithoutPrefix(source: string, prefix: string): string {
  if (prefix === '') return source;
  const parser = new SaxesParser({ xmlns: false, position: false });
  let out = '';
  parser.on('opentag', ({ name, attributes, isSelfClosing }) => {
    const local = name.slice(prefix.length + 1);
    out += out === '' ? `<${local} xmlns="${XHTML_NAMESPACE}"` : `<${local}`;
    for (const [attribute, value] of Object.entries(attributes)) {
      if (!attribute.startsWith('xmlns')) out += ` ${attribute}="${escapedXml(value)}"`;
    }
    out += isSelfClosing ? '/>' : '>';
  });
  parser.on('closetag', ({ name, isSelfClosing }) => {
    if (!isSelfClosing) out += `</${name.slice(prefix.length + 1)}>`;
  });
  parser.on('text', (piece) => {
    out += escapedText(piece);
  });
  parser.on('cdata', (piece) => {
    out += escapedText(piece);
  });
  parser.write(source).close();
  return out;
}
