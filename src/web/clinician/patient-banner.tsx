/**
 * The patient banner: on every page about one person, at the top, full width, never covered. Zone 1 says
 * who; zone 2 is closed and its five parts open together, allergies the fifth. Somebody who has died is
 * marked by words, colour and pattern. Reference: ux 1.5.
 */
import type { Address, ContactPoint } from 'fhir/r4.d.ts';
import type { JSX } from 'preact';
import { formatNhsNumber } from '../../identity/nhs-number.ts';
import type { Patient } from '../../identity/patient-identity.ts';
import { ALLERGY_HEADINGS, allergyIcon } from '../allergy-words.ts';
import {
  clinicianAge,
  clinicianDate,
  clinicianName,
  NOT_RECORDED,
  spokenDateTime,
} from '../clinician-format.ts';
import { StateIcon } from '../components/state-icon.tsx';
import { type Moment, momentOf } from '../moment.ts';
import { isDeceased } from '../record/record-identity.ts';
import { nameInUse } from '../record/resource-text.ts';
import type { RecordPage } from '../record-page.ts';
import { genderWords } from '../record-words.ts';
import { When } from './when.tsx';

export function PatientBanner({ page }: { readonly page: RecordPage }): JSX.Element {
  const { person } = page.view;
  const deceased = person !== undefined && isDeceased(person);
  return (
    <section
      class={deceased ? 'ow-banner ow-banner--deceased' : 'ow-banner'}
      aria-label={deceased ? 'Patient, deceased' : 'Patient'}
    >
      <div class="ow-banner__inner">
        <ZoneOne page={page} />
        {person !== undefined && <ZoneTwo page={page} person={person} />}
      </div>
    </section>
  );
}

function ZoneOne({ page }: { readonly page: RecordPage }): JSX.Element {
  const { person, nhsNumber } = page.view;
  const name = clinicianName(nameInUse(person?.name)) ?? 'Name not available';
  const preferred = preferredName(person);
  return (
    <div class="ow-banner__zone-1">
      <div class="ow-banner__who">
        <p class="ow-banner__name">{name}</p>
        {preferred !== undefined && (
          <p class="ow-banner__preferred">
            <span class="ow-banner__label">Preferred name</span> {preferred}
          </p>
        )}
      </div>
      <div class="ow-banner__facts">
        <Births person={person} now={page.now} />
        <p class="ow-banner__fact">
          <span class="ow-banner__label">Gender</span>{' '}
          <span class="ow-banner__value">{genderWords(person?.gender) ?? NOT_RECORDED}</span>
        </p>
        <p class="ow-banner__fact">
          <span class="ow-banner__label">NHS No.</span>{' '}
          <span class="ow-banner__value nhsuk-u-nowrap">{formatNhsNumber(nhsNumber)}</span>
        </p>
      </div>
    </div>
  );
}

function Births({
  person,
  now,
}: {
  readonly person: Patient | undefined;
  readonly now: Moment;
}): JSX.Element {
  const born = momentOf(person?.birthDate);
  const died = momentOf(person?.deceasedDateTime);
  const deceased = person !== undefined && isDeceased(person);
  const age = born === undefined || deceased ? undefined : clinicianAge(born, now);
  const ageAtDeath = born === undefined || died === undefined ? undefined : clinicianAge(born, died);
  return (
    <div class="ow-banner__births">
      <p class="ow-banner__fact">
        <span class="ow-banner__label">Born</span>{' '}
        <span class="ow-banner__value">
          {born === undefined ? NOT_RECORDED : <Said moment={born} />}
          {age !== undefined && ` (${age})`}
        </span>
      </p>
      {deceased && (
        <p class="ow-banner__fact">
          <span class="ow-banner__label">Died</span>{' '}
          <span class="ow-banner__value">
            {died === undefined ? 'Date not recorded' : <Said moment={died} />}
          </span>
          {ageAtDeath !== undefined && (
            <>
              {' '}
              <span class="ow-banner__label">Age at death</span>{' '}
              <span class="ow-banner__value">{ageAtDeath}</span>
            </>
          )}
        </p>
      )}
    </div>
  );
}

function Said({ moment }: { readonly moment: Moment }): JSX.Element {
  return (
    <>
      <span aria-hidden="true" class="nhsuk-u-nowrap">
        {clinicianDate(moment)}
      </span>
      <span class="nhsuk-u-visually-hidden">{spokenDateTime(moment).replace(/ \d\d:\d\d$/, '')}</span>
    </>
  );
}

