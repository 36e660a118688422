/**
 * What the profile validator asks of whoever keeps definitions: structures with their snapshots, value sets
 * as a question of membership, code systems, other canonical resources. The base definitions of R4 answer it
 * (base-definitions.ts), and loaded packages do on top of them; the validator does not know which.
 * http://hl7.org/fhir/R4/structuredefinition.html, http://hl7.org/fhir/R4/elementdefinition.html
 */
import type { JsonObject } from '../json-access.ts';

export interface ElementType {
  /** `Quantity`, or a FHIRPath system type (`http://hl7.org/fhirpath/System.String`). */
  readonly code: string;
  readonly profile?: readonly string[];
  readonly targetProfile?: readonly string[];
  readonly aggregation?: readonly string[];
  readonly versioning?: string;
  readonly extension?: readonly JsonObject[];
}

export interface ElementConstraint {
  readonly key: string;
  readonly severity: 'error' | 'warning';
  readonly human: string;
  readonly expression?: string;
  readonly source?: string;
}

export interface ElementSlicing {
  readonly discriminator?: readonly { readonly type: string; readonly path: string }[];
  readonly ordered?: boolean;
  readonly rules: 'closed' | 'open' | 'openAtEnd';
}

export interface ElementBinding {
  readonly strength: 'required' | 'extensible' | 'preferred' | 'example';
  readonly valueSet?: string;
  readonly extension?: readonly JsonObject[];
}

/** An element of a snapshot, as R4 writes it; `fixed[x]`, `pattern[x]`, `minValue[x]` by their JSON names. */
export interface ElementDefinition {
  readonly id: string;
  readonly path: string;
  readonly min: number;
  readonly max: string;
  readonly sliceName?: string;
  readonly slicing?: ElementSlicing;
  readonly contentReference?: string;
  readonly type?: readonly ElementType[];
  readonly binding?: ElementBinding;
  readonly constraint?: readonly ElementConstraint[];
  readonly maxLength?: number;
  readonly isModifier?: boolean;
  readonly representation?: readonly string[];
  readonly base?: { readonly path: string; readonly min?: number; readonly max?: string };
  readonly [other: string]: unknown;
}

/** A StructureDefinition with its snapshot. */
export interface Structure {
  readonly url: string;
  readonly version?: string;
  readonly name?: string;
  readonly status?: string;
  readonly kind: 'resource' | 'complex-type' | 'primitive-type' | 'logical';
  readonly abstract: boolean;
  readonly type: string;
  readonly baseDefinition?: string;
  readonly derivation?: 'specialization' | 'constraint';
  readonly context?: readonly { readonly type: string; readonly expression: string }[];
  readonly contextInvariant?: readonly string[];
  readonly snapshot: { readonly element: readonly ElementDefinition[] };
}

/** `unknown`: it cannot be told here (not loaded, too large to list, asks for a terminology server). */
export type Membership = 'in' | 'out' | 'unknown';

/** All answers are immediate and never throw; canonicals are `url` or `url|version`. */
export interface DefinitionSource {
  /** The structure with a snapshot; undefined where none is known, or no snapshot can be made of it. */
  structure(canonical: string): Structure | undefined;
  /**
   * Whether the value set has the code. Without a system: whether it has it in any, as for elements of type
   * `code`.
   */
  membership(valueSet: string, system: string | undefined, code: string): Membership;
  /** Whether the code system defines the code; `unknown` where its content is not here in full. */
  codeIn(system: string, code: string): Membership;
  /** Every display that is right for the code; undefined where none is known. */
  displays(system: string, code: string): readonly string[] | undefined;
  /** Another definition as JSON: Questionnaire, SearchParameter, Measure, ValueSet, CodeSystem … */
  find(type: string, canonical: string): JsonObject | undefined;
}

/** Asks each in turn; the first that knows something answers: packages go before the base. */
export function layered(...sources: readonly DefinitionSource[]): DefinitionSource {
  const first = <T>(ask: (source: DefinitionSource) => T | undefined): T | undefined => {
    for (const source of sources) {
      const answer = ask(source);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
  const decided = (ask: (source: DefinitionSource) => Membership): Membership =>
    first((source) => {
      const answer = ask(source);
      return answer === 'unknown' ? undefined : answer;
    }) ?? 'unknown';
  return {
    structure: (canonical) => first((source) => source.structure(canonical)),
    membership: (valueSet, system, code) => decided((source) => source.membership(valueSet, system, code)),
    codeIn: (system, code) => decided((source) => source.codeIn(system, code)),
    displays: (system, code) => first((source) => source.displays(system, code)),
    find: (type, canonical) => first((source) => source.find(type, canonical)),
  };
}
