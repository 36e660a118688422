/**
 * An import of files: finds them, splits them into units, keeps some under way, tries those again that waited
 * for others, and writes down what was rejected. It knows nothing of where the units go. A run that was
 * stopped is started again with the same words: what is done is known by its content and passed over.
 */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { AcknowledgedBytes } from './files/acknowledged-bytes.ts';
import { findInputs, type InputFile } from './files/find-inputs.ts';
import { InputReader } from './files/read-input.ts';
import { RejectsFile } from './files/rejects-file.ts';
import { inputKind, type Piece, SNIFF_BYTES, splitInput } from './files/split-input.ts';
import { type ImportTarget, type ImportUnit, type UnitOutcome, unitName } from './import-unit.ts';

export interface ImportOptions {
  readonly paths: readonly string[];
  readonly target: ImportTarget;
  readonly rejects: string;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Ends the import after what is under way. */
  readonly signal?: AbortSignal;
  /** Told now and then: versions written so far, and the share of the bytes that is acknowledged (0 to 1). */
  progress(resources: number, share: number): void;
}

export interface ImportSummary {
  /** Versions written. */
  resources: number;
  /** Found to be there already just so. */
  unchanged: number;
  seconds: number;
  /** Durable commits. */
  commits: number;
  /** Inputs that were read. */
  files: number;
  /** Units (Bundles, chunks of lines or messages) that had been taken before, by an earlier run or in this one. */
  before: number;
  /** Lines, messages, entries and files that were not taken. */
  rejected: number;
  /** Files of folders that are no input. */
  leftAside: number;
  /** Where the rejects are written down, where there are any. */
  rejects?: string;
  /** Why it ended before all was done. */
  stopped?: Failure;
}

/**
 * Imports all that lies under the paths. Throws Failure `value` where a path or the rejects file is wrong.
 */
export async function importFiles(options: ImportOptions): Promise<ImportSummary> {
  const rejects = await RejectsFile.open(options.rejects);
  const files = (await findInputs(options.paths)).filter(
    ({ path }) => resolve(path) !== resolve(options.rejects),
  );
  const run = new ImportRun(options, files, rejects);
  try {
    return await run.run();
  } finally {
    await rejects.close();
  }
}

/** Units under way at once, besides the setting importAheadBytes. */
const UNITS_AHEAD = 64;
const PATIENCE_MS = 1_000;
const ATTEMPTS = 30;
/** Names by which a file says that it is an input, so that one that is not is rejected and not left aside. */
const INPUT_NAME = /\.(json|ndjson|jsonl|hl7|hl7v2)(\.gz)?$/i;
const LINES_NAME = /\.(ndjson|jsonl|hl7)(\.gz)?$/i;

/** Which units of a file are to be taken: all, or those that waited, by their number. */
type Wanted = ReadonlySet<number> | 'all';

