/**
 * The one error class that rooms throw on purpose. `code` is an R4 IssueType
 * (http://hl7.org/fhir/R4/valueset-issue-type.html); each door translates it in one file.
 * Whatever else is thrown is a defect and leaves a door as `exception` with a log id.
 */

/**
 * Each code with the HTTP status it leaves with, the one place where the two meet, and what it means here;
 * docs/reference/errors.md is made from it.
 */
export const ISSUE_TYPES = {
  invalid: issueType(
    400,
    'The request makes no sense as a whole: its address, a header, or what is put together.',
  ),
  structure: issueType(
    400,
    'The content has not the shape it must have: broken JSON or HL7 v2, an unknown element.',
  ),
  required: issueType(400, 'Something that must be there is missing.'),
  value: issueType(400, 'A value may not stand there. On the command line: a wrong word, path or ODS code.'),
  invariant: issueType(422, 'A rule over several elements does not hold.'),
  security: issueType(401, 'The token cannot be trusted: forged, of another node, or no token at all.'),
  login: issueType(401, 'There is no token: send Authorization: Bearer ….'),
  unknown: issueType(401, 'Nobody knows the one who asks.'),
  expired: issueType(401, 'The token is too old: take a new one.'),
  forbidden: issueType(403, 'The role or purpose may not do this. Asking again does not help.'),
  suppressed: issueType(403, 'A rule about the person (consent, label) keeps it back.'),
  processing: issueType(422, 'It was understood and cannot be done, for the reason given.'),
  'not-supported': issueType(
    400,
    'There is no such interaction, operation, parameter or format here: also 404, 405 (Allow has the methods), ' +
      '406, 415, and 501 for what R4 defines and is not built yet.',
  ),
  duplicate: issueType(409, 'The same is there already.'),
  'multiple-matches': issueType(412, 'A condition that may find one found several: make it narrower.'),
  'not-found': issueType(404, 'It is not there, or not for the one who asks.'),
  deleted: issueType(410, 'It was there and has been deleted; its history is kept.'),
  'too-long': issueType(413, 'It is larger than a limit allows; the text names the setting.'),
  'code-invalid': issueType(422, 'A code is not among those that the definition allows there.'),
  extension: issueType(400, 'An extension cannot be taken.'),
  'too-costly': issueType(
    403,
    'It would cost more than a limit allows: ask for less. The text names the setting.',
  ),
  'business-rule': issueType(422, 'It contradicts what is known already.'),
  conflict: issueType(
    409,
    'Somebody changed it meanwhile (412 where a condition failed), or it is in use: look again.',
  ),
  transient: issueType(503, 'The node cannot do it now. Try again after Retry-After.'),
  'lock-error': issueType(409, 'What is needed is in use: by another write, or by a node that runs.'),
  'no-store': issueType(
    507,
    'The disk is full, or nearly: reads go on, writes are refused until there is room.',
  ),
  exception: issueType(500, 'A defect of this program: the log tells more under the same request id.'),
  timeout: issueType(504, 'Somebody who was asked did not answer in time.'),
  incomplete: issueType(
    500,
    'It was begun and is not finished (400 where the body broke off): give it again.',
  ),
  throttled: issueType(429, 'There is too much at once. Try again after Retry-After.'),
  informational: issueType(200, 'No failure: something worth knowing.'),
} as const;

export type IssueType = keyof typeof ISSUE_TYPES;

function issueType(status: number, text: string): { readonly status: number; readonly text: string } {
  return { status, text };
}

/** One thing that is wrong, where it is wrong, in words that say how to mend it. */
export interface Issue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information';
  readonly code: IssueType;
  /** What happened and what to do about it; never holds an identifier of a person. */
  readonly text: string;
  /** FHIRPath of the element, such as `Patient.name[0].use`. */
  readonly expression?: string;
}

export interface FailureDetail {
  readonly expression?: string;
  readonly cause?: unknown;
  /** All issues, where there is more than one; the first one's code and text are the failure's own. */
  readonly issues?: readonly Issue[];
  /** HTTP status where the code's usual one does not fit (412 of a failed precondition, 413, 415 …). */
  readonly status?: number;
  /** Methods that the address takes, where another one was tried (405): what the header Allow says. */
  readonly allow?: readonly string[];
  /** Which write of a commit failed, counted from 0. */
  readonly op?: number;
}

export class Failure extends Error {
  readonly code: IssueType;
  readonly expression: string | undefined;
  readonly issues: readonly Issue[];
  readonly status: number | undefined;
  readonly allow: readonly string[] | undefined;
  readonly op: number | undefined;

  constructor(code: IssueType, text: string, detail: FailureDetail = {}) {
    super(text, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'Failure';
    this.code = code;
    this.expression = detail.expression;
    this.status = detail.status;
    this.allow = detail.allow;
    this.op = detail.op;
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

/** The HTTP status that a failure leaves with. */
export function httpStatusOf(failure: Failure): number {
  return failure.status ?? ISSUE_TYPES[failure.code].status;
}
