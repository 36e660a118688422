/**
 * One source under each number that a person has had. A number that was replaced goes on standing in the
 * records of whoever has not heard of it, so a source that is named under several is asked under each, and
 * what it answers is one part of the record. Which numbers are one person is for the asker's own
 * organisation to know: what another states is told, not followed (docs/adr/0013).
 */
import type { Asker } from '../access/actor.ts';
import type { NhsNumber } from '../base/brands.ts';
import { type Ask, type AssembleParts, askSource, type Part, type Place } from './ask-source.ts';
import type { RecordNote, SourceStatus } from './shared-record.ts';

/** The part of one source, and what of it is not there. */
export interface NotedPart extends Part {
  readonly notes: readonly RecordNote[];
}

/** As `askSource`, under each of these numbers. */
export async function askUnderEach(
  parts: AssembleParts,
  place: Place,
  ask: Ask,
  numbers: readonly NhsNumber[],
): Promise<NotedPart> {
  const found = await Promise.all(
    numbers.map((nhsNumber) =>
      askSource(parts, place, { ...ask, nhsNumber, asker: under(ask.asker, ask.nhsNumber, nhsNumber) }),
    ),
  );
  return joined(found);
}

/** A patient asks for the own record whatever number it has there: this node has verified that both are theirs. */
function under(asker: Asker, asked: NhsNumber, nhsNumber: NhsNumber): Asker {
  if (asker.actor.patient !== asked || nhsNumber === asked) return asker;
  return { ...asker, actor: { ...asker.actor, patient: nhsNumber } };
}

/** From what may be taken for whole to what shows nothing. */
const RANK: Readonly<Record<SourceStatus, number>> = {
  live: 0,
  behind: 1,
  copy: 2,
  unavailable: 3,
  refused: 4,
};
const isShown = ({ report }: Part): boolean => RANK[report.status] < RANK.unavailable;

/** The status is that of the part to be trusted least among those that are shown; what is not shown is a note. */
function joined(found: readonly Part[]): NotedPart {
  const shown = found.filter(isShown);
  const chosen = (shown.length > 0 ? shown : found).reduce((worst, one) =>
    RANK[one.report.status] > RANK[worst.report.status] ? one : worst,
  );
  const hidden = shown.length === 0 ? [] : found.filter((one) => !isShown(one));
  return {
    ...chosen,
    entries: [
      ...new Map(
        shown.flatMap((one) => one.entries.map((entry) => [`${entry.type}/${entry.id}`, entry])),
      ).values(),
    ],
    nhsNumbers: found.flatMap((one) => one.nhsNumbers),
    notes: hidden.map(({ report }) => ({
      kind: 'gap',
      text: `What ${report.name} holds under another NHS number of this person is not shown: ${report.diagnostics}`,
    })),
  };
}

/** That the number asked for is an older one; and which sources state one that nobody here has verified. */
export function numberNotes(
  asked: NhsNumber,
  numbers: readonly NhsNumber[],
  found: readonly Part[],
): RecordNote[] {
  const strange = found.filter((part) => part.nhsNumbers.some((number) => !numbers.includes(number)));
  return [
    ...(numbers[0] === asked ? [] : [{ kind: 'superseded', text: SUPERSEDED } as const]),
    ...strange.map(({ report }): RecordNote => ({ kind: 'gap', text: `${report.name} ${STRANGE}` })),
  ];
}

const SUPERSEDED =
  'The NHS number that was asked for has been replaced by a newer one. What is held under any number that this ' +
  'organisation has verified of the person is in this record. Use the newer number from now on.';
const STRANGE =
  'states a further verified NHS number for this person, which this organisation does not hold for them: what ' +
  'others hold under that number alone is not in this record. Compare the Patient there and ask for that number too.';