class ImportRun {
  readonly #options: ImportOptions;
  readonly #files: readonly InputFile[];
  readonly #rejects: RejectsFile;
  readonly #begun: number;
  readonly #acknowledged: AcknowledgedBytes;
  readonly #summary: ImportSummary = {
    resources: 0,
    unchanged: 0,
    seconds: 0,
    commits: 0,
    files: 0,
    before: 0,
    rejected: 0,
    leftAside: 0,
  };
  readonly #underWay = new Set<Promise<void>>();
  #bytesUnderWay = 0;
  #waiting = new Map<InputFile, Set<number>>();
  /** Units of which the rejects are written down: the same content in another file is not told again. */
  readonly #told = new Set<string>();
  #stopped: Failure | undefined;

  constructor(options: ImportOptions, files: readonly InputFile[], rejects: RejectsFile) {
    this.#options = options;
    this.#files = files;
    this.#rejects = rejects;
    this.#begun = options.clock.monotonicMs();
    this.#acknowledged = new AcknowledgedBytes(files, options.settings);
  }

  async run(): Promise<ImportSummary> {
    let wanted: ReadonlyMap<InputFile, Wanted> = new Map(this.#files.map((file) => [file, 'all'] as const));
    let last = false;
    let before = Number.POSITIVE_INFINITY;
    while (wanted.size > 0 && !this.#ended) {
      this.#waiting = new Map();
      const reader = new InputReader([...wanted.keys()]);
      for (const [file, units] of wanted) {
        if (this.#ended) break;
        await this.#takeFile(reader, file, units, last);
      }
      await Promise.all(this.#underWay);
      wanted = this.#waiting;
      const now = [...this.#waiting.values()].reduce((sum, units) => sum + units.size, 0);
      last = now >= before;
      before = now;
    }
    const { signal, clock, target } = this.#options;
    if (signal?.aborted === true) {
      this.#stopped ??= new Failure('incomplete', 'The import was stopped. Give the same command to go on.');
    }
    const { count, path } = this.#rejects;
    return {
      ...this.#summary,
      seconds: (clock.monotonicMs() - this.#begun) / 1000,
      commits: target.commits(),
      rejected: count,
      ...(count === 0 ? {} : { rejects: path }),
      ...(this.#stopped === undefined ? {} : { stopped: this.#stopped }),
    };
  }

  get #ended(): boolean {
    return this.#stopped !== undefined || this.#options.signal?.aborted === true;
  }

  async #takeFile(reader: InputReader, file: InputFile, wanted: Wanted, last: boolean): Promise<void> {
    let number = 0;
    if (wanted === 'all') this.#summary.files++;
    try {
      for await (const piece of piecesOf(reader, file, this.#options.settings)) {
        if (this.#ended) return;
        const mine = number++;
        if (wanted !== 'all' && !wanted.has(mine)) continue;
        if (piece.reject !== undefined)
          await this.#rejects.add(file.path, [piece.reject], undefined, piece.first);
        if (piece.unit === undefined) continue;
        if (wanted === 'all') this.#acknowledged.given(file);
        await this.#start(file, piece, piece.unit, mine, last);
      }
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      if (thrown.code === 'no-store') this.#stopped ??= thrown;
      else if (file.named || INPUT_NAME.test(file.path)) {
        await this.#rejects.add(file.path, [{ code: thrown.code, reason: thrown.message }]);
      } else {
        this.#summary.files--;
        this.#summary.leftAside++;
      }
    } finally {
      if (!this.#ended) this.#acknowledged.read(file);
      this.#tell();
    }
  }

  /**
   * Starts a unit when there is room for it. Messages of one sender keep their order: they are not overtaken
   * by the next unit.
   */
  async #start(
    file: InputFile,
    piece: Piece,
    unit: ImportUnit,
    number: number,
    last: boolean,
  ): Promise<void> {
    const { importAheadBytes } = this.#options.settings;
    while (
      this.#underWay.size > 0 &&
      (this.#underWay.size >= UNITS_AHEAD || this.#bytesUnderWay + unit.bytes.length > importAheadBytes)
    ) {
      await Promise.race(this.#underWay);
    }
    if (this.#ended) return;
    this.#bytesUnderWay += unit.bytes.length;
    const work = this.#take(file, piece, unit, number, last).finally(() => {
      this.#bytesUnderWay -= unit.bytes.length;
      this.#underWay.delete(work);
    });
    this.#underWay.add(work);
    if (unit.kind === 'hl7v2') await work;
  }

  async #take(file: InputFile, piece: Piece, unit: ImportUnit, number: number, last: boolean): Promise<void> {
    let outcome: UnitOutcome;
    try {
      outcome = await this.#patiently(unit, last);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      this.#stopped ??= thrown;
      return;
    }
    if (outcome.kind === 'waits') {
      const units = this.#waiting.get(file) ?? new Set();
      this.#waiting.set(file, units.add(number));
      return;
    }
    this.#summary.resources += outcome.resources;
    this.#summary.unchanged += outcome.unchanged;
    if (outcome.before) this.#summary.before++;
    if (outcome.rejects.length > 0 && this.#isNew(unit))
      await this.#rejects.add(file.path, outcome.rejects, unit, piece.first);
    this.#acknowledged.acknowledged(file, unit.bytes.length);
    this.#tell();
  }

  #isNew(unit: ImportUnit): boolean {
    const name = unitName(unit);
    if (this.#told.has(name)) return false;
    this.#told.add(name);
    return true;
  }

  /** A node that has no time now is asked again: a unit that was taken after all has no second effect. */
  async #patiently(unit: ImportUnit, last: boolean): Promise<UnitOutcome> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#options.target.take(unit, last);
      } catch (thrown) {
        const isPassing = thrown instanceof Failure && thrown.code === 'transient';
        if (!isPassing || attempt === ATTEMPTS || this.#ended) throw thrown;
        const { signal } = this.#options;
        await sleep(PATIENCE_MS, undefined, signal && { signal }).catch(() => undefined);
      }
    }
  }

  #tell(): void {
    this.#options.progress(this.#summary.resources, this.#acknowledged.share);
  }
}

async function* piecesOf(reader: InputReader, file: InputFile, settings: Settings): AsyncGenerator<Piece> {
  const chunks = reader.read(file);
  const first = await chunks.next();
  if (first.done === true || first.value.length === 0) {
    if (LINES_NAME.test(file.path)) return;
    throw new Failure('structure', 'The file is empty.');
  }
  const kind = inputKind(first.value.subarray(0, SNIFF_BYTES), file.path);
  yield* splitInput(kind, resumed(first.value, chunks), settings);
}

async function* resumed(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
