/**
 * The frame of every page: head, skip link, Openward's own header and footer. No inline script or style,
 * nothing from elsewhere, so the Content-Security-Policy needs no exception. Title: "h1 – section –
 * Openward"; it never names a person.
 */
import type { ComponentChildren, JSX } from 'preact';
import { render } from 'preact-render-to-string';
import type { Assets } from './assets.ts';
import { SkipLink } from './components/content.tsx';
import type { Face } from './open-persons.ts';

export interface Frame {
  readonly assets: Pick<Assets, 'css' | 'js' | 'icon'>;
  /** Whose node it is. */
  readonly organisation: string;
  readonly isDemo: boolean;
  /** Who is signed in, on pages that are theirs. */
  readonly signedIn?: { readonly face: Face; readonly name: string; readonly role: string };
}

export interface PageContent {
  /** The page's h1, as its title says it. */
  readonly heading: string;
  readonly section?: string;
  readonly isError?: boolean;
  /** Between header and main: the patient banner and what belongs to it. */
  readonly banner?: ComponentChildren;
  readonly main: ComponentChildren;
  /** Wide pages use the whole window. */
  readonly wide?: boolean;
}

/** The page as text. */
export function htmlPage(frame: Frame, content: PageContent): string {
  return `<!doctype html>${render(<Document frame={frame} content={content} />)}`;
}

function Document({ frame, content }: { readonly frame: Frame; readonly content: PageContent }): JSX.Element {
  const { assets } = frame;
  const titles = [content.heading, content.section, 'Openward'].filter((part) => part !== undefined);
  const face = frame.signedIn?.face ?? 'open';
  return (
    <html lang="en-GB">
      <head>
        <meta charset="utf-8" />
        <title>{`${content.isError === true ? 'Error: ' : ''}${titles.join(' – ')}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="format-detection" content="telephone=no" />
        <meta name="theme-color" content="#17494d" />
        <meta name="robots" content="noindex" />
        <link rel="icon" href={`/assets/${assets.icon}`} type="image/svg+xml" />
        <link rel="stylesheet" href={`/assets/${assets.css}`} />
        <script type="module" src={`/assets/${assets.js}`} />
      </head>
      <body class={`ow-body ow-body--${face}`}>
        <SkipLink href="#maincontent" text="Skip to main content" />
        <Header frame={frame} />
        {content.banner}
        <div class={content.wide === true ? 'ow-container ow-container--wide' : 'ow-container'}>
          <main class="nhsuk-main-wrapper ow-main" id="maincontent" tabIndex={-1}>
            {content.main}
          </main>
        </div>
        <Footer frame={frame} />
      </body>
    </html>
  );
}

function Header({ frame }: { readonly frame: Frame }): JSX.Element {
  const { signedIn } = frame;
  return (
    <header class="ow-header">
      <div class="ow-header__inner">
        <a class="ow-header__name" href="/">
          <Mark />
          <span>Openward</span>
        </a>
        <span class="ow-header__organisation">{frame.organisation}</span>
        {signedIn !== undefined && (
          <form class="ow-header__session" method="post" action={`/${signedIn.face}/sign-out`}>
            <span class="ow-header__who">
              <span class="nhsuk-u-visually-hidden">Signed in as </span>
              {signedIn.name !== signedIn.role && <span>{signedIn.name}</span>}{' '}
              <span class="ow-header__role">{signedIn.role}</span>
            </span>
            <button class="ow-header__leave" type="submit">
              Sign out
            </button>
          </form>
        )}
      </div>
    </header>
  );
}

function Mark(): JSX.Element {
  return (
    <svg
      class="ow-header__mark"
      viewBox="0 0 32 32"
      width="28"
      height="28"
      aria-hidden="true"
      focusable="false"
    >
      <path
        d="M21.7 10.3a8 8 0 1 0 0 11.4"
        fill="none"
        stroke="currentColor"
        stroke-width="3.6"
        stroke-linecap="round"
      />
      <circle cx="25" cy="16" r="2.6" fill="#f2b84b" />
    </svg>
  );
}

function Footer({ frame }: { readonly frame: Frame }): JSX.Element {
  return (
    <footer class="ow-footer">
      <div class="ow-footer__inner">
        {frame.signedIn?.face === 'patient' && (
          <p class="ow-footer__urgent">
            <strong>Need help now?</strong> Call 111 if you need medical help and it is not an emergency. Call
            999 if somebody’s life is at risk.
          </p>
        )}
        <p>
          {frame.isDemo && 'This is a demonstration: everybody in it is made up. '}
          Openward is open source. It is not a medical device and is not connected with any health service.
        </p>
      </div>
    </footer>
  );
}
