/** What is missing because of a source and since when, and the way to ask again where that could help. */
import type { JSX } from 'preact';
import type { Face } from '../open-persons.ts';
import type { SourceView } from '../record/source-view.ts';
import type { RecordPage } from '../record-page.ts';
import { isWorthTrying, sentenceNames, sourceSentence } from '../source-words.ts';

export function SourceSentence({
  source,
  page,
  face,
}: {
  readonly source: SourceView;
  readonly page: RecordPage;
  readonly face: Face;
}): JSX.Element {
  return (
    <>
      {sourceSentence(source, page.now, face)}
      {isWorthTrying(source) && (
        <>
          {' '}
          <a href={page.here}>
            Try again<span class="nhsuk-u-visually-hidden"> to reach {source.name}</span>
          </a>
        </>
      )}
    </>
  );
}

/** The same where the name does not stand beside it: in front, unless the sentence has it. */
export function NamedSourceSentence(props: Parameters<typeof SourceSentence>[0]): JSX.Element {
  const { source, face } = props;
  return (
    <>
      {!sentenceNames(source) && (
        <strong>
          {source.name}
          {face === 'clinician' ? '. ' : ': '}
        </strong>
      )}
      <SourceSentence {...props} />
    </>
  );
}
