/**
 * The one error class that rooms throw on purpose. `code` is an R4 IssueType
 * (http://hl7.org/fhir/R4/valueset-issue-type.html); each door translates it in one file.
 * Whatever else is thrown is a defect and leaves a door as `exception` with a log id.
 */
export type IssueType =
  | 'invalid'
  | 'structure'
  | 'required'
  | 'value'
  | 'invariant'
  | 'security'
  | 'login'
  | 'unknown'
  | 'expired'
  | 'forbidden'
  | 'suppressed'
  | 'processing'
  | 'not-supported'
  | 'duplicate'
  | 'multiple-matches'
  | 'not-found'
  | 'deleted'
  | 'too-long'
  | 'code-invalid'
  | 'extension'
  | 'too-costly'
  | 'business-rule'
  | 'conflict'
  | 'transient'
  | 'lock-error'
  | 'no-store'
  | 'exception'
  | 'timeout'
  | 'incomplete'
  | 'throttled'
  | 'informational';

/** One thing that is wrong, where it is wrong, in words that say how to mend it. */
export interface Issue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information';
  readonly code: IssueType;
  /** What happened and what to do about it; never holds an identifier of a person. */
  readonly text: string;
  /** FHIRPath of the element, such as `Patient.name[0].use`. */
  readonly expression?: string;
}

interface FailureDetail {
  readonly expression?: string;
  readonly cause?: unknown;
  /** All issues, where there is more than one; the first one's code and text are the failure's own. */
  readonly issues?: readonly Issue[];
  /** HTTP status where the code's usual one does not fit (412 of a failed precondition, 413, 415 …). */
  readonly status?: number;
  /** Methods that the address takes, where another one was tried (405): what the header Allow says. */
  readonly allow?: readonly string[];
}

export class Failure extends Error {
  readonly code: IssueType;
  readonly expression: string | undefined;
  readonly issues: readonly Issue[];
  readonly status: number | undefined;
  readonly allow: readonly string[] | undefined;

  constructor(code: IssueType, text: string, detail: FailureDetail = {}) {
    super(text, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'Failure';
    this.code = code;
    this.expression = detail.expression;
    this.status = detail.status;
    this.allow = detail.allow;
    this.issues = detail.issues ?? [
      {
        severity: 'error',
        code,
        text,
        ...(detail.expression === undefined ? {} : { expression: detail.expression }),
      },
    ];
  }
}

/** HTTP status for each issue type; the one place where the two meet. */
const STATUS: Readonly<Record<IssueType, number>> = {
  invalid: 400,
  structure: 400,
  required: 400,
  value: 400,
  extension: 400,
  'not-supported': 400,
  processing: 422,
  invariant: 422,
  'code-invalid': 422,
  'business-rule': 422,
  security: 401,
  login: 401,
  unknown: 401,
  expired: 401,
  forbidden: 403,
  suppressed: 403,
  'not-found': 404,
  deleted: 410,
  'too-long': 413,
  duplicate: 409,
  conflict: 409,
  'lock-error': 409,
  'multiple-matches': 412,
  'too-costly': 403,
  throttled: 429,
  transient: 503,
  'no-store': 507,
  timeout: 504,
  exception: 500,
  incomplete: 500,
  informational: 200,
};

/** The HTTP status that a failure leaves with. */
export function httpStatusOf(failure: Failure): number {
  return failure.status ?? STATUS[failure.code];
}
