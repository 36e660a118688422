/** Issues → OperationOutcome, http://hl7.org/fhir/R4/operationoutcome.html: how every FHIR door reports. */
import type { Failure, Issue } from '../base/failure.ts';
import type { ResourceOf } from './resource.ts';

/**
 * An OperationOutcome with one issue for each given; "all ok" where there is none, since R4 demands at
 * least one.
 */
export function operationOutcome(issues: readonly Issue[]): ResourceOf<'OperationOutcome'> {
  const given: readonly Issue[] =
    issues.length > 0 ? issues : [{ severity: 'information', code: 'informational', text: 'All OK.' }];
  return {
    resourceType: 'OperationOutcome',
    issue: given.map((issue) => ({
      severity: issue.severity,
      code: issue.code,
      diagnostics: issue.text,
      ...(issue.expression === undefined ? {} : { expression: [issue.expression] }),
    })),
  };
}

/** The OperationOutcome of a failure: all its issues. */
export function outcomeOfFailure(failure: Failure): ResourceOf<'OperationOutcome'> {
  return operationOutcome(failure.issues);
}
