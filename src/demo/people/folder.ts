/**
 * One person's resources at one organisation while they are gathered: ids that do not change, references,
 * bundles of a bearable size.
 */
import type { DemoLife } from './person.ts';
import { type DemoResource, demoPatient, profileOf, transaction, type Verification } from './uk-core.ts';

/** Entries of one transaction. */
const ENTRIES_MAX = 180;

export interface Reference {
  readonly reference: string;
}

export class Folder {
  readonly life: DemoLife;
  readonly subject: Reference;
  readonly #prefix: string;
  readonly #resources: DemoResource[] = [];

  /** With the person's Patient in it. `prefix` tells an organisation's ids from those of others: `g1`. */
  constructor(life: DemoLife, prefix: string, status: Verification = '01') {
    this.life = life;
    this.#prefix = `${prefix}-${localNumber(prefix, life.number)}`;
    this.subject = { reference: `Patient/${this.#prefix}` };
    this.#resources.push(demoPatient(life, this.#prefix, status));
  }

  /** Adds a resource; `name` tells it from others of the person here, of whatever type. */
  add(resourceType: string, name: string, content: object): Reference {
    const id = `${this.#prefix}-${name}`;
    this.#resources.push({ resourceType, id, ...profileOf(resourceType), ...content });
    return { reference: `${resourceType}/${id}` };
  }

  /** Transactions that put everything, the Patient first. */
  bundles(): string[] {
    const made: string[] = [];
    for (let from = 0; from < this.#resources.length; from += ENTRIES_MAX) {
      made.push(transaction(this.#resources.slice(from, from + ENTRIES_MAX)));
    }
    return made;
  }
}

const PRIME = 1_000_003;

/** The number by which an organisation knows a person: each its own, and no row of them to be counted. */
export function localNumber(prefix: string, number: number): string {
  let salt = 7919;
  for (const one of prefix) salt = (salt * 31 + one.charCodeAt(0)) % PRIME;
  return String((number * salt + 40_507) % PRIME).padStart(7, '0');
}
