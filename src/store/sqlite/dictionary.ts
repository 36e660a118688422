/**
 * Texts and the small integers that stand for them: resource types, search parameters, terms, resources. No
 * hashes anywhere, so that a count is a count. The writer makes new ones; readers only look up.
 */

import { resourceTypes } from '../../fhir/definitions.ts';
import type { ResourceType } from '../../fhir/resource.ts';
import { UCUM } from '../../fhir/ucum.ts';
import type { Connection } from './connection.ts';

/**
 * A term's key under a parameter: 12 bits of parameter, 40 of term, within the 53 that a JavaScript number
 * holds exactly.
 */
export const TERM_SPAN = 2 ** 40;

const typeNumbers: ReadonlyMap<string, number> = new Map(resourceTypes.map((type, i) => [type, i]));

/**
 * The number that stands for a resource type: its place in R4's alphabetical list, which is final. Unknown
 * types (of references) have -1.
 */
export function typeNumber(type: string): number {
  return typeNumbers.get(type) ?? -1;
}

export function typeName(number: number): ResourceType {
  const name = resourceTypes[number];
  if (name === undefined) throw new Error(`no resource type ${number}`);
  return name;
}

const CACHED_MAX = 200_000;

/**
 * Look-ups that remember; `Dictionary` of a reader forgets nothing wrong, since numbers are never given
 * twice.
 */
export class Dictionary {
  readonly #connection: Connection;
  /** Of pairs: type and code, system and code, type and id. */
  readonly #parameters = new Numbers();
  readonly #terms = new Numbers();
  readonly #resources = new Numbers();
  readonly #names = new Map<number, string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Forgets everything: after a rollback that may have taken back new numbers. */
  clear(): void {
    this.#parameters.clear();
    this.#terms.clear();
    this.#resources.clear();
    this.#names.clear();
  }

  parameter(type: string, code: string): number | undefined {
    return (
      this.#parameters.get(type, code) ??
      this.#look(this.#parameters, type, code, 'SELECT pt FROM param WHERE type = ? AND code = ?', [
        typeNumber(type),
        code,
      ])
    );
  }

  parameterOrNew(type: string, code: string): number {
    return (
      this.parameter(type, code) ??
      this.#parameters.keep(
        type,
        code,
        this.#connection.run('INSERT INTO param(type, code) VALUES (?, ?)', typeNumber(type), code),
      )
    );
  }

  term(system: string, code: string): number | undefined {
    return (
      this.#terms.get(system, code) ??
      this.#look(this.#terms, system, code, 'SELECT tid FROM term WHERE code = ? AND sys = ?', [code, system])
    );
  }

  termOrNew(system: string, code: string): number {
    return (
      this.term(system, code) ??
      this.#terms.keep(
        system,
        code,
        this.#connection.run('INSERT INTO term(code, sys) VALUES (?, ?)', code, system),
      )
    );
  }

  /** Every term with this code, whatever its system; those of URIs and URLs are left out. */
  termsOfCode(code: string): number[] {
    return this.#connection
      .all("SELECT tid FROM term WHERE code = ? AND sys NOT IN (char(1) || 'uri', char(1) || 'url')", [code])
      .map((row) => Number(row[0]));
  }

  /** Every unit of UCUM that anything here is measured in: few, and an index has them alone. */
  termsOfUcum(): { readonly tid: number; readonly code: string }[] {
    return this.#connection
      .all(`SELECT tid, code FROM term WHERE sys = '${UCUM}'`, [])
      .map(([tid, code]) => ({ tid: Number(tid), code: String(code) }));
  }

  resource(type: string, id: string): number | undefined {
    return (
      this.#resources.get(type, id) ??
      this.#look(this.#resources, type, id, 'SELECT lid FROM ent WHERE id = ? AND type = ?', [
        id,
        typeNumber(type),
      ])
    );
  }

  /** A resource that was not known yet, with the version that is its newest from now on. */
  newResource(type: string, id: string, rid: number): number {
    return this.#resources.keep(
      type,
      id,
      this.#connection.run('INSERT INTO ent(type, id, cur) VALUES (?, ?, ?)', typeNumber(type), id, rid),
    );
  }

  resourceOrNew(type: string, id: string): number {
    return (
      this.resource(type, id) ??
      this.#resources.keep(
        type,
        id,
        this.#connection.run('INSERT INTO ent(type, id) VALUES (?, ?)', typeNumber(type), id),
      )
    );
  }

  /** The id of a resource. */
  idOf(lid: number): string {
    const known = this.#names.get(lid);
    if (known !== undefined) return known;
    const row = this.#connection.get('SELECT id FROM ent WHERE lid = ?', [lid]);
    if (row === undefined) throw new Error(`no resource ${lid}`);
    if (this.#names.size >= CACHED_MAX) this.#names.clear();
    this.#names.set(lid, String(row[0]));
    return String(row[0]);
  }

  #look(
    numbers: Numbers,
    first: string,
    second: string,
    sql: string,
    parameters: readonly (string | number)[],
  ): number | undefined {
    const row = this.#connection.get(sql, parameters);
    return row === undefined ? undefined : numbers.keep(first, second, Number(row[0]));
  }
}

/**
 * Numbers by pairs of texts, at most CACHED_MAX. Nested, since one text made of two would have to be made and
 * hashed anew for every look.
 */
class Numbers {
  readonly #byFirst = new Map<string, Map<string, number>>();
  #size = 0;

  get(first: string, second: string): number | undefined {
    return this.#byFirst.get(first)?.get(second);
  }

  keep(first: string, second: string, value: number): number {
    if (this.#size >= CACHED_MAX) this.clear();
    let bySecond = this.#byFirst.get(first);
    if (bySecond === undefined) {
      bySecond = new Map();
      this.#byFirst.set(first, bySecond);
    }
    bySecond.set(second, value);
    this.#size += 1;
    return value;
  }

  clear(): void {
    this.#byFirst.clear();
    this.#size = 0;
  }
}
