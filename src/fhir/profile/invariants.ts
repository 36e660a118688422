/**
 * Invariants: the constraints of an element and of its type, by FHIRPath. Those that every element or resource
 * has are made by hand, since they would be most of the work (a test holds them to the library's answer).
 * http://hl7.org/fhir/R4/conformance-rules.html#constraints
 */
import { Failure } from '../../base/failure.ts';
import { compile, withinSteps } from '../fhir-path.ts';
import { isArray, isObject, type JsonObject } from '../json-access.ts';
import { compareValues } from './check-range.ts';
import type { ElementConstraint } from './definition-source.ts';
import { holderOf } from './item-members.ts';
import type { Focus, ProfileRun } from './profile-run.ts';
import type { ProfileNode } from './profile-tree.ts';
import { resolveReference } from './resolve-reference.ts';
import { mayRunAway } from './runaway-pattern.ts';
import { isBackbone, isPrimitive, labelOf, typeTree } from './type-insides.ts';

interface Invariant extends ElementConstraint {
  readonly profile: string | undefined;
}

/** Holds the item to the constraints of the element and to those of its type. */
export function checkInvariants(run: ProfileRun, focus: Focus, node: ProfileNode): void {
  for (const invariant of invariantsOf(run, node, focus.item.type)) {
    if (run.over) return;
    if (holds(run, focus, node, invariant)) continue;
    run.report({
      severity: invariant.severity === 'error' ? 'error' : 'warning',
      code: 'invariant',
      path: focus.item.path,
      text: `The rule ${invariant.key} does not hold: ${invariant.human}`,
      profile: invariant.profile,
    });
  }
}

const kept = new WeakMap<ProfileNode, Map<string, readonly Invariant[]>>();

function invariantsOf(run: ProfileRun, node: ProfileNode, type: string): readonly Invariant[] {
  let byType = kept.get(node);
  if (byType === undefined) {
    byType = new Map();
    kept.set(node, byType);
  }
  const known = byType.get(type);
  if (known !== undefined) return known;
  const made = new Map<string, Invariant>();
  const root = isBackbone(type) ? undefined : typeTree(run.source, type)?.root;
  for (const one of [root, node]) {
    for (const constraint of one?.definition.constraint ?? []) {
      if (constraint.expression === undefined || made.has(constraint.key)) continue;
      const profile = one === undefined || one === root ? undefined : labelOf(one.structure);
      made.set(constraint.key, { ...constraint, profile });
    }
  }
  const list = [...made.values()];
  byType.set(type, list);
  return list;
}

function holds(run: ProfileRun, focus: Focus, node: ProfileNode, invariant: Invariant): boolean {
  const quick = QUICK[invariant.key];
  if (quick !== undefined && quick.expression === invariant.expression) return quick.holds(focus);
  if (focus.item.value === undefined) return true;
  const { path, type, value } = focus.item;
  const { resource, root } = focus.scope;
  if (invariant.profile !== undefined && isRunaway(invariant.expression ?? '')) {
    const text = `The rule ${invariant.key} has a regular expression that may never end: it was not evaluated.`;
    run.note(path, text, invariant.profile);
    return true;
  }
  try {
    const expression = rewritten(invariant.expression ?? 'true');
    const evaluate = compile(
      expression,
      isObject(value) && 'resourceType' in value ? '' : baseOf(node, type),
    );
    const { result, steps } = withinSteps(run.stepsLeft, () =>
      evaluate(
        value,
        { resource, rootResource: root },
        (reference) => resolveReference(run, focus.scope, reference)?.resource,
      ),
    );
    run.spendSteps(steps);
    return isTrue(result);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'too-costly') {
      run.giveUp(path, 'profileStepsMax', run.limits.profileStepsMax, 'steps of FHIRPath');
      return true;
    }
    run.note(
      path,
      `The rule ${invariant.key} could not be evaluated here. ${error.message}`,
      invariant.profile,
    );
    return true;
  }
}

function isRunaway(expression: string): boolean {
  return /matches|replaceMatches/i.test(expression) && mayRunAway(expression);
}

/** One value that is not a boolean counts as true; nothing as false: http://hl7.org/fhirpath/#singleton. */
function isTrue(result: readonly unknown[]): boolean {
  if (result.length === 1) return result[0] !== false;
  return false;
}

/** Where the library starts to know types: the type itself, or the path of a backbone. */
function baseOf(node: ProfileNode, type: string): string {
  if (!isBackbone(type)) return type;
  return node.reference ?? node.definition.base?.path ?? node.definition.path;
}

