/**
 * Who looked at a person's record and who changed it, from the audit: for the privacy officer, for the
 * person, and after a merge is taken apart, for those who must be told. Reading the audit is audited like any
 * other read.
 */
import type { Asker } from '../access/actor.ts';
import { decide } from '../access/policy.ts';
import type { Id, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { AuditRow } from '../store/audit.ts';
import type { BrokenAudit, Store } from '../store/store.ts';
import type { PersonIndex } from './person-index.ts';
import { auditDraft } from './session-audit.ts';

export interface WhoLookedParts {
  readonly store: Pick<Store, 'auditRows' | 'auditReads'>;
  readonly persons: Pick<PersonIndex, 'locate'>;
  readonly ods: OdsCode;
  readonly clock: Clock;
}

export interface LookedPage {
  /** Oldest first. */
  readonly rows: readonly AuditRow[];
  /** Give it as `after` to go on; absent where the chain has been walked to its end. */
  readonly next?: number;
}

/** Rows that one call walks at most, found or not, so that it ends. */
const WALK_MAX = 10_000;

/**
 * Rows of one chain that are about any of these Patients, from row `after` on. A page may be empty and not
 * the last. Throws Failure `forbidden` for all but the privacy officer and the patient whose records they
 * are.
 */
export async function whoLooked(
  { store, persons, ods, clock }: WhoLookedParts,
  asker: Asker,
  patients: readonly Id[],
  page: { readonly chain: BrokenAudit['chain']; readonly after?: number; readonly walkMax?: number },
): Promise<LookedPage> {
  const targets = patients.map((id) => `Patient/${id}`);
  const own = await ownPatients(persons, asker);
  const decision = decide({ asker, at: ods, action: 'audit', own });
  const open = decision.kind === 'permit' ? decision.scope.persons : [];
  const allowed = decision.kind === 'permit' && (open === 'all' || patients.every((id) => open.includes(id)));
  const detail = { of: 'audit', chain: page.chain };
  if (!allowed) {
    const rule = decision.kind === 'refuse' ? decision.rule : 'identity';
    const act = { action: 'refuse' as const, targets, persons: patients, outcome: 'refused' as const };
    await store.auditReads([auditDraft(asker, clock.now(), { ...act, detail: { ...detail, rule } })]);
    throw new Failure(
      'forbidden',
      decision.kind === 'refuse' ? decision.text : 'You may see who looked at your own record only.',
    );
  }
  const walked = await store.auditRows({
    chain: page.chain,
    count: page.walkMax ?? WALK_MAX,
    ...(page.after === undefined ? {} : { after: page.after }),
  });
  const act = { action: 'read' as const, targets, persons: patients, outcome: 'ok' as const, detail };
  await store.auditReads([auditDraft(asker, clock.now(), act)]);
  const ids = new Set<string>(patients);
  const rows = walked.filter((row) => row.persons.some((id) => ids.has(id)));
  const last = walked.at(-1);
  return last === undefined || walked.length < (page.walkMax ?? WALK_MAX) ? { rows } : { rows, next: last.n };
}

async function ownPatients(persons: Pick<PersonIndex, 'locate'>, { actor }: Asker): Promise<readonly Id[]> {
  if (actor.role !== 'patient' || actor.patient === undefined) return [];
  const match = await persons.locate(actor.patient);
  return match.kind === 'one' ? match.patients : [];
}
