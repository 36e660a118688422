/** A date or time as clinicians read it, with the long form for screen readers. */
import type { JSX } from 'preact';
import { clinicianDate, clinicianDateTime, NOT_RECORDED, spokenDateTime } from '../clinician-format.ts';
import type { Moment } from '../moment.ts';

export function When({
  moment,
  dateOnly,
}: {
  readonly moment: Moment | undefined;
  readonly dateOnly?: boolean;
}): JSX.Element {
  if (moment === undefined) return <span>{NOT_RECORDED}</span>;
  const shown = dateOnly === true ? clinicianDate(moment) : clinicianDateTime(moment);
  const spoken =
    dateOnly === true ? spokenDateTime(moment).replace(/ \d\d:\d\d$/, '') : spokenDateTime(moment);
  return (
    <span class="ow-when">
      <span aria-hidden="true">{shown}</span>
      <span class="nhsuk-u-visually-hidden">{spoken}</span>
    </span>
  );
}
