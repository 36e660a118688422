/**
 * Dismissal: somebody has looked at messages that were refused, and nothing is missing because of them (they were
 * noise, or what they said came another way). What was said is kept in the dead letters, in the commit that audits
 * who said it; then their feed lacks them no longer.
 */
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Feeds } from '../records/feeds.ts';
import type { RecordSession } from '../records/session.ts';
import { isSettled, type KeptDeadLetter, keepDeadLetter } from './kept-message.ts';
import { letterNamed, resolveLetters } from './refuse-message.ts';

export interface Dismissal {
  readonly feed: string;
  /** Why nothing is missing. Names no person. */
  readonly reason: string;
  /** Those meant; all that the feed lacks where left out. */
  readonly deadLetters?: readonly string[];
}

/** Letters of one commit. */
const BATCH = 100;

/**
 * Dismisses what is not settled of these dead letters, and resolves with how many those were. Throws Failure
 * `not-found` where one of them is not this feed's, before anything is done, and what `settle` throws.
 */
export async function dismiss(
  { feeds, clock }: { readonly feeds: Feeds; readonly clock: Clock },
  session: RecordSession,
  { feed, reason, deadLetters }: Dismissal,
): Promise<number> {
  const lacking = feeds.missing(feed);
  const letters: KeptDeadLetter[] = [];
  for (const id of deadLetters ?? lacking) {
    const letter = id === '' ? undefined : await letterNamed(session, id);
    if (letter?.feed === feed) letters.push(letter);
    else if (deadLetters !== undefined)
      throw new Failure(
        'not-found',
        'One of these is no dead letter of this feed. See GET /feeds/dead-letters.',
      );
  }
  const dismissed = { at: new Date(clock.now()).toISOString(), reason };
  const open = letters.filter((one) => !isSettled(one));
  for (let from = 0; from < open.length; from += BATCH) {
    const batch = open.slice(from, from + BATCH).map((one) => ({ ...one, dismissed }));
    const detail = { act: 'dismissal', feed, deadLetters: batch.length, first: batch[0]?.id ?? '' };
    await session.settle(batch.map(keepDeadLetter), detail);
  }
  await resolveLetters({ feeds }, letters);
  if (deadLetters === undefined)
    await feeds.resolve(
      feed,
      lacking.map((deadLetter) => ({ deadLetter })),
    );
  return open.length;
}
