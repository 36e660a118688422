/**
 * All sources of the record at a glance, and a line for each that is not live: what is missing, since when,
 * and what to do. On every page of a record, so that no part of it is read as if it were the whole.
 */
import type { JSX } from 'preact';
import { clinicianDateTime } from '../clinician-format.ts';
import { NamedSourceSentence } from '../components/source-sentence.tsx';
import { StateIcon } from '../components/state-icon.tsx';
import type { RecordPage } from '../record-page.ts';
import { missesRestricted } from '../record-page.ts';
import { counted } from '../record-words.ts';
import { asAtWords, NEVER_SHOWN, stateWords } from '../source-words.ts';

export function SourceStrip({ page }: { readonly page: RecordPage }): JSX.Element {
  const { view, now } = page;
  const troubled = view.sources.filter((source) => source.status !== 'live');
  return (
    <section class="ow-strip" aria-labelledby="sources">
      <div class="ow-strip__inner">
        <h2 class="ow-strip__heading" id="sources">
          {counted(view.sources.length, 'source', 'sources')}, asked {clinicianDateTime(now)}
          {troubled.length > 0 && <span class="ow-strip__count">{troubled.length} not live</span>}
        </h2>
        <ul class="ow-strip__list">
          {view.sources.map((source) => (
            <li class={`ow-source ow-source--${source.status}`} key={source.ods}>
              <span class="ow-source__state">
                <StateIcon state={source.status} />
                {stateWords(source.status, 'clinician')}
              </span>
              <span class="ow-source__name">{source.name}</span>
              <span class="ow-source__as-at">{asAtWords(source.asAt, now, 'clinician')}</span>
            </li>
          ))}
        </ul>
        {troubled.length > 0 && (
          <ul class="ow-strip__missing">
            {troubled.map((source) => (
              <li class={`ow-missing ow-missing--${source.status}`} key={source.ods}>
                <StateIcon state={source.status} />
                <span>
                  <NamedSourceSentence source={source} page={page} face="clinician" />
                </span>
              </li>
            ))}
          </ul>
        )}
        <p class="ow-strip__always">
          {NEVER_SHOWN}
          {missesRestricted(page.role) && ' Entries marked as restricted are not shown to your role.'}
          {view.mistaken > 0 &&
            ` ${counted(view.mistaken, 'entry', 'entries')} marked as recorded by mistake not shown.`}
        </p>
      </div>
    </section>
  );
}
