/** Rules that some types of resource have beside their definitions: what the specification says in prose. */
import type { JsonObject } from '../json-access.ts';
import { checkBundle } from './bundle-checks.ts';
import {
  checkCapabilityStatement,
  checkExperimental,
  checkMeasureReport,
  checkSearchParameter,
} from './definition-checks.ts';
import type { ProfileRun, Scope } from './profile-run.ts';
import { checkQuestionnaireResponse } from './questionnaire-response-checks.ts';

type Rule = (run: ProfileRun, resource: JsonObject, path: string, scope: Scope) => void;

const RULES: Readonly<Record<string, Rule>> = {
  Bundle: checkBundle,
  CapabilityStatement: checkCapabilityStatement,
  MeasureReport: checkMeasureReport,
  QuestionnaireResponse: checkQuestionnaireResponse,
  SearchParameter: checkSearchParameter,
};

/** Holds a resource to the rules of its type, when its elements have been looked at. */
export function checkOfType(
  run: ProfileRun,
  resource: JsonObject,
  place: { readonly path: string; readonly scope: Scope },
): void {
  RULES[String(resource.resourceType)]?.(run, resource, place.path, place.scope);
}

/** What is looked at before its elements. */
export function checkBefore(run: ProfileRun, resource: JsonObject, path: string): void {
  checkExperimental(run, resource, path);
}
