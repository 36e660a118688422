/**
 * Shapes for the five states of a source and for warnings: told apart by form, so that nothing rests on
 * colour alone.
 */
import type { JSX } from 'preact';
import type { SourceStatus } from '../../network/shared-record.ts';

const SHAPES: Readonly<Record<SourceStatus | 'warning' | 'stop' | 'info', JSX.Element>> = {
  live: (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path d="m4.8 8.3 2.2 2.2 4.2-4.6" fill="none" stroke="#fff" stroke-width="1.8" />
    </>
  ),
  behind: (
    <>
      <circle cx="8" cy="8" r="6.4" fill="none" stroke="currentColor" stroke-width="1.8" />
      <path d="M8 4.2V8l2.8 1.8" fill="none" stroke="currentColor" stroke-width="1.8" />
    </>
  ),
  copy: (
    <>
      <rect x="1.5" y="1.5" width="9" height="9" fill="none" stroke="currentColor" stroke-width="1.6" />
      <rect x="5.5" y="5.5" width="9" height="9" fill="currentColor" />
    </>
  ),
  unavailable: (
    <>
      <rect x="0.8" y="0.8" width="14.4" height="14.4" rx="2" fill="currentColor" />
      <path d="m4.6 4.6 6.8 6.8m0-6.8-6.8 6.8" stroke="#fff" stroke-width="1.9" />
    </>
  ),
  refused: (
    <>
      <circle cx="8" cy="8" r="6.4" fill="none" stroke="currentColor" stroke-width="1.8" />
      <path d="M3.6 12.4 12.4 3.6" stroke="currentColor" stroke-width="1.8" />
    </>
  ),
  warning: (
    <>
      <path d="M8 .9 15.6 14.6H.4Z" fill="currentColor" />
      <path d="M8 5.6v4.2m0 1.4v1.6" stroke="#fff" stroke-width="1.7" />
    </>
  ),
  stop: (
    <>
      <path d="M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5Z" fill="currentColor" />
      <path d="M8 4v5m0 1.6v1.6" stroke="#fff" stroke-width="1.8" />
    </>
  ),
  info: (
    <>
      <circle cx="8" cy="8" r="7.2" fill="currentColor" />
      <path d="M8 7v5M8 4v1.6" stroke="#fff" stroke-width="1.8" />
    </>
  ),
};

/** Decoration beside a word that says the same. */
export function StateIcon({ state }: { readonly state: keyof typeof SHAPES }): JSX.Element {
  return (
    <svg class="ow-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {SHAPES[state]}
    </svg>
  );
}
