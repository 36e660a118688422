/**
 * The patient's medicines: current and past apart, the instructions as written, who prescribed, what was
 * dispensed for it.
 */
import type { JSX } from 'preact';
import { Gaps } from '../components/gaps.tsx';
import { SourceBadge } from '../components/source-badge.tsx';
import { patientDate, patientQuantity } from '../patient-format.ts';
import { type MedicineGroup, type MedicineLine, medicineView } from '../record/medicine-view.ts';
import type { RecordPage } from '../record-page.ts';
import { MEDICINE_TYPES } from '../record-words.ts';

export function PatientMedicines({ page }: { readonly page: RecordPage }): JSX.Element {
  const { current, past, dispensedOnly } = medicineView(page.view.entries, page.view.references);
  return (
    <>
      <Gaps
        sources={page.view.sources}
        kinds={MEDICINE_TYPES}
        what="medicines"
        isEmpty={current.length + past.length + dispensedOnly.length === 0}
        now={page.now}
        face="patient"
      />
      <Groups heading="Medicines you take now" id="current" groups={current} page={page} />
      <Groups
        heading="Medicines given out by a pharmacy"
        id="dispensed"
        note="The prescriptions for these are not in this record, so we do not know if you still take them."
        groups={dispensedOnly}
        page={page}
      />
      <Groups heading="Medicines you took before" id="past" groups={past} page={page} />
    </>
  );
}

function Groups({
  heading,
  id,
  note,
  groups,
  page,
}: {
  readonly heading: string;
  readonly id: string;
  readonly note?: string;
  readonly groups: readonly MedicineGroup[];
  readonly page: RecordPage;
}): JSX.Element | null {
  if (groups.length === 0) return null;
  return (
    <section class="ow-panel" aria-labelledby={id}>
      <h2 class="ow-panel__heading" id={id}>
        {heading}
      </h2>
      {note !== undefined && <p>{note}</p>}
      <ul class="ow-list">
        {groups.map(({ lead, tied }) => (
          <li class="ow-list__item" key={lead.entry.key}>
            <Line line={lead} page={page} />
            {tied.map((line) => (
              <div class="ow-tied" key={line.entry.key}>
                <Line line={line} page={page} />
              </div>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Line({ line, page }: { readonly line: MedicineLine; readonly page: RecordPage }): JSX.Element {
  return (
    <>
      <p class="ow-list__title">
        <strong>{line.name.recorded}</strong>
      </p>
      {line.instructions !== undefined && <p class="ow-list__text">{line.instructions}</p>}
      {line.reason !== undefined && <p class="ow-list__text">For {line.reason}</p>}
      <p class="ow-list__meta">
        <span>{told(line)}</span>
        <SourceBadge entry={line.entry} now={page.now} face="patient" />
      </p>
    </>
  );
}

function told({ role, started, ended, author, quantity, status }: MedicineLine): string {
  const date = started === undefined ? 'on a date not recorded' : `on ${patientDate(started)}`;
  const by = author === undefined ? '' : ` by ${author}`;
  const amount = quantity === undefined ? '' : `, ${patientQuantity(quantity.value, quantity.unit)}`;
  const end = ended === undefined ? '' : `, until ${patientDate(ended)}`;
  const state = STATES[status ?? ''] ?? '';
  if (role === 'dispensed') return `Given out ${date}${by}${amount}`;
  return `${role === 'reported' ? 'Reported' : 'Prescribed'} ${date}${by}${amount}${end}${state}`;
}

const STATES: Readonly<Record<string, string>> = {
  stopped: '. Stopped',
  completed: '. Finished',
  cancelled: '. Cancelled',
  'on-hold': '. On hold for now',
};
