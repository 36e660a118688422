/**
 * What can be found as soon as it is there, and what waits to be indexed with others (late-index.ts): before
 * nearly every message is written, what it speaks of is looked for by its identifiers, and the person's open
 * stay.
 */
import type { SearchQuery } from '../../fhir/search-query.ts';
import type { Scope } from '../scope.ts';

/** Whether resources of this type are found at once by everything. */
export const isTypeAtOnce = (type: string): boolean => type === 'Patient' || type === 'Encounter';

/** Whether values of this parameter of a type are found at once. */
export const isFoundAtOnce = (type: string, code: string): boolean =>
  code === 'identifier' || isTypeAtOnce(type);

/** The types whose late rows a search goes through: its own, where it is not found at once, and of includes. */
export function lateTypes({ type, filters, sort, include, revinclude }: SearchQuery, scope: Scope): string[] {
  const codes = [...filters, ...sort.map(({ by }) => by)].flatMap((one) =>
    one.kind === 'parameter' ? [one.parameter.code] : [],
  );
  const isOwnLate = scope.persons !== 'all' || codes.some((code) => !isFoundAtOnce(type, code));
  const types = [...(isOwnLate ? [type] : []), ...[...include, ...revinclude].map(({ source }) => source)];
  return types.filter((one) => !isTypeAtOnce(one));
}
