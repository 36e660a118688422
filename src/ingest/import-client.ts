/** Units to a running node, over its import door: what an importer is to a stopped one. */
import type { Clock } from '../base/clock.ts';
import { Failure, type IssueType } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import type { ImportTarget, ImportUnit, UnitOutcome } from './import-unit.ts';

export interface ImportClientParts {
  /** `http://127.0.0.1:8801` */
  readonly url: string;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'importAnswerSeconds'>;
  /** Gives up what the node has not answered: it may have been taken, and is known again. */
  readonly giveUp?: AbortSignal;
  /** A bearer token of the source system; asked for again when the last one has grown old. */
  token(): Promise<string>;
}

const TOKEN_AGE_MS = 30 * 60_000;

export class ImportClient implements ImportTarget {
  readonly #parts: ImportClientParts;
  #token: { readonly text: string; readonly at: number } | undefined;
  #commits = 0;

  constructor(parts: ImportClientParts) {
    this.#parts = parts;
  }

  /**
   * Units that the node has acknowledged and that were new to it: it alone knows how many shared a commit.
   */
  commits(): number {
    return this.#commits;
  }

  /**
   * As ImportTarget.take. Throws Failure `timeout` where the node does not answer in time, `incomplete` where
   * it was given up, and what the node refuses.
   */
  async take({ kind, bytes }: ImportUnit, last: boolean): Promise<UnitOutcome> {
    const { url, giveUp, settings } = this.#parts;
    const late = AbortSignal.timeout(settings.importAnswerSeconds * 1000);
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}/import/units?kind=${kind}${last ? '&last=true' : ''}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await this.#bearer()}`,
          'content-type': 'application/octet-stream',
        },
        body: new Uint8Array(bytes),
        signal: giveUp === undefined ? late : AbortSignal.any([late, giveUp]),
      });
      text = await response.text();
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      throw this.#unanswered(late.aborted, cause);
    }
    if (!response.ok) throw failureIn(response.status, text);
    const outcome = JSON.parse(text) as UnitOutcome;
    if (outcome.kind === 'taken' && !outcome.before && outcome.resources > 0) this.#commits++;
    return outcome;
  }

  #unanswered(isLate: boolean, cause: unknown): Failure {
    const { url, giveUp, settings } = this.#parts;
    const again = 'give the same command again: what is done is passed over.';
    if (giveUp?.aborted === true) {
      return new Failure('incomplete', `Stopped before the node had answered for everything; ${again}`, {
        cause,
      });
    }
    const text = isLate
      ? `The node at ${url} has not answered within ${settings.importAnswerSeconds} s (setting ` +
        `importAnswerSeconds). See what keeps it, and ${again}`
      : `The node at ${url} does not answer. Start it and ${again}`;
    return new Failure('timeout', text, { cause });
  }

  async #bearer(): Promise<string> {
    const now = this.#parts.clock.monotonicMs();
    if (this.#token === undefined || now - this.#token.at > TOKEN_AGE_MS) {
      this.#token = { text: await this.#parts.token(), at: now };
    }
    return this.#token.text;
  }
}

/** The failure in an OperationOutcome. */
function failureIn(status: number, text: string): Failure {
  try {
    const { issue } = JSON.parse(text) as { issue: { code: IssueType; diagnostics: string }[] };
    const [first] = issue;
    if (first !== undefined) return new Failure(first.code, first.diagnostics, { status });
  } catch {
    // said below
  }
  return new Failure('exception', `The node answered ${status} and nothing that can be read.`, { status });
}
