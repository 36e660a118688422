/** One particular of an entry: a line, or, where it is long, a text that opens. Nothing is cut off. */
import type { JSX } from 'preact';
import type { Detail } from '../record/describe.ts';

const LINE_CHARACTERS_MAX = 240;

export function DetailLine({
  detail,
  about,
  open,
}: {
  readonly detail: Detail;
  /** What the text belongs to, for screen readers. */
  readonly about: string;
  readonly open: boolean;
}): JSX.Element {
  const { label, text } = detail;
  if (text.length <= LINE_CHARACTERS_MAX) {
    return (
      <p class="ow-event__detail">
        <span class="ow-event__label">{label}</span> {text}
      </p>
    );
  }
  return (
    <details class="ow-long" {...(open ? { open: true } : {})}>
      <summary>
        {label === 'Text' ? 'Read it' : label}
        <span class="nhsuk-u-visually-hidden">: {about}</span>
      </summary>
      <p>{text}</p>
    </details>
  );
}
