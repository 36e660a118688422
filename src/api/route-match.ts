/**
 * From method and path to a row of the route table. One matcher for HTTP and for the entries of a Bundle.
 * R4 "Style Guide", http://hl7.org/fhir/R4/http.html#styleguide.
 */
import { type Id, isId, type VersionId } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import { isResourceType } from '../fhir/definitions.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { Method } from './fhir-call.ts';
import type {
  Interaction,
  OpenInteraction,
  Operation,
  OperationLevel,
  OperationShape,
  Shape,
} from './interaction.ts';

export interface RouteMatch {
  readonly interaction: Interaction | OpenInteraction;
  readonly type: ResourceType | undefined;
  readonly id: Id | undefined;
  readonly versionId: VersionId | undefined;
}

/**
 * An interaction that R4 defines and this server has not built: named, so that a client knows what it
 * lacks.
 */
interface Unbuilt {
  readonly code: string;
  readonly method: Method;
  readonly shape: Shape;
}

export interface RouteRows {
  readonly interactions: readonly (Interaction | OpenInteraction)[];
  readonly operations: readonly Operation[];
  readonly unbuilt: readonly Unbuilt[];
}

interface PathParts {
  readonly shape: Shape;
  readonly type?: string;
  readonly id?: string;
  readonly versionId?: string;
  readonly operation?: string;
}

/** Finds rows; made once, at the opening of the door. */
export class RouteTable {
  readonly rows: RouteRows;
  readonly #byRoute = new Map<string, Interaction | OpenInteraction>();
  readonly #operations = new Map<string, { operation: Operation; interaction: Interaction }>();
  readonly #unbuilt = new Map<string, string>();
  /** Shapes without a variable part are paths themselves. */
  readonly #open: ReadonlySet<string>;

  constructor(rows: RouteRows) {
    this.rows = rows;
    for (const interaction of rows.interactions) {
      for (const { method, shape } of interaction.routes)
        this.#byRoute.set(`${method} ${shape}`, interaction);
    }
    for (const operation of rows.operations) {
      for (const level of operation.levels) {
        const interaction = asInteraction(operation, level);
        this.#operations.set(`${level} ${operation.type} ${operation.name}`, { operation, interaction });
      }
    }
    const open = rows.interactions.filter((one) => 'open' in one).flatMap((one) => one.routes);
    this.#open = new Set(open.map((route) => route.shape));
    for (const { method, shape, code } of rows.unbuilt) this.#unbuilt.set(`${method} ${shape}`, code);
  }

  /** Whether a path asks for no token. */
  isOpen(path: string): boolean {
    return this.#open.has(path);
  }

  /**
   * The row for a path below the base. Throws Failure: `not-found` (no such type, address or operation, a
   * bad id), `not-supported` (405 another method; 501 defined by R4, not built here).
   */
  match(method: Method, path: string): RouteMatch {
    const parts = partsOf(path);
    const type = parts.type === undefined ? undefined : requireKnownType(parts.type);
    const id = parts.id === undefined ? undefined : requireIdText(parts.id);
    const versionId = parts.versionId === undefined ? undefined : (requireIdText(parts.versionId) as string);
    const interaction =
      parts.operation === undefined
        ? (this.#byRoute.get(`${method} ${parts.shape}`) ?? this.#refuse(method, parts.shape))
        : this.#operation(method, parts.shape, type, parts.operation);
    return { interaction, type, id, versionId: versionId as VersionId | undefined };
  }

  #operation(method: Method, shape: Shape, type: ResourceType | undefined, name: string): Interaction {
    const level = shape.slice(0, shape.indexOf('-'));
    const row =
      this.#operations.get(`${level} ${type ?? 'any'} ${name}`) ??
      this.#operations.get(`${level} any ${name}`);
    if (row === undefined) {
      const refused = NOT_BUILT[name];
      if (refused !== undefined) throw new Failure('not-supported', refused, { status: 501 });
      const known = this.rows.operations.map(operationName).join(', ');
      throw new Failure(
        'not-supported',
        `There is no operation "$${name.slice(0, 60)}" here. There are: ${known}.`,
        {
          status: 404,
        },
      );
    }
    if (!row.operation.methods.includes(method)) throw wrongMethod(method, row.operation.methods);
    return row.interaction;
  }

