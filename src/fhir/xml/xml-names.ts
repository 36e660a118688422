/**
 * Namespaces of an XML text as it is read. Few elements declare any, so that most cost one look for a colon.
 * https://www.w3.org/TR/xml-names/
 */
import type { Failure, IssueType } from '../../base/failure.ts';

const XSI_NAMESPACE = 'http://www.w3.org/2001/XMLSchema-instance';

/** What names mean from an element on. */
interface Scope {
  /** How many elements were open when it began. */
  readonly depth: number;
  readonly byDefault: string | undefined;
  readonly prefixes: ReadonlyMap<string, string>;
}

interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface XmlName {
  readonly namespace: string | undefined;
  readonly local: string;
}

export class XmlNames {
  readonly #fail: (code: IssueType, text: string) => Failure;
  readonly #scopes: Scope[] = [{ depth: 0, byDefault: undefined, prefixes: new Map() }];
  /** Prefix of the element that was opened last; empty where it has none. */
  prefix = '';

  constructor(fail: (code: IssueType, text: string) => Failure) {
    this.#fail = fail;
  }

  /** The name of a start tag at `depth`, with what it declares, if it does. Throws where its prefix is not declared. */
  open(tag: Tag, depth: number, declares: boolean): XmlName {
    if (declares) {
      for (const name in tag.attributes) this.#declare(name, tag.attributes[name] ?? '', depth);
    }
    const colon = tag.name.indexOf(':');
    if (colon < 0) {
      this.prefix = '';
      return { namespace: this.#scope.byDefault, local: tag.name };
    }
    this.prefix = tag.name.slice(0, colon);
    return { namespace: this.#namespaceOf(this.prefix), local: tag.name.slice(colon + 1) };
  }

  /** An element has ended, and `depth` are still open. */
  close(depth: number): void {
    while (this.#scope.depth > depth && this.#scopes.length > 1) this.#scopes.pop();
  }

  /** Whether an attribute is of XML's own, and none of FHIR's. Throws for one of a foreign namespace. */
  isForXml(attribute: string): boolean {
    const colon = attribute.indexOf(':');
    if (colon < 0) return attribute === 'xmlns';
    const prefix = attribute.slice(0, colon);
    if (prefix === 'xmlns' || prefix === 'xml') return true;
    if (this.#namespaceOf(prefix) === XSI_NAMESPACE) return true;
    throw this.#fail('structure', `Attribute "${attribute.slice(0, 60)}" is none of FHIR's`);
  }

  /** Within a narrative: only elements of XHTML, named as its first one is. */
  requireSamePrefix(name: string): void {
    const colon = name.indexOf(':');
    if ((colon < 0 ? '' : name.slice(0, colon)) === this.prefix) return;
    throw this.#fail('structure', `"${name.slice(0, 60)}" is none of XHTML's: a narrative holds no other`);
  }

  get #scope(): Scope {
    return this.#scopes.at(-1) as Scope;
  }

  #namespaceOf(prefix: string): string {
    const namespace = this.#scope.prefixes.get(prefix);
    if (namespace !== undefined) return namespace;
    throw this.#fail('structure', `Prefix "${prefix.slice(0, 60)}" is not declared`);
  }

  #declare(name: string, namespace: string, depth: number): void {
    const isDefault = name === 'xmlns';
    if (!isDefault && !name.startsWith('xmlns:')) return;
    const scope = this.#scope;
    const prefixes = isDefault ? scope.prefixes : new Map(scope.prefixes).set(name.slice(6), namespace);
    const byDefault = isDefault ? namespace : scope.byDefault;
    if (scope.depth === depth) this.#scopes.pop();
    this.#scopes.push({ depth, byDefault, prefixes });
  }
}
