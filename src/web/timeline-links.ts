/** A timeline's filter and page, from an address and back into one. */
import type { OdsCode } from '../base/brands.ts';
import { odsCode } from '../base/brands.ts';
import type { PaginationProps } from './components/content.tsx';
import type { TimelineFilter, TimelinePage } from './record/timeline.ts';
import { isEntryKind } from './record-words.ts';

/**
 * The filter in a query string. What cannot be one is left out: the page shows then what it does filter by.
 */
export function filterIn(query: Readonly<Record<string, unknown>>): TimelineFilter {
  const { kind, source, page } = query;
  const ods: OdsCode | undefined = typeof source === 'string' ? odsCode(source) : undefined;
  const number = typeof page === 'string' && /^\d{1,6}$/.test(page) ? Number(page) : 1;
  return {
    ...(typeof kind === 'string' && isEntryKind(kind) ? { kind } : {}),
    ...(ods === undefined ? {} : { source: ods }),
    page: Math.max(1, number),
  };
}

/** Whether it shows less than everything. */
export function isFiltered({ kind, source }: TimelineFilter): boolean {
  return kind !== undefined || source !== undefined;
}

/** Links to pages near this one, the first and the last. */
export function pageLinks(
  address: string,
  filter: TimelineFilter,
  { page, pages }: Pick<TimelinePage, 'page' | 'pages'>,
): PaginationProps {
  const href = (number: number): string => {
    const query = new URLSearchParams();
    if (filter.kind !== undefined) query.set('kind', filter.kind);
    if (filter.source !== undefined) query.set('source', filter.source);
    if (number > 1) query.set('page', String(number));
    const text = query.toString();
    return text === '' ? address : `${address}?${text}`;
  };
  const near = [1, page - 1, page, page + 1, pages].filter((number) => number >= 1 && number <= pages);
  return {
    items: [...new Set(near)].map((number) => ({ number, href: href(number), current: number === page })),
    ...(page > 1 ? { previous: { href: href(page - 1) } } : {}),
    ...(page < pages ? { next: { href: href(page + 1) } } : {}),
  };
}
