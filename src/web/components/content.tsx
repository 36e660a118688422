/**
 * Content components in nhsuk-frontend's markup (MIT): skip link, back link, tag, details, inset text,
 * success banner, summary list, table, pagination, card. Each is held to nhsuk-frontend's own rendered
 * examples by a test.
 */
import type { ComponentChildren, JSX } from 'preact';
import { classNames } from './form.tsx';

export function SkipLink({ href, text }: { readonly href: string; readonly text: string }): JSX.Element {
  return (
    <a class="nhsuk-skip-link" data-module="nhsuk-skip-link" href={href}>
      {text}
    </a>
  );
}

export function BackLink({ href, text }: { readonly href: string; readonly text: string }): JSX.Element {
  return (
    <a class="nhsuk-back-link" href={href}>
      {text}
    </a>
  );
}

export interface DetailsProps {
  readonly summaryText: string;
  readonly children: ComponentChildren;
  readonly open?: boolean;
  readonly classes?: string;
  readonly id?: string;
}

export function Details({ summaryText, children, open, classes, id }: DetailsProps): JSX.Element {
  return (
    <details
      class={classNames('nhsuk-details', classes)}
      {...(id === undefined ? {} : { id })}
      {...(open === true ? { open: true } : {})}
    >
      <summary class="nhsuk-details__summary">
        <span class="nhsuk-details__summary-text">{summaryText}</span>
      </summary>
      <div class="nhsuk-details__text">{children}</div>
    </details>
  );
}

/** What was just done; never beside an error summary. */
export function SuccessBanner({ text }: { readonly text: string }): JSX.Element {
  return (
    <div
      class="nhsuk-notification-banner nhsuk-notification-banner--success"
      data-module="nhsuk-notification-banner"
      role="alert"
      aria-labelledby="nhsuk-notification-banner-title"
    >
      <div class="nhsuk-notification-banner__header">
        <h2 class="nhsuk-notification-banner__title" id="nhsuk-notification-banner-title">
          Success
        </h2>
      </div>
      <div class="nhsuk-notification-banner__content">
        <p class="nhsuk-notification-banner__heading">{text}</p>
      </div>
    </div>
  );
}

const ARROW_LEFT =
  'M10.7 6.3c.4.4.4 1 0 1.4L7.4 11H19a1 1 0 0 1 0 2H7.4l3.3 3.3c.4.4.4 1 0 1.4a1 1 0 0 1-1.4 0l-5-5' +
  'A1 1 0 0 1 4 12c0-.3.1-.5.3-.7l5-5a1 1 0 0 1 1.4 0Z';
const ARROW_RIGHT =
  'm14.7 6.3 5 5c.2.2.3.4.3.7 0 .3-.1.5-.3.7l-5 5a1 1 0 0 1-1.4-1.4l3.3-3.3H5a1 1 0 0 1 0-2h11.6l-3.3-3.3' +
  'a1 1 0 1 1 1.4-1.4Z';

export interface PaginationProps {
  readonly previous?: { readonly href: string };
  readonly next?: { readonly href: string };
  readonly items: readonly { readonly number: number; readonly href: string; readonly current?: boolean }[];
}

/**
 * Numbered pages; a gap in the numbers is shown as one. (The role that the examples add says what nav is
 * already.)
 */
export function Pagination({ previous, next, items }: PaginationProps): JSX.Element {
  return (
    <nav class="nhsuk-pagination nhsuk-pagination--numbered" aria-label="Pagination">
      {previous !== undefined && (
        <a href={previous.href} class="nhsuk-pagination__previous" rel="prev">
          <Arrow side="left" path={ARROW_LEFT} />
          <span class="nhsuk-pagination__title">
            Previous<span class="nhsuk-u-visually-hidden"> page</span>
          </span>
        </a>
      )}
      <ul class="nhsuk-pagination__list">
        {items.map(({ number, href, current }, index) => [
          index > 0 && number > (items[index - 1]?.number ?? 0) + 1 && (
            <li class="nhsuk-pagination__item nhsuk-pagination__item--ellipsis" key={`gap-${number}`}>
              ⋯
            </li>
          ),
          <li
            class={classNames(
              'nhsuk-pagination__item',
              current === true && 'nhsuk-pagination__item--current',
            )}
            key={number}
          >
            <a
              class="nhsuk-pagination__link"
              href={href}
              aria-label={`Page ${number}`}
              {...(current === true ? { 'aria-current': 'page' as const } : {})}
            >
              {number}
            </a>
          </li>,
        ])}
      </ul>
      {next !== undefined && (
        <a href={next.href} class="nhsuk-pagination__next" rel="next">
          <span class="nhsuk-pagination__title">
            Next<span class="nhsuk-u-visually-hidden"> page</span>
          </span>
          <Arrow side="right" path={ARROW_RIGHT} />
        </a>
      )}
    </nav>
  );
}

function Arrow({ side, path }: { readonly side: 'left' | 'right'; readonly path: string }): JSX.Element {
  return (
    <svg
      class={`nhsuk-icon nhsuk-icon--arrow-${side}`}
      xmlns="http://www.w3.org/2000/svg"
      viewBox="0 0 24 24"
      width="16"
      height="16"
      focusable="false"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}
