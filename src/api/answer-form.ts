/**
 * An answer in the form that was asked for: FHIR XML, or either format indented for people. What is stored and
 * joined is JSON; this is done to the joined bytes just before they are sent, in pieces where they are many, so
 * that one large answer does not hold up the others. R4 http://hl7.org/fhir/R4/http.html#mime-type and #parameters
 */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { bundlePieces } from '../fhir/bundle-pieces.ts';
import { parseJson } from '../fhir/parse-json.ts';
import { PrettyJson } from '../fhir/pretty-json.ts';
import { notXml, writeBundleEntry, writeXml } from '../fhir/write-xml.ts';
import type { FhirAnswer } from './fhir-call.ts';
import { type AnswerForm, FHIR_JSON, FHIR_XML } from './negotiation.ts';

type Limits = Pick<Settings, 'xmlSliceBytes' | 'jsonDepthMax'>;

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
/** Levels of JSON that a Bundle puts around a resource, and a little more. */
const AROUND = 8;

/**
 * The answer with its body written anew; one without a body, or whose body is no FHIR JSON, as it is. Rejects with
 * Failure `processing` (406) where it holds what XML cannot.
 */
export async function inForm(answer: FhirAnswer, form: AnswerForm, settings: Limits): Promise<FhirAnswer> {
  if (answer.body === undefined || answer.contentType !== undefined) return answer;
  const bytes = Buffer.isBuffer(answer.body) ? answer.body : Buffer.concat(answer.body);
  if (form.format === 'json') {
    return { ...answer, body: await prettyOf(bytes, settings), contentType: FHIR_JSON };
  }
  try {
    return { ...answer, body: await xmlOf(bytes, form.pretty, settings), contentType: FHIR_XML };
  } catch (error) {
    if (!(error instanceof Failure) || error.status === 406) throw error;
    // the fault is in what is sent, not in what was asked
    throw notXml('What is to be sent is no R4', { cause: error });
  }
}

async function xmlOf(bytes: Buffer, pretty: boolean, settings: Limits): Promise<readonly Buffer[]> {
  const limits = { jsonDepthMax: settings.jsonDepthMax + AROUND };
  const level = pretty ? 0 : undefined;
  const pieces = bytes.length > settings.xmlSliceBytes ? bundlePieces(bytes) : undefined;
  if (pieces !== undefined) {
    const end = `${pretty ? '\n' : ''}</Bundle>`;
    const frame = writeXml(parseJson(Buffer.from(pieces.frame), limits), level);
    const out = [Buffer.from(DECLARATION + frame.slice(0, -end.length))];
    let since = 0;
    for (const entry of pieces.entries()) {
      out.push(Buffer.from(writeBundleEntry(parseJson(entry, limits), pretty ? 1 : undefined)));
      since += entry.length;
      if (since < settings.xmlSliceBytes) continue;
      since = 0;
      await turnOfOthers();
    }
    out.push(Buffer.from(end));
    if (frame.endsWith(end) && pieces.isWhole()) return out;
    // what follows the entries would be lost: a Bundle that somebody has written in another order
  }
  return [Buffer.from(DECLARATION + writeXml(parseJson(bytes, limits), level))];
}

async function prettyOf(bytes: Buffer, settings: Limits): Promise<readonly Buffer[]> {
  const pretty = new PrettyJson();
  const out: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += settings.xmlSliceBytes) {
    if (from > 0) await turnOfOthers();
    out.push(
      Buffer.from(pretty.next(bytes.toString('latin1', from, from + settings.xmlSliceBytes)), 'latin1'),
    );
  }
  return out;
}
