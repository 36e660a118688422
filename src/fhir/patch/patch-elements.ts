/**
 * Elements as a FHIRPath Patch touches them: single or repeating, a choice of types, a primitive with the id
 * and extensions beside it. http://hl7.org/fhir/R4/json.html
 */
import { Failure } from '../../base/failure.ts';
import { copyOf, setWrittenDecimal, withDecimalsOf, writtenNumber } from '../exact-decimals.ts';
import { isObject, type JsonObject } from '../json-access.ts';
import { type Member, planOf } from '../type-plans.ts';

/** A parameter: `value[x]`, a resource, or parts that are the elements of a value. */
export type PatchValue = JsonObject;

/** One item of an element, with what stands beside it; null where there is none. */
interface Item {
  value: unknown;
  companion: unknown;
}

/** The items of an element, whether it repeats or not and whatever type it has. */
export function readItems(holder: JsonObject, of: string | Member, name: string): Item[] {
  const members =
    typeof of === 'string'
      ? [...planOf(of).members.values()].filter((one) => !one.companion && one.element.name === name)
      : [of];
  return members.flatMap(({ json }) => {
    const [values, companions] = [listOf(holder[json]), listOf(holder[`_${json}`])];
    return Array.from({ length: Math.max(values.length, companions.length) }, (_, i) => ({
      value: values[i] ?? null,
      companion: companions[i] ?? null,
    }));
  });
}

function listOf(held: unknown): readonly unknown[] {
  if (held === undefined) return [];
  return Array.isArray(held) ? held : [held];
}

/** Writes the items back; of none, and of nothing but nulls, no member is left. */
export function writeItems(holder: Record<string, unknown>, member: Member, items: readonly Item[]): void {
  const write = (name: string, list: readonly unknown[]): void => {
    if (list.every((one) => one === null)) {
      delete holder[name];
      return;
    }
    const before = holder[name];
    if (!member.element.many) holder[name] = list[0];
    else holder[name] = Array.isArray(before) ? withDecimalsOf(before, [...list]) : [...list];
  };
  write(
    member.json,
    items.map((one) => one.value),
  );
  write(
    `_${member.json}`,
    items.map((one) => one.companion),
  );
}

/**
 * The member of a type under which a value goes: for a choice, by the value's own type. Throws Failure `value`
 * at `place` where there is no such element, or it takes no such value.
 */
export function memberFor(type: string, name: string, value: PatchValue, place: string): Member {
  const members = [...planOf(type).members.values()].filter(
    (one) => !one.companion && one.element.name === name,
  );
  const [first] = members;
  if (first === undefined) {
    const shown = /^[A-Za-z]\w{0,63}$/.test(name) ? ` "${name}"` : ' of that name';
    throw new Failure('value', `${type} has no element${shown}.`, { expression: place });
  }
  if (!first.element.choice) return first;
  const given = valueName(value)?.slice('value'.length);
  const member = members.find((one) => one.json === `${name}${given}`);
  if (member !== undefined) return member;
  throw new Failure('value', `${type}.${name} takes no value of that type.`, { expression: place });
}

/** Puts a value under a member: in its place, or at the end of what repeats. */
export function putMember(
  holder: Record<string, unknown>,
  member: Member,
  value: PatchValue,
  place: string,
): void {
  const items = member.element.many ? readItems(holder, member, member.element.name) : [];
  const named = valueName(value);
  const companion = named === undefined ? undefined : value[`_${named}`];
  const item = { value: contentOf(member, value, named, place), companion: copyOf(companion ?? null) };
  writeItems(holder, member, [...items, item]);
  const text = named === undefined || member.element.many ? undefined : writtenNumber(value, named);
  if (text !== undefined) setWrittenDecimal(holder, member.json, text);
}

function contentOf(member: Member, value: PatchValue, named: string | undefined, place: string): unknown {
  if (named !== undefined) return copyOf(value[named] ?? null);
  if (value.resource !== undefined) return copyOf(value.resource);
  if (member.primitive !== undefined || !Array.isArray(value.part)) {
    const text = `A value of ${member.element.name} is a value[x], or parts that are its elements.`;
    throw new Failure('value', text, { expression: `${place}.value` });
  }
  const made: Record<string, unknown> = {};
  for (const part of value.part as readonly unknown[]) {
    if (!isObject(part) || typeof part.name !== 'string') continue;
    putMember(made, memberFor(member.type, part.name, part, `${place}.value`), part, place);
  }
  return made;
}

/** `valueHumanName`, also where only `_valueString` is there; undefined where the parameter has no value. */
function valueName(value: PatchValue): string | undefined {
  for (const name in value) if (/^_?value[A-Z]/.test(name)) return name.replace(/^_/, '');
  return undefined;
}
