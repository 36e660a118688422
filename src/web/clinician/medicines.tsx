/**
 * Medicines: current and past never mixed, nothing summed, nothing cut off. A line reads name, strength,
 * form, DOSE, route, instructions. What is tied to a prescription by the sources' own numbers stands under
 * it, with its own source. Reference: ux 1.5.
 */
import type { ComponentChildren, JSX } from 'preact';
import { clinicianNumber, clinicianQuantity } from '../clinician-format.ts';
import { Gaps } from '../components/gaps.tsx';
import { SourceBadge } from '../components/source-badge.tsx';
import { genericCase, strengthText } from '../record/medicine-name.ts';
import {
  type MedicineGroup,
  type MedicineLine,
  medicineView,
  stoppedSince,
} from '../record/medicine-view.ts';
import type { Amount } from '../record/resource-text.ts';
import type { RecordPage } from '../record-page.ts';
import { MEDICINE_TYPES, statusWords } from '../record-words.ts';
import { NotForRole } from './not-for-role.tsx';
import { When } from './when.tsx';

/** "N stopped in the last …" */
const LATELY_DAYS = 90;

export function Medicines({
  page,
  full,
}: {
  readonly page: RecordPage;
  readonly full: boolean;
}): JSX.Element {
  const view = medicineView(page.view.entries, page.view.references);
  const { current, past, dispensedOnly, given } = view;
  const stopped = stoppedSince(view, page.now, LATELY_DAYS);
  return (
    <section class="ow-panel" aria-labelledby="medicines">
      <h2 class="ow-panel__heading" id="medicines">
        Current medicines
      </h2>
      <NotForRole page={page} type="MedicationRequest">
        <Gaps
          sources={page.view.sources}
          kinds={MEDICINE_TYPES}
          what="medicines"
          isEmpty={current.length + past.length + dispensedOnly.length === 0}
          now={page.now}
          face="clinician"
        />
        {current.length === 0 && past.length + dispensedOnly.length > 0 && (
          <p>No current medicines are recorded.</p>
        )}
        <Groups groups={current} page={page} />
        {stopped > 0 && (
          <p class="ow-panel__note">
            {stopped} stopped in the last {LATELY_DAYS} days
          </p>
        )}
        {full ? (
          <>
            {dispensedOnly.length > 0 && (
              <>
                <h3 class="ow-panel__sub">Dispensed, prescription not in this record</h3>
                <p class="ow-panel__note">Whether these are still taken is not known.</p>
                <Groups groups={dispensedOnly} page={page} />
              </>
            )}
            <h3 class="ow-panel__sub">Past medicines</h3>
            {past.length === 0 ? (
              <p>No past medicines are recorded.</p>
            ) : (
              <Groups groups={past} page={page} />
            )}
            {given > 0 && (
              <p>
                <a href={`${page.path}/timeline?kind=medicines`}>
                  {given} doses given by staff, on the timeline
                </a>
              </p>
            )}
          </>
        ) : (
          <More page={page} past={past.length} dispensedOnly={dispensedOnly.length} />
        )}
      </NotForRole>
    </section>
  );
}

function More({
  page,
  past,
  dispensedOnly,
}: {
  readonly page: RecordPage;
  readonly past: number;
  readonly dispensedOnly: number;
}): JSX.Element | null {
  const words = [
    past > 0 ? `${past} past` : '',
    dispensedOnly > 0 ? `${dispensedOnly} dispensed without a prescription here` : '',
  ].filter((word) => word !== '');
  if (words.length === 0) return null;
  return (
    <p class="ow-panel__more">
      <a href={`${page.path}/medicines`}>{words.join(', ')}</a>
    </p>
  );
}

function Groups({
  groups,
  page,
}: {
  readonly groups: readonly MedicineGroup[];
  readonly page: RecordPage;
}): JSX.Element | null {
  if (groups.length === 0) return null;
  return (
    <ul class="ow-list">
      {groups.map(({ lead, tied }) => (
        <li class="ow-list__item" key={lead.entry.key}>
          <Line line={lead} page={page} />
          {tied.length > 0 && (
            <ul class="ow-tied">
              {tied.map((line) => (
                <li key={line.entry.key}>
                  <Line line={line} page={page} under={lead} />
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}

const ROLES: Readonly<Record<MedicineLine['role'], string>> = {
  prescribed: 'Prescribed',
  dispensed: 'Dispensed',
  reported: 'Reported',
};

/** `under` is what the line is tied to: its words are not said twice. */
function Line({
  line,
  page,
  under,
}: {
  readonly line: MedicineLine;
  readonly page: RecordPage;
  readonly under?: MedicineLine;
}): JSX.Element {
  const { name, doses, route, instructions, quantity } = line;
  const parts: ComponentChildren[] = [<strong key="name">{genericCase(name.name)}</strong>];
  if (name.strength !== undefined) parts.push(strengthText(name.strength, clinicianNumber));
  if (name.form !== undefined) parts.push(name.form);
  for (const dose of doses) {
    parts.push(
      <>
        <span class="ow-med__label">DOSE</span> <strong>{amountWords(dose)}</strong>
      </>,
    );
  }
  if (route !== undefined) parts.push(route);
  if (instructions !== undefined) parts.push(instructions);
  return (
    <>
      {!saysTheSame(line, under) && (
        <p class="ow-list__title ow-med">{parts.map((part, index) => [index > 0 && ' — ', part])}</p>
      )}
      <p class="ow-list__meta">
        <span>
          {ROLES[line.role]}
          {quantity !== undefined && ` ${amountWords(quantity)}`}, {statusWords(line.status).toLowerCase()}
        </span>
        <When moment={line.started} dateOnly />
        {line.ended !== undefined && (
          <span>
            to <When moment={line.ended} dateOnly />
          </span>
        )}
        {line.reason !== undefined && <span>for {line.reason}</span>}
        {line.author !== undefined && <span>{line.author}</span>}
        <SourceBadge entry={line.entry} now={page.now} face="clinician" />
      </p>
    </>
  );
}

/** Whether what would be read as the medicine is word for word what stands above it. */
function saysTheSame(line: MedicineLine, under: MedicineLine | undefined): boolean {
  const said = ({ name, doses, route, instructions }: MedicineLine): string =>
    JSON.stringify([name.recorded, doses, route, instructions]);
  return under !== undefined && (said(line) === said(under) || isBareOf(line, under));
}

/** The same medicine, and nothing said of how to take it. */
function isBareOf(line: MedicineLine, under: MedicineLine): boolean {
  const isBare = line.doses.length === 0 && line.route === undefined && line.instructions === undefined;
  return isBare && line.name.recorded === under.name.recorded;
}

function amountWords({ value, unit, comparator }: Amount): string {
  return `${comparator ?? ''}${clinicianQuantity(clinicianNumber(value), unit)}`;
}
