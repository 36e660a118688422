/** JSON → items: the values of a member with the ids and extensions beside them, each with its path. */
import { isArray, isObject, type JsonObject } from '../json-access.ts';
import { PRIMITIVES } from '../primitives.ts';
import type { Focus, Item } from './profile-run.ts';
import type { JsonMember } from './type-insides.ts';

/** The object whose members stand inside: of a primitive, what stands beside it. */
export function holderOf(item: Item): JsonObject | undefined {
  return isObject(item.value) ? item.value : item.companion;
}

/** The items under one JSON name; shapes that are wrong are read as well as they can be. */
export function itemsUnder(holder: JsonObject, json: string, member: JsonMember, path: string): Item[] {
  const value = holder[json];
  const beside = holder[`_${json}`];
  const { node, type } = member;
  const place = `${path}.${node.name}`;
  if (!isArray(value) && !isArray(beside)) {
    return value === undefined && beside === undefined ? [] : [item(value, beside, type, place)];
  }
  const values = isArray(value) ? value : value === undefined ? [] : [value];
  const besides = isArray(beside) ? beside : beside === undefined ? [] : [beside];
  const items: Item[] = [];
  for (let i = 0; i < Math.max(values.length, besides.length); i++) {
    items.push(item(values[i], besides[i], type, `${place}[${i}]`));
  }
  return items;
}

function item(value: unknown, beside: unknown, type: string, path: string): Item {
  return {
    value: value === null && isObject(beside) ? undefined : value,
    companion: isObject(beside) ? beside : undefined,
    type,
    path,
  };
}

/**
 * The items of an element by its FHIRPath name, whatever its type: for discriminators, which look at content
 * before it is known to be right.
 */
export function itemsNamed(parent: Item, name: string): Item[] {
  const holder = holderOf(parent);
  if (holder === undefined) return [];
  const items: Item[] = [];
  for (const json of Object.keys(holder)) {
    const type = json === name ? typeGuess(holder[json]) : chosenType(json, name);
    if (type === undefined) continue;
    for (const [i, value] of (isArray(holder[json]) ? holder[json] : [holder[json]]).entries()) {
      const place = `${parent.path}.${name}${isArray(holder[json]) ? `[${i}]` : ''}`;
      items.push(item(value, undefined, type, place));
    }
  }
  return items;
}

function chosenType(json: string, name: string): string | undefined {
  if (!json.startsWith(name)) return undefined;
  const rest = json.slice(name.length);
  if (!/^[A-Z][A-Za-z0-9]*$/.test(rest)) return undefined;
  const small = rest.charAt(0).toLowerCase() + rest.slice(1);
  return small in PRIMITIVES ? small : rest;
}

function typeGuess(value: unknown): string {
  if (isObject(value)) return typeof value.resourceType === 'string' ? value.resourceType : '';
  return '';
}

/** Every path by which definitions may call an element: from each type around it, and its own type. */
export function namesOf(focus: Focus): ReadonlySet<string> {
  const names = new Set<string>([focus.item.type, focus.definitionPath]);
  let tail = '';
  for (let at: Focus | undefined = focus; at !== undefined; at = at.parent) {
    names.add(`${at.item.type}${tail}`);
    names.add(`${at.definitionPath}${tail}`);
    if (isObject(at.item.value) && typeof at.item.value.resourceType === 'string') {
      names.add(`${at.item.value.resourceType}${tail}`);
      names.add(`DomainResource${tail}`);
      names.add(`Resource${tail}`);
      break;
    }
    tail = `.${at.name}${tail}`;
  }
  return names;
}
