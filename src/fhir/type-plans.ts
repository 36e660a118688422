/**
 * Element tables → plans by which a validator walks JSON: for each type a map from JSON name to what
 * may stand there. Made once per type, when it is first met.
 */
import { structure } from './definitions.ts';
import { PRIMITIVES, type Primitive } from './primitives.ts';
import type { ElementRow } from './structure-table.ts';

/** What may stand under one JSON name. */
export interface Member {
  readonly element: Element;
  /** The JSON name of the value: `valueString`. */
  readonly json: string;
  /** `_name`: ids and extensions of primitives. */
  readonly companion: boolean;
  readonly type: string;
  /** Absent for types with elements of their own. */
  readonly primitive: Primitive | undefined;
}

export interface Element {
  /** FHIRPath name: `value` for `valueString`. */
  readonly name: string;
  /** Bit of required and choice elements within their type; 0 for all others. */
  readonly bit: number;
  readonly choice: boolean;
  readonly many: boolean;
  /** Most items; 0: no limit. */
  readonly max: number;
  /** Codes of the required value set, in any system. */
  readonly codes: ReadonlySet<string> | undefined;
  /** The required value set, system → codes. */
  readonly systems: Readonly<Record<string, readonly string[]>> | undefined;
  readonly valueSet: string | undefined;
  /** Resource types that a Reference may point at. */
  readonly targets: ReadonlySet<string> | undefined;
}

export interface TypePlan {
  readonly name: string;
  readonly members: ReadonlyMap<string, Member>;
  readonly required: readonly Element[];
  readonly requiredBits: number;
}

const plans = new Map<string, TypePlan>();

/** The plan of a type or backbone (`HumanName`, `Patient.contact`). Throws where the tables have none. */
export function planOf(name: string): TypePlan {
  const made = plans.get(name);
  if (made !== undefined) return made;
  const rows = structure.types[name];
  if (rows === undefined) throw new Error(`no element table for ${name}`);
  const plan = makePlan(name, rows);
  plans.set(name, plan);
  return plan;
}

function makePlan(name: string, rows: readonly ElementRow[]): TypePlan {
  const members = new Map<string, Member>();
  const required: Element[] = [];
  let bits = 0;
  for (const row of rows) {
    const bit = row.min > 0 || row.c === 1 ? 1 << bits++ : 0;
    const element = elementOf(row, bit);
    if (row.min > 0) required.push(element);
    for (const type of row.t) {
      const json = row.c === 1 ? row.n + (type[0] ?? '').toUpperCase() + type.slice(1) : row.n;
      const primitive = PRIMITIVES[type];
      members.set(json, { element, json, companion: false, type, primitive });
      if (primitive !== undefined && row.a !== 1) {
        members.set(`_${json}`, { element, json, companion: true, type, primitive });
      }
    }
  }
  if (bits > 31) throw new Error(`${name} has more required and choice elements than bits`);
  return { name, members, required, requiredBits: required.reduce((all, element) => all | element.bit, 0) };
}

function elementOf(row: ElementRow, bit: number): Element {
  const systems = row.b === undefined ? undefined : structure.valueSets[row.b];
  return {
    name: row.n,
    bit,
    choice: row.c === 1,
    many: row.max !== 1,
    max: row.max,
    codes: systems === undefined ? undefined : new Set(Object.values(systems).flat()),
    systems,
    valueSet: row.b,
    targets: row.r === undefined ? undefined : new Set(row.r),
  };
}
