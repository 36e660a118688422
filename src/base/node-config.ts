/**
 * The file that `openward node --config FILE` reads: one organisation's node. Written by hand for real
 * use, by demo/ for the demo. Paths are relative to the file.
 */
import type { OdsCode } from './brands.ts';

export type OrganisationKind =
  | 'exchange'
  | 'gp'
  | 'acute'
  | 'lab'
  | 'pharmacy'
  | 'mental-health'
  | 'community'
  | 'urgent-care';

/** Where a failure would take it: custodians differ from the source in all three. */
export interface FailureDomain {
  readonly site: string;
  readonly supplier: string;
  readonly ring: string;
}

/** One stream from a source system. */
export interface FeedConfig {
  /** `adt`, `results`, `gp-extract` … unique within the node. */
  readonly name: string;
  readonly transport: 'mllp' | 'fhir';
  /** FHIR resource types whose news comes by it: what is "behind" when it is late. */
  readonly covers: readonly string[];
  /** For mllp: MSH-3 of the sender, so that messages find their feed. */
  readonly sendingApplication?: string;
  /** Heartbeats are expected this often; late after three times this. */
  readonly heartbeatSeconds: number;
  /** Earliest date of what it brings (YYYY-MM-DD): the coverage that the node states. */
  readonly since?: string;
  /** Time zone of HL7 times that carry no offset; Europe/London where left out. */
  readonly timeZone?: string;
}

export interface NodeConfig {
  readonly ods: OdsCode;
  readonly name: string;
  readonly kind: OrganisationKind;
  readonly host: string;
  readonly port: number;
  /** The node's own folder. */
  readonly data: string;
  readonly mllp?: { readonly host: string; readonly port: number };
  readonly feeds: readonly FeedConfig[];
  readonly failureDomain: FailureDomain;
  /** The exchange that this node trusts; absent: the node stands alone. */
  readonly exchange?: { readonly url: string; readonly publicKey: JsonWebKeyOkp };
  /** Members' shared key for locator pseudonyms, base64url of 32 bytes; the exchange has none. */
  readonly locatorKey?: string;
  /** On the exchange: the folder's members file, from which the directory is signed. */
  readonly members?: string;
  /** Switches on personas, the front door's stop and start, and fault injection. Never in real use. */
  readonly demo?: DemoConfig;
}

export interface DemoConfig {
  /** Unix socket of the supervisor. */
  readonly supervisor?: string;
}

/** An Ed25519 key as a JWK; `d` only in a node's own folder. */
export interface JsonWebKeyOkp {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519' | 'X25519';
  readonly x: string;
  readonly d?: string;
  readonly kid?: string;
}
