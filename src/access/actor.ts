/**
 * Who is asking and why. Both are mandatory on every read and write: without them nothing compiles.
 */
import type { NhsNumber, OdsCode } from '../base/brands.ts';

/** `node` is another node's machinery (locator feed, continuity copies), never a person. */
export type Role =
  | 'patient'
  | 'gp'
  | 'nurse'
  | 'doctor'
  | 'lab'
  | 'pharmacist'
  | 'privacy-officer'
  | 'engineer'
  | 'analyst'
  | 'system'
  | 'node';

export type Purpose = 'direct-care' | 'patient-access' | 'emergency' | 'administration' | 'secondary-use';

export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** The organisation the actor works for, or through which a patient asks. */
  readonly organisation: OdsCode;
  /** The person a patient is; set for role `patient` and for no other. */
  readonly patient?: NhsNumber;
}

/** One request by one actor: what an audit row needs beside the act itself. */
export interface Asker {
  readonly actor: Actor;
  readonly purpose: Purpose;
  /** `X-Request-Id`, control id or job id. */
  readonly requestId: string;
}
