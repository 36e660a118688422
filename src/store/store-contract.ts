/**
 * What every store must do, as a suite that a real database is put under: one test file per database calls `storeContract` with a
 * way to open it (SQLite: sqlite/sqlite-store.test.ts), and nothing in here knows which one it is.
 */
import { describe } from 'vitest';
import type { Settings } from '../base/settings.ts';
import { auditContract } from './audit-contract.ts';
import { changesContract } from './changes-contract.ts';
import { commitContract } from './commit-contract.ts';
import { expressionContract } from './expression-contract.ts';
import { fullTextContract } from './full-text-contract.ts';
import { historiesContract } from './histories-contract.ts';
import { labelledPersonContract } from './labelled-person-contract.ts';
import { linkedContract } from './linked-contract.ts';
import { modifiersContract } from './modifiers-contract.ts';
import { scopeContract } from './scope-contract.ts';
import { snapshotContract } from './snapshot-contract.ts';
import type { BrokenAudit, Store } from './store.ts';

/** A change to the kept audit rows that no honest program makes. Rows are named by `n`. */
export type Tampering = { readonly chain: BrokenAudit['chain'] } & (
  | {
      readonly kind: 'flip';
      readonly n: number;
      readonly column: 'text' | 'hash';
      /** Which byte (modulo the length), and what it is XORed with. */
      readonly byte: number;
      readonly mask: number;
    }
  | { readonly kind: 'remove'; readonly n: number }
  | { readonly kind: 'swap'; readonly n: number; readonly with: number }
  /** A further row, with a hash that follows from the last one. */
  | { readonly kind: 'append'; readonly text: string }
);

export interface StoreUnderTest {
  store: Store;
  /** Closes the store and opens it again over the same data; `store` is the new one. */
  reopen(settings?: Partial<Settings>): Promise<Store>;
  /** What the search index has too much or too little, in words, against one made anew of the stored bytes. */
  indexDifferences(): Promise<readonly string[]>;
  /** Changes kept rows from outside; `undo` puts them back. */
  tamper(change: Tampering): { undo(): void };
  /** Closes the store and removes what it kept. */
  remove(): Promise<void>;
}

/** An empty store. */
export type OpenStore = (settings?: Partial<Settings>) => Promise<StoreUnderTest>;

export function storeContract(name: string, open: OpenStore): void {
  describe(`the store on ${name}`, () => {
    commitContract(open);
    snapshotContract(open);
    scopeContract(open);
    linkedContract(open);
    expressionContract(open);
    labelledPersonContract(open);
    auditContract(open);
    changesContract(open);
    historiesContract(open);
    modifiersContract(open);
    fullTextContract(open);
  });
}
