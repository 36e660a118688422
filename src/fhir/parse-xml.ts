/**
 * FHIR XML → the JSON value that the same resource would have come as, in one pass and without a tree in
 * between. What XML can do and FHIR does not need is refused by name: document types, entities of one's own,
 * other encodings and namespaces. An error tells line, column and the element, and nothing of the content.
 * http://hl7.org/fhir/R4/xml.html
 */
import { isUtf8 } from 'node:buffer';
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { SaxesParser } from 'saxes';
import { Failure, type FailureDetail, type IssueType } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { XmlReading } from './xml/xml-reading.ts';

type Limits = Pick<Settings, 'xmlDepthMax' | 'xmlAttributesMax' | 'jsonDepthMax' | 'xmlSliceBytes'>;

/**
 * The resource in `bytes` (UTF-8) as a JSON value, decimals as they were written; the thread is given up now and then
 * where it is long. Rejects with Failure `structure` for what is no FHIR XML, `too-costly` (status 400) over a limit.
 */
export async function parseXml(bytes: Uint8Array, settings: Limits): Promise<unknown> {
  if (!isUtf8(bytes)) throw new Failure('structure', 'The body is not UTF-8. Send XML in UTF-8.');
  const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const source = given.startsWith('\ufeff') ? given.slice(1) : given;
  const { parser, reading } = opened(source, settings);
  for (let from = 0; from < source.length; from += settings.xmlSliceBytes) {
    if (from > 0) await turnOfOthers();
    take(source, parser, () => parser.write(source.slice(from, from + settings.xmlSliceBytes)));
  }
  take(source, parser, () => parser.close());
  return reading.root;
}

function take(source: string, parser: SaxesParser, next: () => void): void {
  try {
    next();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('structure', brokenXml(error as Error, source, parser.position));
  }
}

/**
 * The parser, with its handlers. There are six: one more than seven, and V8 keeps the parser's own state in a
 * dictionary, which makes it five times slower. What is wrong with the XML it throws by itself.
 */
function opened(
  source: string,
  settings: Limits,
): { readonly parser: SaxesParser; readonly reading: XmlReading } {
  const parser = new SaxesParser({ xmlns: false });
  const place = (): number => source.lastIndexOf('<', parser.position - 1);
  const fail = (code: IssueType, text: string, detail: FailureDetail = {}): Failure =>
    new Failure(code, `${text} (${placeIn(source, place())}).`, detail);
  const reading = new XmlReading(settings, source, fail);
  let attributes = 0;
  let isFirst = true;
  let declares = false;
  parser.on('doctype', () => {
    throw fail(
      'structure',
      'XML with a document type (DTD) or entities is not read: send it without <!DOCTYPE>',
    );
  });
  parser.on('attribute', ({ name }) => {
    if (name.startsWith('xmlns')) declares = true;
    if (++attributes <= settings.xmlAttributesMax) return;
    throw fail(
      'too-costly',
      `An element has more than ${settings.xmlAttributesMax} attributes; setting xmlAttributesMax`,
      { status: 400 },
    );
  });
  parser.on('opentag', (tag) => {
    if (isFirst) requireReadable(parser, fail);
    isFirst = false;
    attributes = 0;
    reading.open(tag, place(), declares);
    declares = false;
  });
  parser.on('closetag', () => reading.close(parser.position));
  parser.on('text', (text) => reading.text(text));
  parser.on('cdata', (text) => reading.text(text));
  return { parser, reading };
}

/** What the declaration says, which stands before the first tag where there is one. */
function requireReadable(
  { xmlDecl: { version, encoding } }: SaxesParser,
  fail: (code: IssueType, text: string) => Failure,
): void {
  if (version !== undefined && version !== '1.0') throw fail('structure', 'Only XML 1.0 is read');
  if (encoding !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(encoding)) {
    throw fail('structure', `The XML says that it is "${encoding.slice(0, 40)}": send it in UTF-8`);
  }
}

/** What the parser found, in words that hold nothing of the content. */
function brokenXml(error: Error, source: string, position: number): string {
  const found = error.message.replace(/^\d+:\d+: /, '');
  const place = placeIn(source, Math.max(0, position - 1));
  if (/entity/.test(found)) {
    return `XML with entities other than amp, lt, gt, quot, apos is not read: write the character (${place}).`;
  }
  const what = found.replace(/[:.].*$/s, '').slice(0, 80);
  return `Not well-formed XML: ${what} (${place}).`;
}

/** `line 3, column 7`, both from 1. */
function placeIn(source: string, index: number): string {
  const before = source.slice(0, Math.max(0, index)).split(/\r\n|\r|\n/);
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
