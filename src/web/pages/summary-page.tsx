/** A person's record on one page. */
import type { PageContent } from '../document.tsx';
import { describe } from '../record/describe.ts';
import type { RecordView } from '../record/record-view.ts';

export function summaryPage(view: RecordView): PageContent {
  return {
    heading: 'Summary',
    section: 'Patient record',
    main: (
      <>
        <h1>Summary</h1>
        <ul>
          {view.sources.map((source) => (
            <li key={source.ods}>
              {source.name} {source.status} {source.diagnostics}
            </li>
          ))}
        </ul>
        <ul>
          {view.entries.map((entry) => (
            <li key={entry.key}>
              {describe(entry, view.references).title} {entry.source.name}
            </li>
          ))}
        </ul>
      </>
    ),
  };
}
