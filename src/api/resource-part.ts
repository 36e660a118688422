/**
 * A read of a part: `_summary` and `_elements` where one resource is asked for and not a search. What a part
 * is they mean as a search does. R4 http://hl7.org/fhir/R4/http.html#read and search.html#summary.
 */
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { structure } from '../fhir/definitions.ts';
import type { Pairs } from '../fhir/query-pairs.ts';
import { type Subset, subsetBytes } from '../fhir/subset-resource.ts';
import type { FhirAnswer } from './fhir-call.ts';
import { oneValue } from './operation-parameters.ts';

/** Parameters that a read of one resource takes. */
export const OF_A_READ: readonly string[] = ['_format', '_pretty', '_summary', '_elements'];

/**
 * What is left of a resource of this type; undefined where it is read whole. Throws Failure `value` where a
 * parameter cannot be read, or names no element of the type: a read has no place to report what it left out.
 */
export function partAsked(pairs: Pairs, type: string): Subset | undefined {
  if (pairs.length === 0) return undefined;
  const summary = oneValue(pairs, '_summary') ?? 'false';
  const elements = oneValue(pairs, '_elements');
  if (summary !== 'false' && summary !== 'true' && summary !== 'text' && summary !== 'data') {
    throw new Failure('value', '"_summary" of one resource is true, text, data or false.');
  }
  if (elements === undefined) return summary === 'false' ? undefined : { kind: summary };
  if (summary !== 'false') {
    throw new Failure('value', '"_elements" and "_summary" ask for two things: leave one of them out.');
  }
  const names = elements.split(',').map((name) => name.trim());
  const known = new Set(structure.types[type]?.map((row) => row.n));
  if (names.every((name) => known.has(name))) return { kind: 'elements', names };
  throw new Failure('value', `"_elements" names what is no element at the root of a ${type}.`);
}

/** The answer with its resource cut. Throws Failure `not-supported` where it is content and no resource. */
export function inPart(
  answer: FhirAnswer,
  part: Subset,
  settings: Pick<Settings, 'jsonDepthMax'>,
): FhirAnswer {
  if (answer.body === undefined) return answer;
  if (answer.contentType !== undefined) {
    throw new Failure(
      'not-supported',
      'Content has no parts: ask for the Binary as FHIR (Accept, _format), or without _summary and _elements.',
    );
  }
  const bytes = Buffer.isBuffer(answer.body) ? answer.body : Buffer.concat(answer.body);
  return { ...answer, body: subsetBytes(bytes, part, settings) };
}
