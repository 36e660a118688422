/** 1,000 seeded mutations of HL7's examples: each must be refused, at the element that was changed. */
import { describe, expect, it } from 'vitest';
import { r4Examples } from '../../test/r4-examples.ts';
import { structure } from './definitions.ts';
import type { ElementRow } from './structure-table.ts';
import { validate } from './validate.ts';

type Json = Record<string, unknown>;
/** An object of the resource with the table that describes it and its FHIRPath. */
interface Place {
  readonly table: string;
  readonly object: Json;
  readonly path: string;
}
/** An element that is there: `json` is its name in the object. */
interface Present {
  readonly place: Place;
  readonly row: ElementRow;
  readonly json: string;
  readonly type: string;
}

const BAD_PRIMITIVE: Readonly<Record<string, unknown>> = {
  integer: 1.5,
  unsignedInt: -1,
  positiveInt: 0,
  string: '',
  markdown: '',
  base64Binary: 'a',
  code: ' padded ',
  id: 'not_an_id',
  uri: 'with space',
  url: 'with space',
  canonical: 'with space',
  oid: '1.2.3',
  uuid: 'urn:uuid:1',
  date: '2019-02-30',
  dateTime: '2019-13-01',
  instant: '2019-01-01',
  time: '25:00:00',
};

/** Deterministic: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const jsonName = (row: ElementRow, type: string): string =>
  row.c === 1 ? row.n + type.charAt(0).toUpperCase() + type.slice(1) : row.n;

function placesOf(
  table: string,
  object: Json,
  path: string,
  out: { places: Place[]; present: Present[] },
): void {
  const place = { table, object, path };
  out.places.push(place);
  for (const row of structure.types[table] ?? []) {
    for (const type of row.t) {
      const json = jsonName(row, type);
      const value = object[json];
      if (value === undefined || (Array.isArray(value) && value.includes(null))) continue;
      out.present.push({ place, row, json, type });
      const items = Array.isArray(value) ? value : [value];
      for (const [i, item] of items.entries()) {
        if (typeof item !== 'object' || item === null) continue;
        const below = type === 'Resource' ? String((item as Json).resourceType) : type;
        placesOf(below, item as Json, `${path}.${row.n}${Array.isArray(value) ? `[${i}]` : ''}`, out);
      }
    }
  }
}

/**
 * Changes the resource; answers where that must be reported, or undefined where this cannot be done to
 * `one`.
 */
type Mutation = (one: Present) => string | undefined;

const pathOf = (one: Present): string => `${one.place.path}.${one.row.n}`;
const isPrimitive = (one: Present): boolean =>
  structure.primitives.includes(one.type) || one.type === 'xhtml';

/** Puts a value in the place of the element, or of its first item. */
function replace(one: Present, value: unknown): string {
  const { object } = one.place;
  const before = object[one.json];
  if (!Array.isArray(before)) {
    object[one.json] = value;
    return pathOf(one);
  }
  before[0] = value;
  return `${pathOf(one)}[0]`;
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'drop required': (one) => {
    if (one.row.min === 0) return undefined;
    delete one.place.object[one.json];
    delete one.place.object[`_${one.json}`];
    return pathOf(one);
  },
  'wrong JSON type': (one) => {
    if (!isPrimitive(one)) return replace(one, 'text');
    const value = one.place.object[one.json];
    const item = Array.isArray(value) ? value[0] : value;
    return replace(one, typeof item === 'string' ? 42 : 'text');
  },
  'array where one is allowed, or one where an array': (one) => {
    const { object } = one.place;
    const value = object[one.json];
    object[one.json] = Array.isArray(value) ? value[0] : [value];
    return pathOf(one);
  },
  'unknown element': (one) => {
    one.place.object.notAnElement = 'x';
    return `${one.place.path}.notAnElement`;
  },
  'wrong code': (one) => {
    if (one.type !== 'code' || structure.valueSets[one.row.b ?? ''] === undefined) return undefined;
    return replace(one, 'no-such-code');
  },
  'duplicate choice': (one) => {
    if (one.row.c !== 1) return undefined;
    const other = ['boolean', 'string', 'integer'].find((t) => one.row.t.includes(t) && t !== one.type);
    if (other === undefined) return undefined;
    one.place.object[jsonName(one.row, other)] = { boolean: true, string: 'x', integer: 1 }[other];
    return pathOf(one);
  },
  'bad primitive': (one) => (one.type in BAD_PRIMITIVE ? replace(one, BAD_PRIMITIVE[one.type]) : undefined),
  'too many': (one) => {
    if (one.row.max !== 1) return undefined;
    const value = one.place.object[one.json];
    one.place.object[one.json] = [value, value];
    return pathOf(one);
  },
  empty: (one) => {
    if (!isPrimitive(one)) return replace(one, {});
    return replace(one, null);
  },
  'empty array': (one) => {
    if (!Array.isArray(one.place.object[one.json])) return undefined;
    one.place.object[one.json] = [];
    return pathOf(one);
  },
};

describe('mutated examples', () => {
  it('are each refused at the right expression', () => {
    const examples = r4Examples().filter(
      ({ bytes, resource }) => bytes.length < 200_000 && validate(resource).length === 0,
    );
    expect(examples.length).toBeGreaterThan(700);
    const next = random(20261123);
    const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(next() * list.length)];
    const kinds = Object.entries(MUTATIONS);
    const done: Record<string, number> = {};
    const wrong: string[] = [];
    for (let made = 0; made < 1000; ) {
      const example = pick(examples);
      const [kind, mutate] = kinds[made % kinds.length] ?? ['', () => undefined];
      if (example === undefined) break;
      const resource = structuredClone(example.resource);
      const found = { places: [] as Place[], present: [] as Present[] };
      placesOf(resource.resourceType, resource, resource.resourceType, found);
      const one = pick(found.present);
      const expected = one === undefined ? undefined : mutate(one);
      if (expected === undefined) continue;
      made++;
      done[kind] = (done[kind] ?? 0) + 1;
      const issues = validate(resource).filter((issue) => issue.severity === 'error');
      const first = issues[0]?.expression;
      if (
        !issues.some((issue) => issue.expression === expected) ||
        first?.startsWith(parentOf(expected)) !== true
      ) {
        wrong.push(`${kind} ${example.name} ${expected}: ${JSON.stringify(issues.slice(0, 2))}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(Object.keys(done)).toHaveLength(kinds.length);
  });
});

/** Dropping the only member of an object also makes the object empty: its parent may be named first. */
const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('.'));
