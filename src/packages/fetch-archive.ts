/**
 * A package from an address: over http or https, within a time, up to a size, following few redirects and none that
 * leaves https. What is fetched goes straight to whoever unpacks it, which keeps the limits of size.
 */
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { shown } from './package-file.ts';

export type FetchLimits = Pick<Settings, 'packageFetchSeconds' | 'packageRedirectsMax'>;

/**
 * The bytes at `address`; reading them fails when the time is over. Throws Failure `value` (no such address),
 * `transient` (not reached, or not in time), `not-found` (another answer than 200).
 */
export async function fetchArchive(address: string, limits: FetchLimits): Promise<Readable> {
  const signal = AbortSignal.timeout(limits.packageFetchSeconds * 1000);
  let url = webAddress(address);
  for (let redirects = 0; ; redirects++) {
    const response = await asked(url, signal, limits);
    const next = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || next === null) {
      if (response.status !== 200 || response.body === null) {
        throw new Failure(
          'not-found',
          `${shown(url.host)} answered ${response.status}: there is no package.`,
        );
      }
      return Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
    }
    await response.body?.cancel();
    if (redirects >= limits.packageRedirectsMax) {
      throw new Failure(
        'too-costly',
        `The address leads on more than ${limits.packageRedirectsMax} times (setting packageRedirectsMax).`,
      );
    }
    const target = webAddress(new URL(next, url).href);
    if (url.protocol === 'https:' && target.protocol !== 'https:') {
      throw new Failure('security', 'The address leads from https to http: that is not followed.');
    }
    url = target;
  }
}

async function asked(url: URL, signal: AbortSignal, limits: FetchLimits): Promise<Response> {
  try {
    return await fetch(url, { redirect: 'manual', signal });
  } catch (cause) {
    throw new Failure(
      'transient',
      signal.aborted
        ? `${shown(url.host)} did not answer within ${limits.packageFetchSeconds} s (setting packageFetchSeconds).`
        : `${shown(url.host)} is not reached.`,
      { cause },
    );
  }
}

/** Whether what is given is an address and no path. */
export function isWebAddress(given: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(given);
}

function webAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new Failure('value', `"${shown(address)}" is no address that can be fetched: http:// or https://.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new Failure('value', 'Names and passwords in an address end up in logs: they are not taken.');
  }
  return url;
}
