/**
 * Codes against the value sets that elements are bound to: http://hl7.org/fhir/R4/terminologies.html#strength.
 * What cannot be told here (SNOMED CT and LOINC without a terminology server) is never held against anybody.
 */
import { isObject } from '../json-access.ts';
import { codesOf } from './coded-values.ts';
import type { ElementBinding, Membership } from './definition-source.ts';
import type { Focus, ProfileRun } from './profile-run.ts';
import type { ProfileNode } from './profile-tree.ts';
import { labelOf } from './type-insides.ts';

const MAX_VALUE_SET = 'http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet';
const CODED: ReadonlySet<string> = new Set([
  'code',
  'string',
  'uri',
  'Coding',
  'CodeableConcept',
  'Quantity',
  'Age',
  'Count',
  'Distance',
  'Duration',
  'SimpleQuantity',
  'MoneyQuantity',
]);

/** Holds a coded item to the binding of its element. */
export function checkBinding(run: ProfileRun, focus: Focus, node: ProfileNode): void {
  const { binding } = node.definition;
  if (binding === undefined || !CODED.has(focus.item.type)) return;
  const profile = labelOf(node.structure);
  if (binding.valueSet !== undefined) {
    if (binding.strength === 'required') held(run, focus, binding.valueSet, profile);
    else if (binding.strength !== 'example') advised(run, focus, binding, binding.valueSet, profile);
  }
  const most = binding.extension?.find((one) => one.url === MAX_VALUE_SET);
  const widest = most?.valueCanonical ?? most?.valueUri;
  if (typeof widest === 'string') held(run, focus, widest, profile);
}

/** A code that its own system, which is known here in full, does not have: wrong whatever it is bound to. */
export function checkKnownCode(run: ProfileRun, { item }: Focus): void {
  if (!isObject(item.value) || typeof item.value.system !== 'string') return;
  const { system, code } = item.value;
  if (typeof code !== 'string' || run.source.codeIn(system, code) !== 'out') return;
  run.error('code-invalid', item.path, `The code system ${shortened(system)} has no such code.`);
}

const shortened = (system: string): string => (system.length > 120 ? `${system.slice(0, 120)}…` : system);

function answerFor(run: ProfileRun, value: unknown, valueSet: string): Membership | 'none' {
  const codes = codesOf(value);
  if (codes.length === 0) return 'none';
  let answer: Membership = 'out';
  for (const { system, code } of codes) {
    const one = run.source.membership(valueSet, system, code);
    if (one === 'in') return 'in';
    if (one === 'unknown') answer = 'unknown';
  }
  return answer;
}

function held(run: ProfileRun, focus: Focus, valueSet: string, profile: string | undefined): void {
  const { value, path, type } = focus.item;
  const answer = answerFor(run, value, valueSet);
  if (answer === 'in') return;
  if (answer === 'unknown') {
    run.note(path, `Whether the code is in ${valueSet} cannot be told here.`, profile);
  } else if (answer === 'out') {
    const what = type === 'CodeableConcept' ? 'One coding must be of' : 'The code must be of';
    run.error(
      'code-invalid',
      path,
      `${what} ${valueSet}, and it is not. Use a code of that value set.`,
      profile,
    );
  } else if (type === 'CodeableConcept' && isObject(value) && hasContent(value)) {
    run.error('code-invalid', path, `A coding of ${valueSet} is required here, not text alone.`, profile);
  } else if (
    type === 'Coding' &&
    isObject(value) &&
    (value.system !== undefined || value.display !== undefined)
  ) {
    run.error('code-invalid', path, `A code of ${valueSet} is required here.`, profile);
  }
}

/** A concept of extensions alone says why there is no code. */
function hasContent(value: object): boolean {
  return Object.keys(value).some((name) => name !== 'id' && name !== 'extension');
}

function advised(
  run: ProfileRun,
  focus: Focus,
  binding: ElementBinding,
  valueSet: string,
  profile: string | undefined,
): void {
  if (answerFor(run, focus.item.value, valueSet) !== 'out') return;
  const { path } = focus.item;
  if (binding.strength === 'extensible') {
    const text = `No code is of ${valueSet}, which should be used wherever it has a code that fits.`;
    run.warn('code-invalid', path, text, profile);
  } else {
    run.note(path, `No code is of ${valueSet}, which is preferred here.`, profile);
  }
}
