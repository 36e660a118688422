/**
 * Nobody under this number here: what was tried, and what to do. It does not say whether the person exists
 * elsewhere.
 */
import type { NhsNumber } from '../../base/brands.ts';
import { formatNhsNumber } from '../../identity/nhs-number.ts';
import type { PageContent } from '../document.tsx';

export function personNotFoundPage(
  nhsNumber: NhsNumber,
  organisation: string,
  requestId: string,
): PageContent {
  const heading = 'We could not find this person';
  return {
    heading,
    isError: true,
    main: (
      <div class="ow-error">
        <h1>{heading}</h1>
        <p>
          You looked for NHS number <strong class="nhsuk-u-nowrap">{formatNhsNumber(nhsNumber)}</strong> at{' '}
          {organisation}. Either nobody is known here under it, or it has not been verified, or more than one
          record claims it. In none of these cases is a record shown, since it could be somebody else’s.
        </p>
        <p>
          Check the number. If it is right, have the person registered here, or ask an organisation that looks
          after them.
        </p>
        <p>
          <a href="/">Look for another number</a>
        </p>
        <p class="ow-error__number">
          Error number: <span class="ow-mono">{requestId}</span>
        </p>
      </div>
    ),
  };
}
