/**
 * How far the writer's thread has got with the index (late-index.ts), as its replies tell: who asks waits
 * until everything that the snapshot holds can be found. Only what has just been written makes anybody wait.
 */
import type { Failure } from '../../../base/failure.ts';
import type { CompartmentQuery } from '../../store.ts';

interface Waiting {
  readonly seq: number;
  resolve(): void;
  reject(failure: Failure): void;
}

export class IndexProgress {
  /** Asks the writer's thread to index all that there is. */
  readonly #ask: () => void;
  #indexedSeq: number;
  /** The newest commit that wrote anything, and that wrote a type. */
  #written = 0;
  readonly #ofType = new Map<string, number>();
  /** The newest commit about a Patient, or nobody, that is not indexed yet; the oldest of them first. */
  readonly #ofPerson = new Map<string | undefined, number>();
  #waiting: Waiting[] = [];

  constructor(indexedSeq: number, ask: () => void) {
    this.#indexedSeq = indexedSeq;
    this.#ask = ask;
  }

  /** Of how many people something is not indexed yet: no more than the writer holds. */
  get people(): number {
    return this.#ofPerson.size;
  }

  /** A commit that is on disk wrote a resource of this type, in the compartments of these Patients. */
  wrote(type: string, persons: readonly string[], seq: number): void {
    this.#written = Math.max(this.#written, seq);
    this.#ofType.set(type, seq);
    if (seq <= this.#indexedSeq) return;
    for (const person of persons.length === 0 ? [undefined] : persons) {
      this.#ofPerson.delete(person); // so that it comes last
      this.#ofPerson.set(person, seq);
    }
  }

  /** Everything up to this commit is indexed; with a `failure`, nothing beyond it could be. */
  heard(indexedSeq: number, failure?: Failure): void {
    this.#indexedSeq = Math.max(this.#indexedSeq, indexedSeq);
    for (const [person, seq] of this.#ofPerson) {
      if (seq > this.#indexedSeq) break;
      this.#ofPerson.delete(person);
    }
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const one of waiting) {
      if (one.seq <= this.#indexedSeq) one.resolve();
      else if (failure !== undefined) one.reject(failure);
      else this.#waiting.push(one);
    }
  }

  /**
   * Resolves when every resource of these types that a snapshot at `seq` holds can be found. Throws what
   * kept the writer from it, as all of these do.
   */
  async ofTypes(types: readonly string[] | 'all', seq: number): Promise<void> {
    await this.#upTo(Math.min(types === 'all' ? this.#written : newest(this.#ofType, types), seq));
  }

  /** The same of a compartment, and of what it refers to where that is asked for. */
  async ofPersons({ persons, types, withReferenced }: CompartmentQuery, seq: number): Promise<void> {
    const about = newest(this.#ofPerson, withReferenced ? [...persons, undefined] : persons);
    const ofTypes = types === undefined || withReferenced ? seq : newest(this.#ofType, types);
    await this.#upTo(Math.min(about, ofTypes, seq));
  }

  /** The same of everything. */
  async all(seq: number): Promise<void> {
    await this.#upTo(Math.min(this.#written, seq));
  }

  async #upTo(seq: number): Promise<void> {
    if (seq <= this.#indexedSeq) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ seq, resolve, reject });
      this.#ask();
    });
  }
}

function newest<K>(written: ReadonlyMap<K, number>, keys: readonly K[]): number {
  return keys.reduce((seq, key) => Math.max(seq, written.get(key) ?? 0), 0);
}
