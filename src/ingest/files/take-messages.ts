/**
 * HL7 v2 messages of a file, through the same intake as MLLP: what is valid makes the same record, what is
 * not is kept as a dead letter, and a message that came before has no second effect, by whichever way it
 * came.
 */
import { Failure } from '../../base/failure.ts';
import type { Reject, UnitOutcome } from '../import-unit.ts';
import { incoming } from '../incoming.ts';
import type { Intake } from '../intake.ts';
import type { Ack } from '../v2-ack.ts';

const END = Buffer.from([0x1c, 0x0d]);
/** Of these it is known that the next message would fare no better. */
const STOPPING: ReadonlySet<string> = new Set(['no-store', 'forbidden', 'transient', 'timeout', 'throttled']);

/**
 * Takes the messages in `bytes`, each ended by FS CR, in their order. Throws Failure where none can be taken
 * now.
 */
export async function takeMessages(intake: Pick<Intake, 'take'>, bytes: Buffer): Promise<UnitOutcome> {
  const answers: Promise<Ack>[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(END, start);
    const raw = bytes.subarray(start, end < 0 ? bytes.length : end);
    start = end < 0 ? bytes.length : end + END.length;
    answers.push(intake.take(incoming(Buffer.from(raw)), 'file'));
  }
  const rejects: Reject[] = [];
  let resources = 0;
  let before = true;
  for (const [part, { code, problem, written }] of (await Promise.all(answers)).entries()) {
    if (code === 'AE' && problem !== undefined && STOPPING.has(problem.issue)) {
      throw new Failure(problem.issue, problem.text);
    }
    if (code !== 'AA') {
      rejects.push({
        part,
        code: problem?.issue ?? 'processing',
        reason: problem?.text ?? 'It was refused.',
      });
    }
    if (written !== undefined) before = false;
    resources += written ?? 0;
  }
  return { kind: 'taken', before: before && rejects.length === 0, resources, unchanged: 0, rejects };
}
