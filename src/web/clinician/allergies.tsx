/**
 * Allergies under exactly one of four headings, with icon and date. Where a source failed, is frozen or
 * does not cover them the heading is "Allergies unavailable", whatever is listed below it. Reference: ux
 * 1.5.
 */
import type { JSX } from 'preact';
import { AllergiesHeading, AllergiesMissing } from '../components/allergies-head.tsx';
import { AlsoFrom, SourceBadge } from '../components/source-badge.tsx';
import type { AllergyLine } from '../record/allergy-view.ts';
import type { RecordPage } from '../record-page.ts';
import { When } from './when.tsx';

export function Allergies({
  page,
  full,
}: {
  readonly page: RecordPage;
  readonly full: boolean;
}): JSX.Element {
  const { allergies } = page;
  if (allergies === undefined) {
    return (
      <section class="ow-panel" aria-labelledby="allergies">
        <h2 class="ow-panel__heading" id="allergies">
          Allergies
        </h2>
        <p>Your role does not see allergies. Nothing follows from that for this person.</p>
      </section>
    );
  }
  const { heading, known, past, negations, missing, updated } = allergies;
  return (
    <section class={`ow-panel ow-allergies ow-allergies--${heading}`} aria-labelledby="allergies">
      <AllergiesHeading heading={heading} />
      {updated !== undefined && (
        <p class="ow-panel__note">
          Last recorded <When moment={updated} dateOnly />
        </p>
      )}
      <AllergiesMissing missing={missing} now={page.now} face="clinician" />
      {heading === 'unavailable' && known.length > 0 && (
        <p class="ow-allergies__partial">What follows is recorded, and is not the whole.</p>
      )}
      {heading === 'not-recorded' && known.length === 0 && (
        <p>No source has recorded an allergy, and none has recorded that there are none. Ask the person.</p>
      )}
      <Lines lines={known} page={page} />
      {negations.length > 0 && <Lines lines={negations} page={page} />}
      {full && past.length > 0 && (
        <>
          <h3 class="ow-panel__sub">No longer active, or refuted</h3>
          <Lines lines={past} page={page} />
        </>
      )}
      {!full && past.length > 0 && (
        <p class="ow-panel__more">
          <a href={`${page.path}/allergies`}>{past.length} no longer active or refuted</a>
        </p>
      )}
    </section>
  );
}

function Lines({
  lines,
  page,
}: {
  readonly lines: readonly AllergyLine[];
  readonly page: RecordPage;
}): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <ul class="ow-list">
      {lines.map((line) => (
        <li class="ow-list__item" key={line.entry.key}>
          <p class="ow-list__title">
            <strong>{line.title}</strong>
            {line.critical && <span class="ow-flag ow-flag--critical">High risk</span>}
            {line.severity !== undefined && <span class="ow-flag">{line.severity}</span>}
            {line.verification !== undefined && line.verification !== 'confirmed' && (
              <span class="ow-flag">{line.verification}</span>
            )}
          </p>
          {line.reactions.length > 0 && <p class="ow-list__text">{line.reactions.join(', ')}</p>}
          <p class="ow-list__meta">
            <When moment={line.recorded} dateOnly />
            <SourceBadge entry={line.entry} now={page.now} face="clinician" />
            <AlsoFrom same={line.same} now={page.now} face="clinician" />
          </p>
        </li>
      ))}
    </ul>
  );
}
