/**
 * Where the patient's record comes from, each place with its state and what is missing because of it, in
 * plain sentences.
 */
import type { JSX } from 'preact';
import { NamedSourceSentence, SourceSentence } from '../components/source-sentence.tsx';
import { StateIcon } from '../components/state-icon.tsx';
import { patientDateTime } from '../patient-format.ts';
import type { RecordPage } from '../record-page.ts';
import { counted } from '../record-words.ts';
import { NEVER_SHOWN, stateWords } from '../source-words.ts';

/** On the overview: every place. */
export function AllSources({ page }: { readonly page: RecordPage }): JSX.Element {
  const { view, now } = page;
  const troubled = view.sources.filter((source) => source.status !== 'live').length;
  return (
    <section class="ow-places" aria-labelledby="places">
      <h2 class="ow-places__heading" id="places">
        Where this comes from
      </h2>
      <p>
        {counted(view.sources.length, 'place holds', 'places hold')} a part of your record.{' '}
        {troubled === 0 ? 'All of them answered just now.' : 'Not all of it could be brought here now.'}{' '}
        {NEVER_SHOWN} We asked on {patientDateTime(now)}.
      </p>
      <ul class="ow-places__list">
        {view.sources.map((source) => (
          <li class={`ow-place ow-place--${source.status}`} key={source.ods}>
            <p class="ow-place__name">
              <strong>{source.name}</strong>
              <span class="ow-place__state">
                <StateIcon state={source.status} />
                {stateWords(source.status, 'patient')}
              </span>
            </p>
            <p class="ow-place__text">
              <SourceSentence source={source} page={page} face="patient" />
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** On every other page: only what is not live, and the constant sentence. */
export function TroubledSources({ page }: { readonly page: RecordPage }): JSX.Element {
  const { view, now } = page;
  const troubled = view.sources.filter((source) => source.status !== 'live');
  return (
    <div class="ow-troubled">
      {troubled.length > 0 && (
        <ul class="ow-places__list">
          {troubled.map((source) => (
            <li class={`ow-place ow-place--${source.status}`} key={source.ods}>
              <p class="ow-place__text">
                <span class="ow-place__state">
                  <StateIcon state={source.status} />
                  {stateWords(source.status, 'patient')}
                </span>{' '}
                <NamedSourceSentence source={source} page={page} face="patient" />
              </p>
            </li>
          ))}
        </ul>
      )}
      <p class="ow-troubled__always">
        {NEVER_SHOWN} We asked for this on {patientDateTime(now)}.
      </p>
    </div>
  );
}
