/**
 * The segments of an ORU message as the groups they form: one for each OBR, with its order (ORC), comments (NTE),
 * results (OBX with their own comments) and specimens (SPM). HL7 v2.5.1 §7.3.1 (ORU^R01).
 */
import type { Message, Segment } from '../v2-message.ts';
import { part, repetitions, textOf } from '../v2-message.ts';
import { TEXT_TYPES } from './values.ts';

export interface Result {
  /** Several where a text was sent as consecutive OBX of one code: its lines. */
  readonly obx: readonly [Segment, ...Segment[]];
  readonly notes: readonly Segment[];
  /** The specimen segment that it stands after. */
  readonly spm?: Segment;
}

export interface ResultGroup {
  readonly orc?: Segment;
  /** Absent for results that stand before any OBR. */
  readonly obr?: Segment;
  readonly notes: readonly Segment[];
  readonly results: readonly Result[];
  readonly specimens: readonly Segment[];
}

interface Open {
  orc?: Segment;
  obr?: Segment;
  notes: Segment[];
  results: { obx: [Segment, ...Segment[]]; notes: Segment[]; spm?: Segment }[];
  specimens: Segment[];
}

/** The groups in the order of the message; a group without results is one too (an order that was cancelled). */
export function resultGroups(message: Message): readonly ResultGroup[] {
  const groups: Open[] = [];
  let orc: Segment | undefined;
  let open: Open | undefined;
  const current = (): Open => {
    if (open === undefined) {
      open = { notes: [], results: [], specimens: [] };
      groups.push(open);
    }
    return open;
  };
  for (const segment of message.segments) {
    switch (segment.name) {
      case 'ORC':
        orc = segment;
        open = undefined;
        break;
      case 'OBR':
        open = { ...(orc === undefined ? {} : { orc }), obr: segment, notes: [], results: [], specimens: [] };
        groups.push(open);
        orc = undefined;
        break;
      case 'OBX':
        addResult(current(), segment);
        break;
      case 'NTE': {
        const last = open?.results.at(-1);
        if (last !== undefined) last.notes.push(segment);
        else open?.notes.push(segment);
        break;
      }
      case 'SPM':
        current().specimens.push(segment);
        break;
      default:
        break;
    }
  }
  return groups;
}

/** A text of one code and sub-id goes on in the next OBX; anything else is a result of its own. */
function addResult(group: Open, obx: Segment): void {
  const last = group.results.at(-1);
  const spm = group.specimens.at(-1);
  if (last !== undefined && last.spm === spm && last.notes.length === 0 && isContinued(last.obx[0], obx)) {
    last.obx.push(obx);
    return;
  }
  group.results.push({ obx: [obx], notes: [], ...(spm === undefined ? {} : { spm }) });
}

function isContinued(first: Segment, next: Segment): boolean {
  const types = [textOf(first, 2), textOf(next, 2)].map((one) => one.toUpperCase());
  const isText = types[0] === types[1] && types[0] !== '' && TEXT_TYPES.has(types[0] ?? '');
  const [code, other] = [repetitions(first, 3)[0], repetitions(next, 3)[0]];
  const sameCode = [1, 2, 3].every((n) => part(code, n) === part(other, n));
  const sameTime = textOf(first, 14) === textOf(next, 14) && textOf(first, 11) === textOf(next, 11);
  return (
    isText &&
    sameCode &&
    textOf(first, 4) === textOf(next, 4) &&
    sameTime &&
    textOf(first, 6) === textOf(next, 6)
  );
}