interface Section {
  readonly label: string;
  /** In the closed zone. */
  readonly brief: string;
  readonly full: readonly string[];
}

function ZoneTwo({ page, person }: { readonly page: RecordPage; readonly person: Patient }): JSX.Element {
  const { allergies } = page;
  const sections = [
    addressSection(person),
    contactSection(person),
    practiceSection(person, page),
    kinSection(person),
  ];
  return (
    <details class="ow-banner__zone-2">
      <summary class="ow-banner__summary">
        {sections.map(({ label, brief }) => (
          <span class="ow-banner__part" key={label}>
            <span class="ow-banner__label">{label}</span> <span class="ow-banner__brief">{brief}</span>
          </span>
        ))}
        {allergies !== undefined && (
          <span class={`ow-banner__part ow-banner__part--allergies ow-banner__part--${allergies.heading}`}>
            <StateIcon state={allergyIcon(allergies.heading)} />{' '}
            <strong>{ALLERGY_HEADINGS[allergies.heading]}</strong>
          </span>
        )}
      </summary>
      <div class="ow-banner__open">
        {sections.map(({ label, full }) => (
          <div class="ow-banner__section" key={label}>
            <h2 class="ow-banner__heading">{label}</h2>
            {full.map((line) => (
              <p key={line}>{line}</p>
            ))}
          </div>
        ))}
        {allergies !== undefined && (
          <div class="ow-banner__section">
            <h2 class="ow-banner__heading">{ALLERGY_HEADINGS[allergies.heading]}</h2>
            {allergies.known.map((line) => (
              <p key={line.entry.key}>
                <strong>{line.title}</strong>
                {line.reactions.length > 0 && ` (${line.reactions.join(', ')})`}
              </p>
            ))}
            {allergies.updated !== undefined && (
              <p>
                Last recorded <When moment={allergies.updated} />
              </p>
            )}
            <p>
              <a href={`${page.path}/allergies`}>All about allergies</a>
            </p>
          </div>
        )}
      </div>
    </details>
  );
}

function preferredName(person: Patient | undefined): string | undefined {
  const given = person?.name
    ?.find((name) => name.use === 'nickname')
    ?.given?.join(' ')
    .trim();
  return given === '' ? undefined : given;
}

function addressSection(person: Patient): Section {
  const address = (person.address ?? []).find((one) => one.use !== 'old') ?? person.address?.[0];
  const lines = linesOf(address);
  return {
    label: 'Address',
    brief: lines[0] ?? NOT_RECORDED,
    full: lines.length === 0 ? [NOT_RECORDED] : lines,
  };
}

function linesOf(address: Address | undefined): readonly string[] {
  if (address === undefined) return [];
  const lines = [...(address.line ?? []), address.city, address.district, address.postalCode].filter(
    (line) => line !== undefined && line.trim() !== '',
  );
  return lines.length > 0 ? lines.map(String) : address.text === undefined ? [] : [address.text];
}

function contactSection(person: Patient): Section {
  const lines = (person.telecom ?? []).filter((one) => one.use !== 'old').map(contactText);
  return {
    label: 'Phone and email',
    brief: lines[0] ?? NOT_RECORDED,
    full: lines.length === 0 ? [NOT_RECORDED] : lines,
  };
}

function contactText({ use, value }: ContactPoint): string {
  const where = use === undefined ? '' : `${use.charAt(0).toUpperCase()}${use.slice(1)} `;
  return `${where}${value ?? NOT_RECORDED}`;
}

function practiceSection(person: Patient, { view }: RecordPage): Section {
  const [practice] = person.generalPractitioner ?? [];
  const code = practice?.identifier?.value;
  const known = view.sources.find((source) => source.ods === code)?.name;
  const name = practice?.display ?? known ?? code;
  const full = [...new Set([name ?? NOT_RECORDED, code ?? name ?? NOT_RECORDED])];
  return { label: 'GP practice', brief: name ?? NOT_RECORDED, full };
}

function kinSection(person: Patient): Section {
  const lines = (person.contact ?? []).map((contact) => {
    const relation = contact.relationship?.[0]?.text ?? contact.relationship?.[0]?.coding?.[0]?.display;
    const phone = contact.telecom?.[0]?.value;
    return [clinicianName(contact.name) ?? contact.name?.text ?? NOT_RECORDED, relation, phone]
      .filter((part) => part !== undefined)
      .join(', ');
  });
  return {
    label: 'Contacts',
    brief: lines[0]?.replace(/, [+\d ]+$/, '') ?? NOT_RECORDED,
    full: lines.length === 0 ? [NOT_RECORDED] : lines,
  };
}
