/**
 * One FHIR call and its answer, free of any transport: the same interactions serve an HTTP request and an
 * entry of a batch. R4 "RESTful API", http://hl7.org/fhir/R4/http.html.
 */
import type { Id, InstantMs, VersionId } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Settings } from '../base/settings.ts';
import type { PackageDefinitions } from '../fhir/package-definitions.ts';
import type { ValidateBeside } from '../fhir/profile-validator.ts';
import type { Pairs } from '../fhir/query-pairs.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { SharedRecords } from '../network/shared-record.ts';
import type { Feeds } from '../records/feeds.ts';
import type { ProfileRules } from '../records/profile-rules.ts';
import type { EntryHeaders, EntryMethod } from '../records/request-entry.ts';
import type { RecordSession } from '../records/session.ts';
import type { AsyncJobs } from './async-jobs.ts';
import type { Preferences } from './negotiation.ts';
import type { RouteMatch } from './route-match.ts';

export type Method = EntryMethod;

/** Request headers by lower-case name, as node:http gives them. */
export type RequestHeaders = EntryHeaders;

/** Which records of a person belong together; records/ keeps it right. */
export interface PersonFinder {
  joinedWith(patient: Id): Promise<readonly Id[]>;
}

/** What every interaction may use besides its call. */
export interface FhirContext {
  /** Absolute address of the FHIR base, without a slash at the end. */
  readonly base: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly persons: PersonFinder;
  /** R4 itself and the packages of this node; opened when it is first asked for. */
  definitions(): Promise<PackageDefinitions>;
  /** $validate beside the thread of all others; absent where it is done at once. */
  readonly validateBeside?: ValidateBeside;
  /** Absent where the organisation asks for no more than R4. */
  readonly profiles?: ProfileRules;
  /** Name of the organisation whose node it is. */
  readonly organisation: string;
  /** How far what the node holds goes; absent where nothing feeds it. */
  readonly feeds?: Pick<Feeds, 'coverage' | 'states'>;
  /** Absent where the node runs without a network room. */
  readonly sharedRecords?: SharedRecords;
  /** Requests that are answered later. */
  readonly jobs: AsyncJobs;
  /** The CapabilityStatement, made once from the tables that route. */
  capabilityStatement(): Buffer;
  /** The definition of one of this server's operations, as JSON text; undefined where none has that id. */
  operationDefinition(id: Id): Buffer | undefined;
  /**
   * The row of the route table for a path below the base, without its query. Throws Failure as routeOf
   * does.
   */
  route(method: Method, path: string): RouteMatch;
  /**
   * Answers a call through the route table; failures become answers. Used by batch and transaction for
   * their entries.
   */
  answer(call: EntryCall): Promise<FhirAnswer>;
}

/** A call before it is routed. */
export interface EntryCall {
  readonly session: RecordSession;
  readonly method: Method;
  /** Path below the base with its query: `Patient?family=smith`. */
  readonly url: string;
  readonly headers: RequestHeaders;
  readonly prefer: Preferences;
  readonly body: CallBody;
}

/**
 * The body: as bytes from the wire, or as the resource of a Bundle entry that is parsed and validated
 * already.
 */
export type CallBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly mediaType: string }
  | { readonly kind: 'resource'; readonly resource: unknown };

/** A routed call that needs nobody's permission. */
export interface OpenCall {
  readonly context: FhirContext;
  readonly method: Method;
  /** Path below the base, without the query. */
  readonly path: string;
  readonly type: ResourceType | undefined;
  readonly id: Id | undefined;
  readonly versionId: VersionId | undefined;
  readonly pairs: Pairs;
  readonly headers: RequestHeaders;
  readonly prefer: Preferences;
  readonly body: CallBody;
}

/** A routed call of a known asker. */
export interface FhirCall extends OpenCall {
  readonly session: RecordSession;
  /** Where the call is answered later: whether it has been cancelled, and who wants to know how far it is. */
  readonly later?: { readonly signal: AbortSignal; tell(progress: string): void };
}

export interface FhirAnswer {
  readonly status: number;
  /** JSON text unless `contentType` says otherwise, in pieces that are sent one after the other. */
  readonly body?: Buffer | readonly Buffer[];
  /** Where the body is no FHIR JSON: then it goes out as it is, whatever format was asked for. */
  readonly contentType?: string;
  /** What stands for such a body in an entry of a Bundle, which holds FHIR only: JSON text of a resource. */
  readonly inBundle?: Buffer;
  /** What ETag and Last-Modified say. */
  readonly version?: { readonly versionId: VersionId; readonly lastUpdated: InstantMs };
  /** Absolute. */
  readonly location?: string;
  /** `no-store`: not kept by anyone; `check`: kept by the asker alone, and checked before each use. */
  readonly cache: 'no-store' | 'check';
  /** More headers: name, value, name, value … */
  readonly headers?: readonly string[];
}

/** The path in a url below the base, without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** The query in a url, without the question mark; empty where there is none. */
export function queryIn(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? '' : url.slice(query + 1);
}
