/**
 * Structural validation of everything that is written, driven by tables compiled from the R4
 * definitions: JSON types and forms of primitives, cardinality, unknown elements, choices, codes of
 * required bindings, targets of references. http://hl7.org/fhir/R4/validation.html ("Structure",
 * "Cardinality", "Value Domains"), json.html.
 */
import type { Issue } from '../base/failure.ts';
import { isResourceType } from './definitions.ts';
import { isArray, isObject, itemAt, type JsonObject } from './json-access.ts';
import type { Primitive } from './primitives.ts';
import { typeShownBy } from './references.ts';
import { type Element, type Member, planOf, type TypePlan } from './type-plans.ts';
import { ValidationRun } from './validation-run.ts';

/**
 * What is wrong with a resource, in document order; empty where nothing is. Each issue has the FHIRPath
 * of the element (`Patient.name[0].given[1]`); none repeats a value. All are errors but for the target
 * of a reference, which is a warning. Stops after 100. Never throws, whatever it is given.
 */
export function validate(resource: unknown): readonly Issue[] {
  const run = new ValidationRun();
  checkResource(run, resource, true);
  return run.issues;
}

function checkResource(run: ValidationRun, value: unknown, root: boolean): void {
  if (!isObject(value)) {
    run.report('structure', `A resource must be a JSON object, not ${jsonTypeOf(value)}.`);
    return;
  }
  const type = value.resourceType;
  if (typeof type !== 'string') {
    run.report('structure', 'A resource must have a "resourceType" that is a string.');
    return;
  }
  if (!isResourceType(type)) {
    run.report('structure', 'The "resourceType" is not one of FHIR R4. Names are case-sensitive.');
    return;
  }
  if (root) run.enter(type);
  checkMembers(run, planOf(type), value);
  if (root) run.leave();
}

/** An object of a complex type: its members, and that it says something beside its own id. */
function checkComplex(run: ValidationRun, plan: TypePlan, value: unknown): void {
  if (!isObject(value)) {
    run.report('structure', `This must be a JSON object (${plan.name}), not ${jsonTypeOf(value)}.`);
    return;
  }
  if (run.tooDeep) {
    run.report('too-costly', 'The resource is nested too deep.');
    return;
  }
  const count = checkMembers(run, plan, value);
  if (count < 2 && (count === 0 || value.id !== undefined)) {
    run.report('structure', 'This is empty. Leave the element out, or give it content.');
  }
}

/** Checks all members and which are there; the number of members. */
function checkMembers(run: ValidationRun, plan: TypePlan, value: JsonObject): number {
  let seen = 0;
  let count = 0;
  let before = plan.start;
  for (const name in value) {
    const item = value[name];
    count++;
    // Objects of one type mostly have their members in one order: what came next last time is tried first.
    let member = before.next;
    if (member === undefined || member.name !== name) {
      member = plan.members.get(name);
      if (member === undefined) {
        if (name !== 'resourceType' || !isResourceType(plan.name)) reportUnknown(run, plan, name);
        continue;
      }
      before.next = member;
    }
    before = member;
    const { element } = member;
    if (element.choice && (seen & element.bit) !== 0) checkChosenOnce(run, plan, value, member);
    seen |= element.bit;
    // Most members are single primitives that are right: they need no place on the path.
    if (member.plain !== undefined && isRight(member.plain, element.codes, item)) continue;
    run.enter(element.name);
    if (element.many) checkMany(run, member, value, item);
    else checkOne(run, member, value, item);
    run.leave();
    if (run.full) return count;
  }
  if ((seen & plan.requiredBits) !== plan.requiredBits) reportMissing(run, plan, seen);
  if (plan.name === 'Extension') checkExtension(run, plan, value, seen);
  return count;
}

function isRight(primitive: Primitive, codes: ReadonlySet<string> | undefined, value: unknown): boolean {
  if (typeof value !== primitive.json) return false;
  return codes === undefined ? primitive.accepts(value as never) : codes.has(value as string);
}

function reportMissing(run: ValidationRun, plan: TypePlan, seen: number): void {
  for (const element of plan.required) {
    if ((seen & element.bit) !== 0) continue;
    run.report('required', `${plan.name} must have "${element.name}".`, element.name);
  }
}