  #refuse(method: Method, shape: Shape): never {
    const unbuilt = this.#unbuilt.get(`${method} ${shape}`);
    if (unbuilt !== undefined) {
      throw new Failure('not-supported', `The interaction "${unbuilt}" is not built yet.`, { status: 501 });
    }
    const allowed = this.rows.interactions
      .flatMap((one) => one.routes)
      .filter((route) => route.shape === shape)
      .map((route) => route.method);
    if (allowed.length > 0) throw wrongMethod(method, allowed);
    throw nowhere();
  }
}

/** Operations that R4 defines and a client may well try: named, with what to do instead. */
const NOT_BUILT: Readonly<Record<string, string>> = {
  graph:
    'The operation "$graph" (GraphDefinition) is not supported: ask by $graphql, or by a search with _include.',
};

/** `Patient/$everything (type, instance)` */
function operationName({ type, name, levels }: Operation): string {
  return `${type === 'any' ? '' : `${type}/`}$${name} (${levels.join(', ')})`;
}

function asInteraction(operation: Operation, level: OperationLevel): Interaction {
  const { summary, handle } = operation;
  const shape: OperationShape = `${level}-operation`;
  const routes = operation.methods.map((method) => ({ method, shape }) as const);
  return { code: `$${operation.name}`, level, routes, summary, handle };
}

function wrongMethod(method: Method, allowed: readonly Method[]): Failure {
  const methods = [...new Set(allowed)];
  const text = `${method} is not possible at this address: use ${methods.join(' or ')}.`;
  const allow = methods.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one]));
  return new Failure('not-supported', text, { status: 405, allow });
}

function nowhere(): Failure {
  return new Failure('not-found', 'Nothing is at this address: below the base comes Type, Type/id, …');
}

function requireKnownType(text: string): ResourceType {
  if (isResourceType(text)) return text;
  throw new Failure('not-found', `"${text.slice(0, 60)}" is no R4 resource type.`);
}

function requireIdText(text: string): Id {
  if (isId(text)) return text;
  throw new Failure('value', 'An id has 1 to 64 letters, digits, dashes and dots.');
}

/** Splits a path. Throws Failure `not-found` where it has a form that R4 does not know. */
function partsOf(path: string): PathParts {
  const segments = (path.includes('%') ? decodedPath(path) : path).split('/');
  if (segments.length > 1 && segments.at(-1) === '') segments.pop();
  const [a = '', b, c, d, e] = segments;
  if (segments.length === 5 && c === '_history' && e?.startsWith('$') === true) {
    const version = d === undefined ? {} : { versionId: d };
    return {
      shape: 'version-operation',
      type: a,
      ...(b === undefined ? {} : { id: b }),
      ...version,
      operation: e.slice(1),
    };
  }
  if (segments.length > 4 || (d !== undefined && c !== '_history')) throw nowhere();
  if (b === undefined) return ofOne(a);
  if (c === undefined) return ofTwo(a, b);
  if (c === '_history') {
    if (d === undefined) return { shape: 'instance-history', type: a, id: b };
    return { shape: 'version', type: a, id: b, versionId: d };
  }
  if (c.startsWith('$')) return { shape: 'instance-operation', type: a, id: b, operation: c.slice(1) };
  if (isResourceType(c) || c === '*') return { shape: 'compartment', type: a, id: b };
  throw nowhere();
}

function ofOne(a: string): PathParts {
  if (a === '') return { shape: 'base' };
  if (a === 'metadata') return { shape: 'metadata' };
  if (a === '_history') return { shape: 'base-history' };
  if (a === '_search') return { shape: 'base-search' };
  if (a.startsWith('$')) return { shape: 'system-operation', operation: a.slice(1) };
  return { shape: 'type', type: a };
}

function ofTwo(a: string, b: string): PathParts {
  if (a === '_async') return { shape: 'job', id: b };
  if (b === '_search') return { shape: 'type-search', type: a };
  if (b === '_history') return { shape: 'type-history', type: a };
  if (b.startsWith('$')) return { shape: 'type-operation', type: a, operation: b.slice(1) };
  return { shape: 'instance', type: a, id: b };
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Failure('invalid', 'The address is not percent-encoded UTF-8: encode "%" itself as %25.');
  }
}
