/**
 * Bundles joined from stored bytes: what a node holds goes out exactly as it is kept, and nothing is
 * parsed or stringified on the way. R4 Bundle, http://hl7.org/fhir/R4/bundle.html.
 */

export interface BundleLink {
  readonly relation: 'self' | 'first' | 'next';
  readonly url: string;
}

export interface BundleEntry {
  readonly fullUrl?: string;
  /** JSON text of one resource. */
  readonly resource?: Buffer;
  readonly search?: 'match' | 'include' | 'outcome';
  readonly request?: { readonly method: string; readonly url: string };
  readonly response?: EntryResponse;
}

interface EntryResponse {
  readonly status: string;
  readonly location?: string;
  readonly etag?: string;
  readonly lastModified?: string;
  /** JSON text of an OperationOutcome. */
  readonly outcome?: Buffer;
}

export interface BundleParts {
  readonly type: 'searchset' | 'history' | 'batch-response' | 'transaction-response';
  readonly total?: number;
  readonly links?: readonly BundleLink[];
  readonly entries: readonly BundleEntry[];
}

/** The Bundle as JSON text. Elements without content are left out, as FHIR asks. */
export function bundleBytes(bundle: BundleParts): Buffer {
  const pieces: Buffer[] = [];
  const head: Record<string, unknown> = { resourceType: 'Bundle', type: bundle.type };
  if (bundle.total !== undefined) head.total = bundle.total;
  if (bundle.links !== undefined && bundle.links.length > 0) head.link = bundle.links;
  const text = JSON.stringify(head);
  if (bundle.entries.length === 0) return Buffer.from(text);
  let before = `${text.slice(0, -1)},"entry":[`;
  for (const entry of bundle.entries) {
    before = pushEntry(pieces, before, entry);
    before += ',';
  }
  pieces.push(Buffer.from(`${before.slice(0, -1)}]}`));
  return Buffer.concat(pieces);
}

/** Puts an entry after `before`; returns the text that is still to be put. */
function pushEntry(pieces: Buffer[], before: string, entry: BundleEntry): string {
  let text = `${before}{`;
  let comma = '';
  if (entry.fullUrl !== undefined) {
    text += `"fullUrl":${JSON.stringify(entry.fullUrl)}`;
    comma = ',';
  }
  if (entry.resource !== undefined) {
    pieces.push(Buffer.from(`${text}${comma}"resource":`), entry.resource);
    text = '';
    comma = ',';
  }
  if (entry.search !== undefined) {
    text += `${comma}"search":{"mode":"${entry.search}"}`;
    comma = ',';
  }
  if (entry.request !== undefined) {
    text += `${comma}"request":${JSON.stringify(entry.request)}`;
    comma = ',';
  }
  if (entry.response !== undefined) text = pushResponse(pieces, `${text}${comma}"response":`, entry.response);
  return `${text}}`;
}

function pushResponse(pieces: Buffer[], before: string, response: EntryResponse): string {
  const { outcome, ...plain } = response;
  const text = `${before}${JSON.stringify(plain)}`;
  if (outcome === undefined) return text;
  pieces.push(Buffer.from(`${text.slice(0, -1)},"outcome":`), outcome);
  return '}';
}
