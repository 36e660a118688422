/**
 * The Composition of a summary: its sections, each with a narrative made from what is in it and with what can be
 * said of its being whole. http://hl7.org/fhir/uv/ips/StructureDefinition-Composition-uv-ips.html
 */
import type { Composition, CompositionSection, Narrative } from 'fhir/r4.d.ts';
import type { Settings } from '../../../base/settings.ts';
import { escapedText } from '../../../fhir/xml-escape.ts';
import { nameOf } from '../record-closure.ts';
import { exactly, type Member, textOf, valueText } from './summary-member.ts';
import { membersFor, SECTIONS, type SectionRow } from './summary-sections.ts';
import { type KindState, stateText } from './summary-state.ts';

export interface SummaryParts {
  /** Absolute address of the FHIR base. */
  readonly base: string;
  readonly organisation: string;
  readonly id: string;
  /** ISO instant. */
  readonly now: string;
  readonly subject: Member;
  readonly author: string;
  readonly record: readonly Member[];
  readonly settings: Pick<Settings, 'jsonDepthMax'>;
  state(row: SectionRow): KindState;
}

/** R4: said on every summary, so that it tells nothing about anybody. */
const NEVER_SHOWN = 'Some services are never shown here.';

/** The Composition, and the members that its sections name. */
export function summaryComposition(parts: SummaryParts): {
  readonly composition: Composition;
  readonly members: readonly Member[];
} {
  const byName = new Map(parts.record.map((one) => [nameOf(one.stored), one]));
  const members = new Set<Member>();
  const sections = SECTIONS.flatMap((row) => {
    const state = parts.state(row);
    const chosen = membersFor(row, parts.record, state.kind === 'whole');
    if (row.required !== true && chosen.shown.length === 0) return [];
    for (const member of chosen.shown) members.add(member);
    return [sectionOf(row, parts, state, chosen, byName)];
  });
  const composition: Composition = {
    resourceType: 'Composition',
    id: parts.id,
    text: narrative(
      [`Summary of what ${parts.organisation} holds, made at ${parts.now}. ${NEVER_SHOWN}`],
      [],
    ),
    status: 'final',
    type: { coding: [{ system: 'http://loinc.org', code: '60591-5', display: 'Patient summary Document' }] },
    subject: { reference: `${parts.base}/${nameOf(parts.subject.stored)}` },
    date: parts.now,
    author: [{ reference: parts.author }],
    custodian: { reference: parts.author },
    title: 'International Patient Summary',
    confidentiality: 'N',
    section: sections,
  };
  return { composition, members: [...members] };
}

function sectionOf(
  row: SectionRow,
  parts: SummaryParts,
  state: KindState,
  { shown, negationsLeftOut }: ReturnType<typeof membersFor>,
  byName: ReadonlyMap<string, Member>,
): CompositionSection {
  const words = [stateText(row.title, state, parts.organisation)];
  if (row.newestOfKind === true) words.push('The newest of each kind is shown.');
  if (negationsLeftOut > 0) {
    words.push('Somebody recorded that there are none; that is not repeated while something may be missing.');
  }
  if (shown.length === 0) {
    words.push(`None is recorded here, which does not say that there are none. ${NEVER_SHOWN}`);
  }
  const lines = shown.map((member) => lineOf(exactly(member, parts.settings), byName));
  return {
    title: row.title,
    code: { coding: [{ system: 'http://loinc.org', code: row.code, display: row.display }] },
    text: narrative(words, lines),
    ...(shown.length === 0
      ? { emptyReason: emptyReason(state) }
      : { entry: shown.map((member) => ({ reference: `${parts.base}/${nameOf(member.stored)}` })) }),
  };
}

/** Never "nil known": that nothing is recorded says nothing about the person. */
function emptyReason(state: KindState): NonNullable<CompositionSection['emptyReason']> {
  const [code, display] =
    state.kind === 'withheld'
      ? (['withheld', 'Information Withheld'] as const)
      : (['unavailable', 'Unavailable'] as const);
  return { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/list-empty-reason', code, display }] };
}

function lineOf(member: Member, byName: ReadonlyMap<string, Member>): string {
  const value = valueText(member);
  const { status } = member.json;
  const parts = [
    textOf(member, byName) + (value === undefined ? '' : `: ${value}`),
    member.when ?? 'no date',
    ...(typeof status === 'string' ? [status] : []),
  ];
  return parts.join(', ');
}

function narrative(words: readonly string[], lines: readonly string[]): Narrative {
  const text = words.map((one) => `<p>${escapedText(one)}</p>`).join('');
  const list = lines.map((one) => `<li>${escapedText(one)}</li>`).join('');
  return {
    status: 'generated',
    div: `<div xmlns="http://www.w3.org/1999/xhtml">${text}${list === '' ? '' : `<ul>${list}</ul>`}</div>`,
  };
}
