/**
 * Beside every list: what may be missing from it and because of whom; and where it is empty, who recorded
 * nothing.
 */
import type { JSX } from 'preact';
import type { ResourceType } from '../../fhir/resource.ts';
import type { Moment } from '../moment.ts';
import type { Face } from '../open-persons.ts';
import { sectionGaps } from '../record/section-gaps.ts';
import type { SourceView } from '../record/source-view.ts';
import { andList } from '../record-words.ts';
import { momentWords } from '../source-words.ts';
import { StateIcon } from './state-icon.tsx';

export interface GapsProps {
  readonly sources: readonly SourceView[];
  readonly kinds: readonly ResourceType[];
  /** `medicines`, as in "Some medicines may be missing". */
  readonly what: string;
  readonly isEmpty: boolean;
  readonly now: Moment;
  readonly face: Face;
}

export function Gaps({ sources, kinds, what, isEmpty, now, face }: GapsProps): JSX.Element | null {
  const { gaps, whole, silent } = sectionGaps(sources, kinds);
  if (gaps.length === 0 && !isEmpty) return null;
  return (
    <div class="ow-gaps">
      {isEmpty && <p class="ow-gaps__empty">{emptyText(what, gaps, whole, silent)}</p>}
      {gaps.length > 0 && (
        <p class="ow-gaps__missing">
          <StateIcon state="warning" />
          <span>Not the whole list. {gaps.map((source) => gapText(source, kinds, now, face)).join(' ')}</span>
        </p>
      )}
    </div>
  );
}

function gapText(source: SourceView, kinds: readonly ResourceType[], now: Moment, face: Face): string {
  const { name, asAt } = source;
  switch (source.status) {
    case 'copy':
      return asAt === undefined
        ? `${name}: a copy whose age is not known.`
        : `${name}: a copy as at ${momentWords(asAt, now, face)}, nothing newer.`;
    case 'behind': {
      const since = source.behind.find((one) => kinds.includes(one.kind))?.since ?? source.behind[0]?.since;
      return since === undefined
        ? `${name}: late.`
        : `${name}: nothing newer than ${momentWords(since, now, face)}.`;
    }
    case 'refused':
      return `${name}: not shared.`;
    default:
      return `${name}: nothing could be got.`;
  }
}

/** Says who recorded nothing, and never that there is nothing. */
function emptyText(
  what: string,
  gaps: readonly SourceView[],
  whole: readonly SourceView[],
  silent: readonly SourceView[],
): string {
  const names = andList(whole.map((source) => source.name));
  if (whole.length > 0) return `${names} ${whole.length === 1 ? 'has' : 'have'} recorded no ${what}.`;
  if (gaps.length > 0) return `Nothing is known of ${what} now.`;
  return silent.length === 0 ? `No source was asked for ${what}.` : `No source says that it holds ${what}.`;
}
