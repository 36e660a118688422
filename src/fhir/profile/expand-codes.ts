/**
 * Value sets and hierarchies as lists of codes, for a search by `:in`, `:below` and `:above`. A system of which a value
 * set takes all is named and not listed, so that SNOMED CT need not be here for "any SNOMED CT code". What cannot be
 * listed is refused: a list that is short would find too few. http://hl7.org/fhir/R4/valueset.html#compositions
 */
import { Failure } from '../../base/failure.ts';
import type { Settings } from '../../base/settings.ts';
import type { CodeSet, Codes } from '../codes.ts';
import { isObject, type JsonObject } from '../json-access.ts';
import {
  conceptsBelow,
  conceptsOf,
  type Find,
  isComplete,
  passes,
  readSystem,
  type System,
} from './code-membership.ts';

const NESTING_MAX = 16;

/** Codes of what `find` has. */
export function expandCodes(find: Find, settings: Pick<Settings, 'valueSetCodesMax'>): Codes {
  const systems = new Map<string, System | undefined>();
  const systemOf = (url: string): System | undefined => {
    if (!systems.has(url)) systems.set(url, readSystem(find('CodeSystem', url)));
    return systems.get(url);
  };
  return {
    async valueSet(url) {
      if (find('ValueSet', url) === undefined) return undefined;
      return new Expansion(find, systemOf, settings.valueSetCodesMax).of(url, []).codeSet();
    },
    async hierarchy(system, code, direction) {
      const known = systemOf(system);
      return known === undefined ? undefined : conceptsBelow(known, code, direction);
    },
  };
}

/** Codes by system, and systems of which all are in. */
class Listed {
  readonly codes = new Map<string, Set<string>>();
  readonly whole = new Set<string>();

  add(system: string, codes: Iterable<string>): this {
    const known = this.codes.get(system) ?? new Set();
    for (const code of codes) known.add(code);
    this.codes.set(system, known);
    return this;
  }

  addAll(other: Listed): void {
    for (const [system, codes] of other.codes) this.add(system, codes);
    for (const system of other.whole) this.whole.add(system);
  }

  has(system: string, code: string): boolean {
    return this.whole.has(system) || this.codes.get(system)?.has(code) === true;
  }

  /** What is in both. */
  within(other: Listed): Listed {
    const out = new Listed();
    for (const one of [this, other]) {
      const another = one === this ? other : this;
      for (const [system, codes] of one.codes)
        out.add(
          system,
          [...codes].filter((code) => another.has(system, code)),
        );
    }
    for (const system of this.whole) if (other.whole.has(system)) out.whole.add(system);
    return out;
  }

  get size(): number {
    let size = 0;
    for (const codes of this.codes.values()) size += codes.size;
    return size;
  }

  codeSet(): CodeSet {
    return {
      codes: [...this.codes].flatMap(([system, codes]) =>
        codes.size === 0 || this.whole.has(system) ? [] : [{ system, codes: [...codes] }],
      ),
      systems: [...this.whole],
    };
  }
}

class Expansion {
  readonly #find: Find;
  readonly #systemOf: (url: string) => System | undefined;
  readonly #max: number;
  readonly #made = new Map<string, Listed>();

  constructor(find: Find, systemOf: (url: string) => System | undefined, max: number) {
    this.#find = find;
    this.#systemOf = systemOf;
    this.#max = max;
  }

  of(url: string, within: readonly string[]): Listed {
    const made = this.#made.get(url);
    if (made !== undefined) return made;
    if (within.includes(url) || within.length >= NESTING_MAX) {
      throw notListed(url, 'it contains itself, or value sets too deep');
    }
    const set = this.#find('ValueSet', url);
    if (set === undefined) throw notListed(url, 'no package that is loaded has it');
    const listed = this.#compose(set, url, [...within, url]);
    if (listed.size > this.#max) {
      const text = `it has more than ${this.#max} codes (setting valueSetCodesMax)`;
      throw notListed(url, text);
    }
    this.#made.set(url, listed);
    return listed;
  }

  #compose({ compose, expansion }: JsonObject, url: string, within: readonly string[]): Listed {
    if (!isObject(compose)) {
      if (isObject(expansion)) return ofExpansion(expansion);
      throw notListed(url, 'it says nothing of what is in it');
    }
    const out = new Listed();
    for (const part of objects(compose.include)) out.addAll(this.#part(part, url, within));
    for (const part of objects(compose.exclude)) this.#without(out, this.#part(part, url, within), url);
    return out;
  }

  /** One include or exclude: its system, list and filters, and every value set that it names. */
  #part(part: JsonObject, url: string, within: readonly string[]): Listed {
    const sets = strings(part.valueSet).map((one) => this.of(one, within));
    const own = typeof part.system === 'string' ? [this.#ofSystem(part, part.system, url)] : [];
    const [first, ...rest] = [...own, ...sets];
    return rest.reduce((all, one) => all.within(one), first ?? new Listed());
  }

  #ofSystem(part: JsonObject, system: string, url: string): Listed {
    const listed = objects(part.concept);
    if (listed.length > 0) return new Listed().add(system, strings(listed.map(({ code }) => code)));
    const filters = objects(part.filter);
    const out = new Listed();
    if (filters.length === 0) {
      out.whole.add(system);
      return out;
    }
    const known = this.#systemOf(system);
    if (known === undefined || !isComplete(known)) {
      throw notListed(url, `it filters ${system}, which no package that is loaded has in full`);
    }
    const codes = conceptsOf(known).filter((code) =>
      filters.every((filter) => {
        const answer = passes(known, filter, code);
        if (answer === 'unknown')
          throw notListed(url, `it filters ${system} in a way that is not known here`);
        return answer === 'in';
      }),
    );
    return out.add(system, codes);
  }

  #without(from: Listed, out: Listed, url: string): void {
    for (const system of out.whole) {
      from.whole.delete(system);
      from.codes.delete(system);
    }
    for (const [system, codes] of out.codes) {
      if (from.whole.delete(system)) {
        const known = this.#systemOf(system);
        if (known === undefined || !isComplete(known)) {
          throw notListed(
            url,
            `it takes out codes of ${system}, which no package that is loaded has in full`,
          );
        }
        from.add(system, conceptsOf(known));
      }
      for (const code of codes) from.codes.get(system)?.delete(code);
    }
  }
}

function ofExpansion(expansion: JsonObject): Listed {
  const out = new Listed();
  const open = [...objects(expansion.contains)];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (typeof one.system === 'string' && typeof one.code === 'string' && one.abstract !== true)
      out.add(one.system, [one.code]);
    for (const inner of objects(one.contains)) open.push(inner);
  }
  return out;
}

function notListed(url: string, why: string): Failure {
  return new Failure('not-supported', `The codes of the value set ${url} cannot be listed: ${why}.`);
}

function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
