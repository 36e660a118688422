/**
 * Write requests as they cross to the writer's thread: texts that come again once, all else numbers.
 * Structured cloning pays for each property and each short string; packed, a request costs both threads less
 * than half of that.
 */
import type { SearchQuery } from '../../fhir/search-query.ts';
import type { Scope } from '../scope.ts';
import type { FoundBy } from '../store.ts';
import type { BlobChange, PreparedOp, WriteRequest } from './group-message.ts';
import type { FlatIndex, PreparedWrite } from './prepare-write.ts';

export interface PackedRequests {
  readonly texts: readonly string[];
  /** Places of texts, counts and values, in the order in which they are read. */
  readonly numbers: Float64Array;
  /** What is rare: blobs, and the searches behind conditions. */
  readonly others: readonly unknown[];
}

const NONE = -1;
const KINDS = ['create', 'put', 'delete'] as const;

export function packRequests(requests: readonly WriteRequest[]): PackedRequests {
  const packer = new Packer();
  packer.number(requests.length);
  for (const request of requests) packer.request(request);
  return packer.packed();
}

/** What `packRequests` was given. */
export function unpackRequests(packed: PackedRequests): WriteRequest[] {
  const unpacker = new Unpacker(packed);
  return unpacker.several(() => unpacker.request());
}

class Packer {
  readonly #texts: string[] = [];
  readonly #places = new Map<string, number>();
  readonly #numbers: number[] = [];
  readonly #others: unknown[] = [];

  packed(): PackedRequests {
    return { texts: this.#texts, numbers: Float64Array.from(this.#numbers), others: this.#others };
  }

  number(value: number): void {
    this.#numbers.push(value);
  }

  request({ n, now, audit, ops, blobs }: WriteRequest): void {
    this.#numbers.push(n, now);
    this.#own(audit);
    this.#numbers.push(ops.length);
    for (const op of ops) this.#op(op);
    this.#numbers.push(blobs.length);
    for (const blob of blobs) this.#other(blob);
  }

  #op(op: PreparedOp): void {
    this.#numbers.push(KINDS.indexOf(op.op));
    this.#text(op.type);
    this.#own(op.id);
    switch (op.op) {
      case 'create':
        this.#write(op.write);
        this.#other(op.ifNoneExist);
        this.#optional(op.expected);
        this.#other(op.within);
        break;
      case 'put':
        this.#write(op.write);
        this.#optional(op.ifMatch);
        this.#numbers.push(op.onlyIfChanged === true ? 1 : 0);
        this.#other(op.foundBy);
        break;
      case 'delete':
        this.#optional(op.ifMatch);
        this.#other(op.foundBy);
    }
  }

  #write({ tail, labels, patients, index }: PreparedWrite): void {
    this.#own(tail);
    this.#optional(labels ?? undefined);
    this.#list(patients, 1);
    this.#list(index.terms, 3);
    this.#list(index.references, 3);
    this.#list(index.strings, 2);
    this.#list(index.dateCodes);
    this.#values(index.dates);
    this.#list(index.quantityUnits);
    this.#values(index.quantities);
  }

  /** The last of each `size` texts is a value, seldom the same twice; all else comes again and again. */
  #list(texts: readonly string[], size = 0): void {
    this.#numbers.push(texts.length);
    for (let i = 0; i < texts.length; i++) {
      if (size > 0 && i % size === size - 1) this.#own(texts[i]);
      else this.#text(texts[i] ?? '');
    }
  }

  #values(values: readonly number[]): void {
    this.#numbers.push(values.length);
    for (const value of values) this.#numbers.push(value);
  }

  #text(text: string): void {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.#texts.push(text) - 1;
      this.#places.set(text, place);
    }
    this.#numbers.push(place);
  }

  #optional(text: string | undefined): void {
    if (text === undefined) this.#numbers.push(NONE);
    else this.#text(text);
  }

  /** A text that hardly comes again: looking for it would cost more than sending it twice. */
  #own(text: string | undefined): void {
    this.#numbers.push(text === undefined ? NONE : this.#texts.push(text) - 1);
  }

  #other(value: unknown): void {
    this.#numbers.push(value === undefined ? NONE : this.#others.push(value) - 1);
  }
}

