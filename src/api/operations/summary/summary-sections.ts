/**
 * The sections of an International Patient Summary, and what of a record goes into which.
 * http://hl7.org/fhir/uv/ips/StructureDefinition-Composition-uv-ips.html
 */
import type { ResourceType } from '../../../fhir/resource.ts';
import { codesIn, isNegation, type Member, textOf } from './summary-member.ts';

export interface SectionRow {
  readonly title: string;
  /** LOINC code. */
  readonly code: string;
  readonly display: string;
  readonly types: readonly ResourceType[];
  /** IPS wants it in every summary, with content or with the reason why there is none. */
  readonly required?: true;
  /** Whether this belongs into it. */
  readonly takes: (member: Member) => boolean;
  /** Only the newest of each kind. */
  readonly newestOfKind?: true;
}

const clinical = (member: Member): readonly string[] => codesIn(member.json.clinicalStatus);
const verified = (member: Member): boolean =>
  !codesIn(member.json.verificationStatus).some((code) => code === 'entered-in-error' || code === 'refuted');
const statusIn = (member: Member, ...wanted: readonly string[]): boolean =>
  typeof member.json.status === 'string' && wanted.includes(member.json.status);
const isPast = (member: Member): boolean =>
  clinical(member).some((code) => ['inactive', 'resolved', 'remission'].includes(code));
const category = (member: Member, code: string): boolean => {
  const categories = Array.isArray(member.json.category) ? member.json.category : [];
  return categories.some((one) => codesIn(one).includes(code));
};
const isResult = (member: Member): boolean =>
  statusIn(member, 'final', 'amended', 'corrected', 'preliminary', 'partial');

export const SECTIONS: readonly SectionRow[] = [
  {
    title: 'Allergies and intolerances',
    code: '48765-2',
    display: 'Allergies and adverse reactions Document',
    types: ['AllergyIntolerance'],
    required: true,
    takes: (member) => verified(member) && !isPast(member),
  },
  {
    title: 'Medication summary',
    code: '10160-0',
    display: 'History of Medication use Narrative',
    types: ['MedicationStatement', 'MedicationRequest'],
    required: true,
    takes: (member) => statusIn(member, 'active', 'intended', 'on-hold', 'unknown'),
  },
  {
    title: 'Problems',
    code: '11450-4',
    display: 'Problem list - Reported',
    types: ['Condition'],
    required: true,
    takes: (member) => verified(member) && !isPast(member),
  },
  {
    title: 'Past problems',
    code: '11348-0',
    display: 'History of Past illness Narrative',
    types: ['Condition'],
    takes: (member) => verified(member) && isPast(member),
  },
  {
    title: 'Immunizations',
    code: '11369-6',
    display: 'History of Immunization Narrative',
    types: ['Immunization'],
    takes: (member) => statusIn(member, 'completed'),
  },
  {
    title: 'Procedures',
    code: '47519-4',
    display: 'History of Procedures Document',
    types: ['Procedure'],
    takes: (member) => statusIn(member, 'completed', 'in-progress', 'stopped', 'on-hold', 'unknown'),
  },
  {
    title: 'Medical devices',
    code: '46264-8',
    display: 'History of medical device use',
    types: ['DeviceUseStatement'],
    takes: (member) => statusIn(member, 'active', 'completed', 'intended', 'on-hold'),
  },
  {
    title: 'Results',
    code: '30954-2',
    display: 'Relevant diagnostic tests/laboratory data Narrative',
    types: ['Observation'],
    takes: (member) => isResult(member) && (category(member, 'laboratory') || category(member, 'imaging')),
    newestOfKind: true,
  },
  {
    title: 'Vital signs',
    code: '8716-3',
    display: 'Vital signs',
    types: ['Observation'],
    takes: (member) => isResult(member) && category(member, 'vital-signs'),
    newestOfKind: true,
  },
  {
    title: 'Social history',
    code: '29762-2',
    display: 'Social history Narrative',
    types: ['Observation'],
    takes: (member) => isResult(member) && category(member, 'social-history'),
    newestOfKind: true,
  },
];

/**
 * What of a record goes into a section, newest first. Where the record is not whole for its kinds, statements that
 * there is nothing ("no known allergies") are left out: they would be read as true of the whole.
 */
export function membersFor(
  row: SectionRow,
  record: readonly Member[],
  isWhole: boolean,
): { readonly shown: readonly Member[]; readonly negationsLeftOut: number } {
  const fitting = record
    .filter((member) => row.types.includes(member.stored.type) && row.takes(member))
    .sort((a, b) => (a.when === b.when ? 0 : (b.when ?? '') > (a.when ?? '') ? 1 : -1));
  const newest = row.newestOfKind === true ? newestOfEach(fitting) : fitting;
  const shown = isWhole ? newest : newest.filter((member) => !isNegation(member));
  return { shown, negationsLeftOut: newest.length - shown.length };
}

function newestOfEach(newestFirst: readonly Member[]): readonly Member[] {
  const seen = new Set<string>();
  return newestFirst.filter((member) => {
    const kind = textOf(member);
    const isFirst = !seen.has(kind);
    seen.add(kind);
    return isFirst;
  });
}
