/**
 * What one validation run carries: where it stands in the resource and what it has found. The path is
 * kept as a stack and written out only when something is wrong, so that a valid resource costs no text.
 */
import type { Issue, IssueType } from '../base/failure.ts';

/** Issues after which a run looks no further: enough to mend by, too few to be used against the server. */
const ISSUES_MAX = 100;
/** Path steps beyond which nothing is read; parseJson refuses such depth long before. */
const PATH_STEPS_MAX = 600;

export class ValidationRun {
  readonly issues: Issue[] = [];
  private readonly path: (string | number)[] = [];

  enter(step: string | number): void {
    this.path.push(step);
  }

  leave(): void {
    this.path.pop();
  }

  get full(): boolean {
    return this.issues.length >= ISSUES_MAX;
  }

  get tooDeep(): boolean {
    return this.path.length > PATH_STEPS_MAX;
  }

  /** Reports an error here, or at a member of what stands here. */
  report(code: IssueType, text: string, member?: string): void {
    this.add('error', code, text, member);
  }

  /** The same for what does not stop a write. */
  warn(code: IssueType, text: string, member?: string): void {
    this.add('warning', code, text, member);
  }

  private add(severity: Issue['severity'], code: IssueType, text: string, member: string | undefined): void {
    if (this.full) return;
    const expression = member === undefined ? this.expression() : `${this.expression()}.${member}`;
    this.issues.push({ severity, code, text, ...(expression === '' ? {} : { expression }) });
  }

  private expression(): string {
    let text = '';
    for (const step of this.path) {
      if (typeof step === 'number') text += `[${step}]`;
      else text += text === '' ? step : `.${step}`;
    }
    return text;
  }
}
