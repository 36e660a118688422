/**
 * Element tables → plans by which a validator walks JSON: for each type a map from JSON name to what
 * may stand there. Made once per type, when it is first met.
 */
import { structure } from './definitions.ts';
import { PRIMITIVES, type Primitive } from './primitives.ts';
import type { ElementRow } from './structure-table.ts';

/** A place in the order of members; `next` is what followed it in the last object that was read. */
interface Step {
  next: Member | undefined;
}

/** What may stand under one JSON name. */
export interface Member extends Step {
  /** The JSON name it stands under: `json`, or `_json` of a companion. */
  readonly name: string;
  readonly element: Element;
  /** The JSON name of the value: `valueString`. */
  readonly json: string;
  /** `_name`: ids and extensions of primitives. */
  readonly companion: boolean;
  readonly type: string;
  /** The plan of the type, once it was needed. */
  plan: TypePlan | undefined;
  /** Absent for types with elements of their own. */
  readonly primitive: Primitive | undefined;
  /** The primitive again where a single value stands here: the most frequent case, looked at first. */
  readonly plain: Primitive | undefined;
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
  readonly systems: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  readonly valueSet: string | undefined;
  /** Resource types that a Reference may point at. */
  readonly targets: ReadonlySet<string> | undefined;
}

export interface TypePlan {
  readonly name: string;
  /** Before the first member. */
  readonly start: Step;
  readonly members: ReadonlyMap<string, Member>;
  readonly required: readonly Element[];
  readonly requiredBits: number;
  readonly choiceBits: number;
}

const plans = new Map<string, TypePlan>();

/** The plan of a type or backbone (`HumanName`, `Patient.contact`). Throws where the tables have none. */
export function planOf(name: string): TypePlan {
  const made = plans.get(name);
  if (made !== undefined) return made;
  const rows = structure.types[name];
  if (rows === undefined) throw new Error(`no element table for ${name}`);
  return makePlan(name, rows);
}

function makePlan(name: string, rows: readonly ElementRow[]): TypePlan {
  const members = new Map<string, Member>();
  const required: Element[] = [];
  let bits = 0;
  let requiredBits = 0;
  let choiceBits = 0;
  for (const row of rows) {
    const bit = row.min > 0 || row.c === 1 ? 1 << bits++ : 0;
    const element = elementOf(row, bit);
    if (row.min > 0) {
      required.push(element);
      requiredBits |= bit;
    }
    if (row.c === 1) choiceBits |= bit;
    for (const type of row.t) addMembers(members, row, element, type);
  }
  if (bits > 31) throw new Error(`${name} has more required and choice elements than bits`);
  const plan = { name, start: { next: undefined }, members, required, requiredBits, choiceBits };
  plans.set(name, plan);
  return plan;
}

function addMembers(members: Map<string, Member>, row: ElementRow, element: Element, type: string): void {
  const json = row.c === 1 ? row.n + (type[0] ?? '').toUpperCase() + type.slice(1) : row.n;
  const primitive = PRIMITIVES[type];
  const value: Member = {
    name: json,
    element,
    json,
    companion: false,
    type,
    plan: undefined,
    primitive,
    plain: element.many ? undefined : primitive,
    next: undefined,
  };
  members.set(json, value);
  if (primitive === undefined || row.a === 1) return;
  members.set(`_${json}`, { ...value, name: `_${json}`, companion: true, plain: undefined });
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
    systems:
      systems === undefined
        ? undefined
        : new Map(Object.entries(systems).map(([system, codes]) => [system, new Set(codes)])),
    valueSet: row.b,
    targets: row.r === undefined ? undefined : new Set(row.r),
  };
}
