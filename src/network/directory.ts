/**
 * The directory: who is in the network, where, with which keys, in which failure domain, and who keeps whose
 * continuity copies. Signed by the exchange (JWS, Ed25519) and kept by every node, so that the exchange may
 * be dead. An expired one is used with a warning; an older version never replaces a newer one.
 */

import type { KeyObject } from 'node:crypto';
import { CompactSign, compactVerify, importJWK } from 'jose';
import type { InstantMs, OdsCode } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { FailureDomain, JsonWebKeyOkp, OrganisationKind } from '../base/node-config.ts';

/** One organisation as the exchange's members file has it. */
export interface Member {
  readonly ods: OdsCode;
  readonly name: string;
  readonly kind: OrganisationKind;
  /** `http://127.0.0.1:8801` */
  readonly url: string;
  readonly failureDomain: FailureDomain;
  readonly signingKey: JsonWebKeyOkp;
  readonly sealingKey: JsonWebKeyOkp;
  /**
   * Its being there must not show in anybody's record: it is never asked because nobody knows whom to ask.
   */
  readonly isProtected?: boolean;
}

export interface DirectoryEntry extends Member {
  /**
   * Who keeps this organisation's continuity copies; differ from it in site, supplier and ring where the
   * network allows.
   */
  readonly custodians: readonly OdsCode[];
  /** Holds the third share of each key. */
  readonly guardian: OdsCode;
}

export interface Directory {
  readonly version: number;
  readonly issuedAt: InstantMs;
  readonly expiresAt: InstantMs;
  readonly organisations: readonly DirectoryEntry[];
  /** Where the members' failure domains leave no better choice: in words. */
  readonly warnings: readonly string[];
}

const CUSTODIANS = 2;

/** The members with custodians and guardian chosen: deterministic, spread evenly, domains apart. */
export function withCustodians(members: readonly Member[]): Pick<Directory, 'organisations' | 'warnings'> {
  const guardian = members.find((member) => member.kind === 'exchange');
  const keepers = members.filter((member) => member.kind !== 'exchange');
  const load = new Map<OdsCode, number>();
  const warnings: string[] = [];
  const organisations = members.map((member) => {
    const chosen: Member[] = [];
    if (member.kind === 'exchange') return { ...member, custodians: [], guardian: member.ods };
    while (chosen.length < CUSTODIANS) {
      const rest = keepers.filter((one) => one.ods !== member.ods && !chosen.includes(one));
      const best = rest.sort(
        (a, b) =>
          overlaps(a, member) - overlaps(b, member) ||
          chosen.reduce((sum, one) => sum + overlaps(a, one) - overlaps(b, one), 0) ||
          (load.get(a.ods) ?? 0) - (load.get(b.ods) ?? 0) ||
          (a.ods < b.ods ? -1 : 1),
      )[0];
      if (best === undefined) break;
      chosen.push(best);
      load.set(best.ods, (load.get(best.ods) ?? 0) + 1);
      if (overlaps(best, member) > 0) {
        warnings.push(
          `${best.ods} keeps copies of ${member.ods} though they share a site, supplier or ring: ` +
            'there is nobody better.',
        );
      }
    }
    return { ...member, custodians: chosen.map((one) => one.ods), guardian: (guardian ?? member).ods };
  });
  return { organisations, warnings };
}

function overlaps(a: Member, b: Member): number {
  const [x, y] = [a.failureDomain, b.failureDomain];
  return Number(x.site === y.site) + Number(x.supplier === y.supplier) + Number(x.ring === y.ring);
}

/** The directory as the text that travels. */
export async function signDirectory(directory: Directory, key: KeyObject): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(directory)))
    .setProtectedHeader({ alg: 'EdDSA', typ: 'openward-directory' })
    .sign(key);
}

/** The directory in a signed text. Throws Failure `security` where the signature is not the exchange's. */
export async function readDirectory(text: string, exchangeKey: JsonWebKeyOkp): Promise<Directory> {
  try {
    const key = await importJWK({ kty: exchangeKey.kty, crv: exchangeKey.crv, x: exchangeKey.x }, 'EdDSA');
    const { payload } = await compactVerify(text, key, { algorithms: ['EdDSA'] });
    return JSON.parse(Buffer.from(payload).toString()) as Directory;
  } catch (cause) {
    throw new Failure('security', 'The directory is not signed by the exchange that this node trusts.', {
      cause,
    });
  }
}
