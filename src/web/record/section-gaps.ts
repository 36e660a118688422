/**
 * What may be missing from one section of a record, and because of whom: every list says it, so that none
 * can be taken for whole when a source failed, is frozen, or is late in just these kinds. Design invariant
 * 3.
 */
import type { ResourceType } from '../../fhir/resource.ts';
import type { SourceView } from './source-view.ts';

export interface SectionGaps {
  /** Sources from which something of these kinds may be missing, worst first as they come. */
  readonly gaps: readonly SourceView[];
  /** Sources that answered in full and say that they hold such information. */
  readonly whole: readonly SourceView[];
  /**
   * Sources that answered and do not say that they hold such information: nothing follows from their
   * silence.
   */
  readonly silent: readonly SourceView[];
}

/** The gaps for any of these kinds. */
export function sectionGaps(sources: readonly SourceView[], kinds: readonly ResourceType[]): SectionGaps {
  const gaps: SourceView[] = [];
  const whole: SourceView[] = [];
  const silent: SourceView[] = [];
  for (const source of sources) {
    if (isGap(source, kinds)) gaps.push(source);
    else if (source.covers.some((kind) => kinds.includes(kind))) whole.push(source);
    else silent.push(source);
  }
  return { gaps, whole, silent };
}

function isGap(source: SourceView, kinds: readonly ResourceType[]): boolean {
  if (source.status === 'live') return false;
  if (source.status !== 'behind') {
    // one that is out and said what it holds is missed only for that
    return source.covers.length === 0 || source.covers.some((kind) => kinds.includes(kind));
  }
  return source.behind.length === 0 || source.behind.some((one) => kinds.includes(one.kind));
}
