/**
 * The proof of the audit: both hash chains hold, and they still contain what they contained when an anchor
 * was taken. A chain alone shows a changed, lost or moved row, but not an end that was cut off; an anchor
 * kept elsewhere (with a backup, on paper, at the exchange) shows that too.
 */
import type { BrokenAudit, Store } from '../store/store.ts';

type Chain = BrokenAudit['chain'];

/** The newest row of a chain; `n` 0 and no hash where it has none. */
export interface AuditAnchor {
  readonly chain: Chain;
  readonly n: number;
  readonly hash: string;
}

export interface AuditProof {
  /** The ends of both chains: keep them, and give them to the next proof. */
  readonly anchors: readonly AuditAnchor[];
  /** The first row that does not hold; absent where all do. */
  readonly broken?: BrokenAudit;
}

const CHAINS: readonly Chain[] = ['writes', 'reads'];

/**
 * Walks both chains and looks for every anchor of before. Takes time in proportion to the rows. Resolves also
 * where the chains are broken: that is an answer, not a failure.
 */
export async function proveAudit(
  store: Pick<Store, 'auditRows' | 'verifyAudit'>,
  before: readonly AuditAnchor[] = [],
): Promise<AuditProof> {
  const anchors = await Promise.all(CHAINS.map((chain) => anchorOf(store, chain)));
  const broken = (await store.verifyAudit()) ?? (await missingAnchor(store, before));
  return broken === undefined ? { anchors } : { anchors, broken };
}

async function missingAnchor(
  store: Pick<Store, 'auditRows'>,
  anchors: readonly AuditAnchor[],
): Promise<BrokenAudit | undefined> {
  for (const { chain, n, hash } of anchors) {
    if (n === 0) continue;
    const [row] = await store.auditRows({ chain, after: n - 1, count: 1 });
    if (row?.n === n && row.hash === hash) continue;
    const reason =
      row?.n === n ? 'is not the row that the anchor names' : 'has gone since the anchor was taken';
    return { chain, row: n, reason };
  }
  return undefined;
}

/** The newest row, found by doubling and halving: rows count from 1 without gaps. */
async function anchorOf(store: Pick<Store, 'auditRows'>, chain: Chain): Promise<AuditAnchor> {
  let low = 0;
  let hash = '';
  const at = async (n: number): Promise<boolean> => {
    const [row] = await store.auditRows({ chain, after: n - 1, count: 1 });
    if (row === undefined) return false;
    if (n >= low) {
      low = n;
      hash = row.hash;
    }
    return true;
  };
  let high = 1;
  while (await at(high)) high *= 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (!(await at(middle))) high = middle;
  }
  return { chain, n: low, hash };
}
