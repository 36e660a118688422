import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { operationOutcome, outcomeOfFailure } from './operation-outcome.ts';
import { validate } from './validate.ts';

describe('operationOutcome', () => {
  it('has an issue for each, with diagnostics and expression', () => {
    const outcome = operationOutcome([
      { severity: 'error', code: 'required', text: 'Give it.', expression: 'Patient.link[0].other' },
      { severity: 'warning', code: 'not-supported', text: 'Left out.' },
    ]);
    expect(outcome.issue).toEqual([
      { severity: 'error', code: 'required', diagnostics: 'Give it.', expression: ['Patient.link[0].other'] },
      { severity: 'warning', code: 'not-supported', diagnostics: 'Left out.' },
    ]);
    expect(validate(outcome)).toEqual([]);
  });

  it('is valid without issues too', () => {
    expect(validate(operationOutcome([]))).toEqual([]);
  });

  it('tells a failure', () => {
    const outcome = outcomeOfFailure(new Failure('value', 'No.', { expression: 'Patient.id' }));
    expect(outcome.issue).toEqual([
      { severity: 'error', code: 'value', diagnostics: 'No.', expression: ['Patient.id'] },
    ]);
    expect(validate(outcome)).toEqual([]);
  });
});
