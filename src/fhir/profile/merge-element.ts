/**
 * What a differential says of an element, laid over what its base says. Most of it replaces; constraints, conditions,
 * aliases and mappings add up; a text that begins with "..." goes on where the base's ends.
 * http://hl7.org/fhir/R4/profiling.html#snapshot, http://hl7.org/fhir/R4/elementdefinition.html#interpretation
 */
import type { ElementConstraint, ElementType } from './definition-source.ts';
import type { ElementDraft } from './element-tree.ts';

const TEXTS = ['definition', 'comment', 'requirements'] as const;
const LISTS = ['alias', 'condition', 'mapping', 'example'] as const;

/** The two put together. Never fails: a differential that contradicts its base is found when data is checked. */
export function merged(base: ElementDraft, draft: ElementDraft): ElementDraft {
  const out: Record<string, unknown> = { ...base, ...draft };
  for (const name of TEXTS) {
    const text = draft[name];
    if (typeof text === 'string' && text.startsWith('...'))
      out[name] = `${String(base[name] ?? '')}${text.slice(3)}`;
  }
  for (const name of LISTS) {
    const together = union(base[name], draft[name]);
    if (together !== undefined) out[name] = together;
  }
  const constraints = constraintsOf(base.constraint, draft.constraint);
  if (constraints !== undefined) out.constraint = constraints;
  if (draft.type !== undefined) out.type = typesOf(base.type, draft.type);
  if (draft.binding !== undefined) out.binding = { ...base.binding, ...draft.binding };
  if (base.base !== undefined) out.base = base.base;
  return out as ElementDraft;
}

function union(base: unknown, draft: unknown): readonly unknown[] | undefined {
  if (!Array.isArray(base) || !Array.isArray(draft)) return undefined;
  const known = new Set(base.map((one) => JSON.stringify(one)));
  return [...base, ...draft.filter((one) => !known.has(JSON.stringify(one)))];
}

/** By key: what the base says of a key stands, since a profile cannot loosen it. */
function constraintsOf(
  base: readonly ElementConstraint[] | undefined,
  draft: readonly ElementConstraint[] | undefined,
): readonly ElementConstraint[] | undefined {
  if (base === undefined || draft === undefined) return undefined;
  const known = new Set(base.map(({ key }) => key));
  return [...base, ...draft.filter(({ key }) => !known.has(key))];
}

/** A type that is named again with nothing to narrow it keeps what the base says of it. */
function typesOf(
  base: readonly ElementType[] | undefined,
  draft: readonly ElementType[],
): readonly ElementType[] {
  return draft.map((type) => {
    const before = base?.find(({ code }) => code === type.code);
    return before === undefined ? type : { ...before, ...type };
  });
}