/** Rules of R4 whose expression does not say what its text does, with what HL7 has made of them since. */
const REWRITTEN: Readonly<Record<string, string>> = {
  "fullUrl.contains('/_history/').not()": "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
  'probability is decimal implies (probability as decimal) <= 100':
    'probability.exists() implies (probability is decimal implies (probability as decimal) <= 100)',
  "operator = 'exists' implies (answer is Boolean)": "operator = 'exists' implies (answer is boolean)",
  'enableWhen.count() > 2 implies enableBehavior.exists()':
    'enableWhen.count() > 1 implies enableBehavior.exists()',
};

/** Escapes that are no regular expression where Unicode is minded: `\'`, `\/`, `\"`, a `]` alone. */
function rewritten(expression: string): string {
  const known = REWRITTEN[expression];
  if (known !== undefined) return known;
  if (!expression.includes('matches(')) return expression;
  return expression
    .replaceAll("\\\\\\'", "\\'")
    .replace(/\\\\([/"])/g, '$1')
    .replaceAll('[x])', '[x\\\\])');
}

interface Quick {
  readonly expression: string;
  readonly holds: (focus: Focus) => boolean;
}

/** By key; used only where the expression is the one that it was written for. */
export const QUICK: Readonly<Record<string, Quick>> = {
  'ele-1': {
    expression: 'hasValue() or (children().count() > id.count())',
    holds: ({ item }) => {
      if (isPrimitive(item.type) && item.value !== undefined && !isObject(item.value)) return true;
      const holder = holderOf(item);
      if (holder === undefined) return false;
      for (const name in holder) if (name !== 'id' && name !== '_id' && name !== 'resourceType') return true;
      return false;
    },
  },
  'ext-1': {
    expression: 'extension.exists() != value.exists()',
    holds: ({ item }) => {
      const holder = holderOf(item);
      if (holder === undefined) return true;
      const nested = holder.extension !== undefined;
      let value = false;
      for (const name in holder) if (/^_?value[A-Z]/.test(name)) value = true;
      return nested !== value;
    },
  },
  'dom-2': {
    expression: 'contained.contained.empty()',
    holds: ({ item }) => containedIn(item.value).every((one) => one.contained === undefined),
  },
  'dom-3': {
    expression:
      "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | " +
      '%resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = ' +
      "'#').exists() or descendants().where(as(canonical) = '#').exists() or " +
      "descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()",
    holds: ({ item }) => {
      const contained = containedIn(item.value);
      if (contained.length === 0) return true;
      const local = new Set<string>();
      collectLocal(item.value, local);
      return contained.every((one) => {
        if (typeof one.id === 'string' && local.has(`#${one.id}`)) return true;
        const own = new Set<string>();
        collectLocal(one, own);
        return own.has('#');
      });
    },
  },
  'dom-4': {
    expression: 'contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()',
    holds: ({ item }) =>
      metasOf(item.value).every((meta) => meta.versionId === undefined && meta.lastUpdated === undefined),
  },
  'dom-5': {
    expression: 'contained.meta.security.empty()',
    holds: ({ item }) => metasOf(item.value).every((meta) => meta.security === undefined),
  },
  'dom-6': {
    expression: 'text.`div`.exists()',
    // what is contained has its narrative in the container
    holds: ({ item, scope }) =>
      scope.root !== scope.resource ||
      (isObject(item.value) && isObject(item.value.text) && item.value.text.div !== undefined),
  },
  'ref-1': {
    expression:
      "reference.startsWith('#').not() or (reference.substring(1).trace('url') in " +
      "%rootResource.contained.id.trace('ids'))",
    holds: ({ item, scope }) => {
      const reference = isObject(item.value) ? item.value.reference : undefined;
      if (typeof reference !== 'string' || !reference.startsWith('#') || reference === '#') return true;
      return containedIn(scope.root).some((one) => one.id === reference.slice(1));
    },
  },
  'per-1': {
    expression: 'start.hasValue().not() or end.hasValue().not() or (start <= end)',
    holds: ({ item }) => !isObject(item.value) || (compareValues(item.value.start, item.value.end) ?? 0) <= 0,
  },
  // the markup itself is looked at by narrative-checks.ts
  'txt-1': { expression: 'htmlChecks()', holds: () => true },
  'txt-2': { expression: 'htmlChecks()', holds: () => true },
};

function containedIn(value: unknown): readonly JsonObject[] {
  return isObject(value) && isArray(value.contained) ? value.contained.filter(isObject) : [];
}

function metasOf(value: unknown): readonly JsonObject[] {
  return containedIn(value)
    .map((one) => one.meta)
    .filter(isObject);
}

/** Every text that begins with `#`: references, canonicals, uris and urls to what is contained. */
function collectLocal(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') {
    if (value.startsWith('#')) into.add(value);
  } else if (isArray(value)) {
    for (const one of value) collectLocal(one, into);
  } else if (isObject(value)) {
    for (const name in value) if (name !== 'div') collectLocal(value[name], into);
  }
}