const ELEMENT_NAME = /^_?[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** The name is only repeated where it looks like one: it might be anything. */
function reportUnknown(run: ValidationRun, plan: TypePlan, name: string): void {
  if (ELEMENT_NAME.test(name)) run.report('structure', `${plan.name} has no element "${name}".`, name);
  else run.report('structure', `${plan.name} has no such element.`);
}

/** A second JSON name of one choice was met: an error unless it is the `_name` of the first. */
function checkChosenOnce(run: ValidationRun, plan: TypePlan, value: JsonObject, member: Member): void {
  const chosen = new Set<string>();
  for (const name in value) {
    const other = plan.members.get(name);
    if (other?.element === member.element) chosen.add(other.json);
  }
  if (chosen.size > 1) {
    run.report('structure', `Only one of ${[...chosen].join(', ')} may be given.`, member.element.name);
  }
}

/** ext-1: either a value or extensions, never both. */
function checkExtension(run: ValidationRun, plan: TypePlan, value: JsonObject, seen: number): void {
  const hasValue = (seen & plan.choiceBits) !== 0;
  if (hasValue === (value.extension !== undefined)) {
    run.report('structure', 'An extension must have either a value or extensions, and not both.');
  }
}

function checkOne(run: ValidationRun, member: Member, parent: JsonObject, value: unknown): void {
  if (Array.isArray(value)) {
    run.report('structure', 'This element does not repeat: give it without the square brackets.');
  } else if (member.companion) {
    checkCompanion(run, value, parent[member.json]);
  } else if (value === null) {
    run.report('structure', 'null is not allowed here. Leave the element out.');
  } else {
    checkValue(run, member, value);
  }
}

function checkMany(run: ValidationRun, member: Member, parent: JsonObject, value: unknown): void {
  const { element } = member;
  if (!Array.isArray(value)) {
    run.report('structure', 'This element repeats: give it as an array, even where there is only one.');
    return;
  }
  if (value.length === 0) {
    run.report('structure', 'An array must not be empty. Leave the element out.');
    return;
  }
  if (element.max > 0 && value.length > element.max) {
    run.report('structure', `At most ${element.max} are allowed.`);
  }
  for (let i = 0; i < value.length && !run.full; i++) {
    run.enter(i);
    const item: unknown = value[i];
    if (item === null) checkNull(run, member, parent, i);
    else if (member.companion) checkCompanion(run, item, itemAt(parent[member.json], i));
    else checkValue(run, member, item);
    run.leave();
  }
}

/**
 * The id and extensions beside a primitive: an id alone says something only where the primitive has a
 * value.
 */
function checkCompanion(run: ValidationRun, companion: unknown, value: unknown): void {
  if (isObject(companion) && companion.id !== undefined && value != null) {
    checkMembers(run, planOf('Element'), companion);
  } else {
    checkComplex(run, planOf('Element'), companion);
  }
}

/** null in an array keeps a value and its extensions side by side: one of the two must be there. */
function checkNull(run: ValidationRun, member: Member, parent: JsonObject, index: number): void {
  const beside = parent[member.companion ? member.json : `_${member.json}`];
  if (member.primitive !== undefined && itemAt(beside, index) != null) return;
  // Where both are null the value's side has said so.
  if (member.companion && isArray(beside) && index < beside.length) return;
  run.report('structure', 'null is only allowed where the value or its extensions stand in its place.');
}

function checkValue(run: ValidationRun, member: Member, value: unknown): void {
  const { element, primitive } = member;
  if (primitive === undefined) {
    if (member.type === 'Resource') {
      checkResource(run, value, false);
    } else {
      member.plan ??= planOf(member.type);
      checkComplex(run, member.plan, value);
    }
    if (element.targets !== undefined && member.type === 'Reference') checkTarget(run, element, value);
    if (element.systems !== undefined && member.type === 'CodeableConcept') checkConcept(run, element, value);
    return;
  }
  if (typeof value !== primitive.json) {
    const text = `This must be a JSON ${primitive.json} (${member.type}), not ${jsonTypeOf(value)}.`;
    run.report('structure', text);
  } else if (!primitive.accepts(value as never)) {
    run.report('value', `This is no ${member.type}: expected ${primitive.form}.`);
  } else if (element.codes !== undefined && !element.codes.has(value as string)) {
    run.report('code-invalid', `The code is not in ${element.valueSet}.${listOf(element.codes)}`);
  }
}

function listOf(codes: ReadonlySet<string>): string {
  return codes.size > 20 ? '' : ` Use one of: ${[...codes].join(', ')}.`;
}

/**
 * The type that a reference shows should be one that the element allows. A warning only: four of HL7's
 * own R4 examples refer otherwise, and what is meant stays readable.
 */
function checkTarget(run: ValidationRun, element: Element, value: unknown): void {
  if (!isObject(value) || typeof value.reference !== 'string' || element.targets === undefined) return;
  const type = typeShownBy(value.reference);
  if (type === undefined || !isResourceType(type) || element.targets.has(type)) return;
  run.warn('value', `This may refer to ${[...element.targets].join(', ')}, not to ${type}.`, 'reference');
}

/** A required binding: one of the codings must be of the value set; a concept of extensions alone is left. */
function checkConcept(run: ValidationRun, element: Element, value: unknown): void {
  if (!isObject(value) || element.systems === undefined) return;
  if (value.coding === undefined && value.text === undefined) return;
  const codings: unknown[] = Array.isArray(value.coding) ? value.coding : [];
  for (const coding of codings) {
    if (!isObject(coding) || typeof coding.system !== 'string' || typeof coding.code !== 'string') continue;
    if (element.systems.get(coding.system)?.has(coding.code) === true) return;
  }
  const list = listOf(element.codes ?? new Set());
  run.report('code-invalid', `One coding must be of ${element.valueSet}, and none is.${list}`);
}

function jsonTypeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
