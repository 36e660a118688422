/**
 * What an interaction is: a row of the route table. The table routes, and the CapabilityStatement and the
 * OpenAPI page are made from the same rows, so that they cannot disagree. R4
 * http://hl7.org/fhir/R4/codesystem-restful-interaction.html.
 */
import { assert } from '../base/assert.ts';
import type { Id, VersionId } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { Commit, Committed } from '../store/store.ts';
import type { FhirAnswer, FhirCall, Method, OpenCall } from './fhir-call.ts';

/** Forms of a path below the base; `$` stands for an operation of any name. */
export type Shape =
  | 'base'
  | 'metadata'
  | 'type'
  | 'type-search'
  | 'instance'
  | 'instance-history'
  | 'version'
  | 'base-search'
  | 'base-history'
  | 'type-history'
  | 'compartment'
  /** A request that is answered later. */
  | 'job'
  | OperationShape;

/** Where an operation is called: each level has a form of path of its own. */
export type OperationLevel = 'system' | 'type' | 'instance' | 'version';
export type OperationShape = `${OperationLevel}-operation`;

export interface Interaction {
  /** Code of the FHIR code system; the file has the same name. */
  readonly code: string;
  readonly level: OperationLevel;
  readonly routes: readonly { readonly method: Method; readonly shape: Shape }[];
  /** One line for people. */
  readonly summary: string;
  handle(call: FhirCall): Promise<FhirAnswer>;
}

/** An interaction that asks for no token. */
export interface OpenInteraction extends Omit<Interaction, 'handle'> {
  readonly open: true;
  handle(call: OpenCall): Promise<FhirAnswer>;
}

export interface Operation {
  /** Without the dollar sign. */
  readonly name: string;
  /** `any`: every type has it, and the system where it is among the levels. */
  readonly type: ResourceType | 'any';
  readonly levels: readonly OperationLevel[];
  readonly methods: readonly Method[];
  /** Canonical URL of the OperationDefinition. */
  readonly definition: string;
  readonly summary: string;
  readonly parameters: readonly OperationParameter[];
  /** FHIR type of what it gives; `Bundle` where left out. */
  readonly returns?: string;
  /** Whether it writes: then it is not called by GET. */
  readonly affectsState?: true;
  handle(call: FhirCall): Promise<FhirAnswer>;
}

export interface OperationParameter {
  readonly name: string;
  readonly text: string;
  readonly required?: true;
  /** FHIR type of the value; `string` where left out. */
  readonly type?: string;
  /** It may be given more than once. */
  readonly many?: true;
}

/** The type in the path of a call whose shape has one. */
export function typeOf(call: OpenCall): ResourceType {
  assert(call.type !== undefined, 'the route has a type');
  return call.type;
}

/** The id in the path of a call whose shape has one. */
export function idOf(call: OpenCall): Id {
  assert(call.id !== undefined, 'the route has an id');
  return call.id;
}

/** The version id in the path of a call whose shape has one. */
export function versionIdOf(call: OpenCall): VersionId {
  assert(call.versionId !== undefined, 'the route has a version');
  return call.versionId;
}

/** Whether a read failed because there is nothing, nothing any more, or nothing for the asker. */
export function isAbsence(thrown: unknown): boolean {
  return thrown instanceof Failure && ABSENCES.has(thrown.code);
}

const ABSENCES: ReadonlySet<string> = new Set(['not-found', 'deleted', 'forbidden']);

/** The one entry of a commit of one op. */
export function onlyCommitted(commit: Commit): Committed {
  const [first] = commit.entries;
  assert(first !== undefined, 'a commit tells of each op');
  return first;
}
