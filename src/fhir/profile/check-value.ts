/**
 * What an element may be by itself: the form of its type, fixed and pattern values, length, smallest and
 * largest value. http://hl7.org/fhir/R4/elementdefinition.html
 */
import { isObject } from '../json-access.ts';
import { PRIMITIVES } from '../primitives.ts';
import { checkRange } from './check-range.ts';
import type { Focus, ProfileRun } from './profile-run.ts';
import type { ProfileNode } from './profile-tree.ts';
import { labelOf } from './type-insides.ts';
import { hasPattern, isSame } from './value-match.ts';

/** Whether the JSON has the form of the type; reports where not. */
export function checkForm(run: ProfileRun, { item }: Focus): boolean {
  const { value, type, path } = item;
  const primitive = PRIMITIVES[type];
  if (primitive === undefined) {
    if (isObject(value)) return true;
    run.error('structure', path, `This must be a JSON object (${type}), not ${jsonTypeOf(value)}.`);
    return false;
  }
  if (value === undefined) return true;
  if (value === null) {
    run.error('structure', path, 'null is not allowed here. Leave the element out.');
    return false;
  }
  if (typeof value !== primitive.json) {
    run.error(
      'structure',
      path,
      `This must be a JSON ${primitive.json} (${type}), not ${jsonTypeOf(value)}.`,
    );
    return false;
  }
  if (primitive.accepts(value as never)) return true;
  run.error('value', path, `This is no ${type}: expected ${primitive.form}.`);
  return false;
}

function jsonTypeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** Holds a value to what its element fixes and bounds. */
export function checkGiven(run: ProfileRun, focus: Focus, node: ProfileNode): void {
  const { item } = focus;
  const { definition, fixed, pattern } = node;
  const profile = labelOf(node.structure);
  if (fixed !== undefined && !isSame(item.value, fixed.value)) {
    const text = `The value is fixed: it must be exactly ${shown(fixed.value)}.`;
    run.error('value', item.path, text, profile);
  }
  if (pattern !== undefined && !hasPattern(item.value, pattern.value)) {
    const text = `The value must have at least what the pattern says: ${shown(pattern.value)}.`;
    run.error('value', item.path, text, profile);
  }
  const { maxLength } = definition;
  if (maxLength !== undefined && typeof item.value === 'string' && item.value.length > maxLength) {
    run.error('too-long', item.path, `At most ${maxLength} characters are allowed.`, profile);
  }
  checkRange(run, focus, definition, profile);
}

/** What a definition asks for, short enough for a message. It is of the profile, never of a person. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
