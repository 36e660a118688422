/**
 * The intake of a node, opened: one for every way that HL7 v2 comes in, so that messages about one person
 * keep their order whichever way they come. What the node changes by other doors is followed, so that nothing
 * is mapped from what is no longer so.
 */
import type { Asker } from '../access/actor.ts';
import { Intake } from './intake.ts';
import { KnownRecords } from './known-records.ts';
import type { IntakeParts } from './passage.ts';

export type OpenIntakeParts = Omit<IntakeParts, 'known'>;

export interface OpenedIntake {
  readonly intake: Intake;
  close(): Promise<void>;
}

/** Resolves when changes are being followed. */
export async function openIntake(parts: OpenIntakeParts): Promise<OpenedIntake> {
  const known = new KnownRecords(parts.settings);
  const ended = new AbortController();
  const following = await follow(parts, known, ended.signal);
  return {
    intake: new Intake({ ...parts, known }),
    async close() {
      ended.abort();
      await following.stopped;
    },
  };
}

/**
 * Lets go of what others change from now on. Resolves when it has begun; `stopped` when the signal has ended
 * it.
 */
async function follow(
  { config, ids, log, records }: OpenIntakeParts,
  known: KnownRecords,
  signal: AbortSignal,
): Promise<{ readonly stopped: Promise<void> }> {
  const asker: Asker = {
    actor: { id: 'feed:mllp', name: 'MLLP', role: 'system', organisation: config.ods },
    purpose: 'administration',
    requestId: ids.next(),
  };
  const session = records.as(asker);
  const head = await session.head();
  const stopped = (async () => {
    try {
      for await (const change of session.changes(head, signal)) known.changed(change);
    } catch {
      log.warn({}, 'the changes of the node can no longer be followed; HL7 v2 is mapped from the disk alone');
    }
    known.distrust();
  })();
  return { stopped };
}