class Unpacker {
  readonly #texts: readonly string[];
  readonly #numbers: Float64Array;
  readonly #others: readonly unknown[];
  #at = 0;

  constructor({ texts, numbers, others }: PackedRequests) {
    this.#texts = texts;
    this.#numbers = numbers;
    this.#others = others;
  }

  several<T>(one: () => T): T[] {
    const count = this.#number();
    const all: T[] = [];
    for (let i = 0; i < count; i++) all.push(one());
    return all;
  }

  request(): WriteRequest {
    const n = this.#number();
    const now = this.#number();
    const audit = this.#optional();
    const ops = this.several(() => this.#op());
    const blobs = this.several(() => this.#other<BlobChange>()).filter((blob) => blob !== undefined);
    return { n, now, ops, blobs, ...(audit === undefined ? {} : { audit }) };
  }

  #op(): PreparedOp {
    const op = KINDS[this.#number()];
    const type = this.#text();
    const id = this.#text();
    switch (op) {
      case 'create': {
        const write = this.#write();
        const ifNoneExist = this.#other<SearchQuery>();
        const expected = this.#optional();
        const within = this.#other<Scope>();
        return {
          op,
          type,
          id,
          write,
          ...(ifNoneExist === undefined ? {} : { ifNoneExist }),
          ...(expected === undefined ? {} : { expected }),
          ...(within === undefined ? {} : { within }),
        };
      }
      case 'put': {
        const write = this.#write();
        const ifMatch = this.#optional();
        const isOnlyIfChanged = this.#number() === 1;
        const condition = this.#conditions(ifMatch);
        return isOnlyIfChanged
          ? { op, type, id, write, ...condition, onlyIfChanged: true }
          : { op, type, id, write, ...condition };
      }
      case 'delete': {
        const ifMatch = this.#optional();
        return { op, type, id, ...this.#conditions(ifMatch) };
      }
      default:
        throw new Error('a packed request has an op of no kind');
    }
  }

  #conditions(ifMatch: string | undefined): { ifMatch?: string; foundBy?: FoundBy } {
    const foundBy = this.#other<FoundBy>();
    return { ...(ifMatch === undefined ? {} : { ifMatch }), ...(foundBy === undefined ? {} : { foundBy }) };
  }

  #write(): PreparedWrite {
    const tail = this.#text();
    const labels = this.#optional() ?? null;
    const patients = this.#list();
    const index: FlatIndex = {
      terms: this.#list(),
      references: this.#list(),
      strings: this.#list(),
      dateCodes: this.#list(),
      dates: this.#values(),
      quantityUnits: this.#list(),
      quantities: this.#values(),
    };
    return { tail, labels, patients, index };
  }

  #number(): number {
    return this.#numbers[this.#at++] ?? Number.NaN;
  }

  #text(): string {
    return this.#texts[this.#number()] ?? '';
  }

  #optional(): string | undefined {
    const place = this.#number();
    return place === NONE ? undefined : this.#texts[place];
  }

  #other<T>(): T | undefined {
    const place = this.#number();
    return place === NONE ? undefined : (this.#others[place] as T);
  }

  #list(): readonly string[] {
    const count = this.#number();
    if (count === 0) return NO_TEXTS;
    const texts: string[] = [];
    for (let i = 0; i < count; i++) texts.push(this.#text());
    return texts;
  }

  #values(): readonly number[] {
    const count = this.#number();
    const values: number[] = [];
    for (let i = 0; i < count; i++) values.push(this.#number());
    return values;
  }
}

const NO_TEXTS: readonly string[] = [];
