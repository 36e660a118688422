/**
 * Pages for what went wrong: what happened, what to do, and a number by which those who run the node find
 * it in their log. They say nothing that the person asking may not know. Reference: ux 1.2, "App error
 * page".
 */
import { Failure, httpStatusOf } from '../../base/failure.ts';
import type { PageContent } from '../document.tsx';

interface Telling {
  readonly heading: string;
  readonly paragraphs: readonly string[];
  /** Where to go on. */
  readonly link?: { readonly href: string; readonly text: string };
}

/** The page for a failure. `requestId` ties it to the log. */
export function errorPage(failure: Failure, requestId: string): PageContent {
  const { heading, paragraphs, link } = telling(failure);
  return {
    heading,
    isError: true,
    main: (
      <div class="ow-error">
        <h1>{heading}</h1>
        {paragraphs.map((text) => (
          <p key={text}>{text}</p>
        ))}
        {link !== undefined && (
          <p>
            <a href={link.href}>{link.text}</a>
          </p>
        )}
        <p>
          If you need medical help now and it is not an emergency, call 111. If somebody’s life is at risk,
          call 999.
        </p>
        <p class="ow-error__number">
          Error number: <span class="ow-mono">{requestId}</span>
        </p>
      </div>
    ),
  };
}

const HOME = { href: '/', text: 'Go to the start page' };

function telling(failure: Failure): Telling {
  const status = httpStatusOf(failure);
  if (status === 401) {
    return {
      heading: 'You are not signed in',
      paragraphs: [
        'Your session has ended, or you have signed in as somebody else since you opened this page. ' +
          'Nothing that you saw before has been changed.',
      ],
      link: { href: '/', text: 'Sign in and find the person again' },
    };
  }
  if (status === 403) {
    return { heading: 'You cannot see this page', paragraphs: [failure.message], link: HOME };
  }
  if (status === 404 || status === 410) {
    return { heading: 'Page not found', paragraphs: [failure.message], link: HOME };
  }
  if (status === 405) {
    return { heading: 'This cannot be done here', paragraphs: [failure.message], link: HOME };
  }
  if (status === 501) {
    return { heading: 'Sign-in is not built yet', paragraphs: [failure.message], link: HOME };
  }
  if (status < 500) {
    return { heading: 'There is a problem with what was sent', paragraphs: [failure.message], link: HOME };
  }
  const isPassing = status === 503 || status === 504;
  return {
    heading: 'There is a problem with this service',
    paragraphs: [
      isPassing
        ? failure.message
        : 'Something went wrong on our side. Nothing that you saw before has been changed.',
      'Try again in a moment. If it goes on, tell those who run this system the number below, ' +
        'and use your usual way of getting at the record.',
    ],
    link: HOME,
  };
}

/** What is said of an address that nothing answers. */
export function pageNotFound(): Failure {
  return new Failure(
    'not-found',
    'There is no page at this address. If you typed it, check it; if you followed a link, ' +
      'the page may have been closed since.',
  );
}
