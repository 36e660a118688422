/**
 * Definitions that speak of other definitions: search parameters of a CapabilityStatement and those derived
 * from others, scores of a MeasureReport. Cheap rules that the specification has in prose.
 */
import { isObject, type JsonObject } from '../json-access.ts';
import { asObjects } from './json-lists.ts';
import type { ProfileRun } from './profile-run.ts';

/** http://hl7.org/fhir/R4/capabilitystatement.html: a search parameter is of the type that its definition has. */
export function checkCapabilityStatement(run: ProfileRun, statement: JsonObject, path: string): void {
  for (const [i, rest] of asObjects(statement.rest).entries()) {
    for (const [k, resource] of asObjects(rest.resource).entries()) {
      checkParameters(run, resource, `${path}.rest[${i}].resource[${k}]`);
    }
    checkParameters(run, rest, `${path}.rest[${i}]`);
  }
}

function checkParameters(run: ProfileRun, holder: JsonObject, path: string): void {
  for (const [i, one] of asObjects(holder.searchParam).entries()) {
    if (typeof one.definition !== 'string') continue;
    const definition = run.source.find('SearchParameter', one.definition);
    if (definition === undefined || definition.type === one.type) continue;
    const text = `The search parameter is of type ${String(definition.type)} in its definition.`;
    run.error('value', `${path}.searchParam[${i}]`, text);
  }
}

/** http://hl7.org/fhir/R4/searchparameter.html: what is derived from another is of its type. */
export function checkSearchParameter(run: ProfileRun, parameter: JsonObject, path: string): void {
  if (typeof parameter.derivedFrom !== 'string') return;
  const base = run.source.find('SearchParameter', parameter.derivedFrom);
  if (base === undefined) {
    run.warn('not-found', path, 'The SearchParameter that this is derived from is not loaded.');
  } else if (base.type !== parameter.type) {
    run.error('value', path, `The one that this is derived from is of type ${String(base.type)}.`);
  } else if (base.expression !== parameter.expression) {
    run.warn('value', path, 'The expression is not that of the one that this is derived from.');
  }
}

/** http://hl7.org/fhir/R4/measurereport.html: a score where the measure has one, and none in a cohort. */
export function checkMeasureReport(run: ProfileRun, report: JsonObject, path: string): void {
  const measure = typeof report.measure === 'string' ? run.source.find('Measure', report.measure) : undefined;
  if (measure === undefined || !isObject(measure.scoring)) return;
  const scoring = asObjects(measure.scoring.coding)[0]?.code;
  for (const [i, group] of asObjects(report.group).entries()) {
    if (scoring === 'cohort' && group.measureScore !== undefined) {
      const text = 'A measure whose scoring is "cohort" has no score.';
      run.error('value', `${path}.group[${i}].measureScore`, text);
    }
  }
}

/** Definitions that say of themselves that nobody should use them yet. */
export function checkExperimental(run: ProfileRun, resource: JsonObject, path: string): void {
  if (run.options.noExperimental !== true || resource.experimental !== true) return;
  run.error('business-rule', path, 'Experimental definitions are not allowed here.');
}
