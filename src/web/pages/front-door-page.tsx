/** What this is, in a paragraph; the organisations and their state; in the demo, people to try and systems to stop. */
import type { JSX } from 'preact';
import type { InstantMs } from '../../base/brands.ts';
import type { OrganisationState } from '../../network/shared-record.ts';
import { ErrorSummary } from '../components/form.tsx';
import type { PageContent } from '../document.tsx';
import type { DemoState } from '../supervisor.ts';

export interface FrontDoor {
  readonly organisations: readonly OrganisationState[];
  /** `none` outside the demo; `silent` where its supervisor does not answer. */
  readonly demo: DemoState | 'none' | 'silent';
  readonly now: InstantMs;
  readonly done: { readonly act: string; readonly ods: string } | undefined;
  readonly problem: string | undefined;
}

export function frontDoorPage(front: FrontDoor): PageContent {
  return { heading: 'One record, from every place that holds a part of it', main: <Main front={front} /> };
}

function Main({ front }: { readonly front: FrontDoor }): JSX.Element {
  return (
    <>
      {front.problem !== undefined && (
        <ErrorSummary
          titleText="There is a problem"
          errorList={[{ text: front.problem, href: '#systems' }]}
        />
      )}
      <h1>One record, from every place that holds a part of it</h1>
      <h2 id="systems">Organisations</h2>
      <ul>
        {front.organisations.map((one) => (
          <li key={one.ods}>
            <a href={`${one.url}/`}>{one.name}</a> {one.state}
          </li>
        ))}
      </ul>
    </>
  );
}
