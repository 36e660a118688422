/**
 * What this is, in a paragraph; the organisations and their state; in the demo, people to try and systems
 * to stop, start and break.
 */
import type { JSX } from 'preact';
import type { InstantMs } from '../../base/brands.ts';
import type { DemoNodeState, DemoState, Fault, PersonToTry } from '../../base/demo-control.ts';
import { formatNhsNumber, parseNhsNumber } from '../../identity/nhs-number.ts';
import type { OrganisationState } from '../../network/shared-record.ts';
import { Details, SuccessBanner } from '../components/content.tsx';
import { Button, ErrorSummary, Select } from '../components/form.tsx';
import { StateIcon } from '../components/state-icon.tsx';
import type { PageContent } from '../document.tsx';
import { momentAt } from '../moment.ts';
import { kindWords } from '../organisation-words.ts';
import { counted } from '../record-words.ts';
import { momentWords } from '../source-words.ts';
import { hasStory, whyWords } from '../supervisor.ts';

export interface FrontDoor {
  readonly organisations: readonly OrganisationState[];
  /** `none` outside the demo; `silent` where its supervisor does not answer. */
  readonly demo: DemoState | 'none' | 'silent';
  readonly now: InstantMs;
  readonly done: { readonly act: string; readonly ods: string } | undefined;
  readonly problem: string | undefined;
}

const HEADING = 'One person’s whole record, from every place that holds a part of it';

export function frontDoorPage(front: FrontDoor): PageContent {
  return {
    heading: HEADING,
    isError: front.problem !== undefined,
    banner: (
      <div class="ow-hero">
        <div class="ow-hero__inner">
          <h1>{HEADING}</h1>
          <p>
            A person’s record lies in pieces: GP surgery, hospital, laboratory, pharmacy, mental health,
            community, 111. Openward joins them when somebody needs them, without one big database. Every part
            says where it comes from and how old it is, and when a system is down the rest goes on without it.
          </p>
        </div>
      </div>
    ),
    main: <Main front={front} />,
  };
}

function Main({ front }: { readonly front: FrontDoor }): JSX.Element {
  const { demo } = front;
  const told = front.problem === undefined ? doneText(front) : undefined;
  return (
    <>
      {front.problem !== undefined && (
        <ErrorSummary
          titleText="There is a problem"
          errorList={[{ text: front.problem, href: '#systems' }]}
        />
      )}
      {told !== undefined && <SuccessBanner text={told} />}
      {demo !== 'none' && <WhatToTry />}
      {demo === 'silent' && (
        <p class="ow-silent">
          The supervisor of the demonstration does not answer, so systems cannot be stopped or started from
          here and there is no list of people. The organisations go on without it. Start it again with{' '}
          <span class="ow-mono">openward demo</span>.
        </p>
      )}
      {typeof demo !== 'string' && <People people={demo.people} front={front} />}
      <Systems front={front} />
    </>
  );
}

function WhatToTry(): JSX.Element {
  return (
    <section class="ow-section" aria-labelledby="try">
      <h2 class="ow-section__heading" id="try">
        Try it
      </h2>
      <ol class="ow-steps">
        <li>
          <strong>
            <a href="#people">Open somebody’s record</a>
          </strong>
          <p>
            Choose a person below and the place where you ask from. See it as the patient, or as somebody who
            works there.
          </p>
        </li>
        <li>
          <strong>
            <a href="#systems">Take a system away</a>
          </strong>
          <p>Stop the hospital, or have it answer slowly, hang, or send nonsense.</p>
        </li>
        <li>
          <strong>Look again</strong>
          <p>Its part is a copy now, and says how old. What cannot be had is named, never passed over.</p>
        </li>
      </ol>
    </section>
  );
}

/** People with a story come first; the rest are a click away. */
const SHOWN = 12;

function People({
  people,
  front,
}: {
  readonly people: readonly PersonToTry[];
  readonly front: FrontDoor;
}): JSX.Element {
  const placed = people.map((person, index) => ({ person, index }));
  const storied = placed.filter(({ person }) => hasStory(person));
  const first = (storied.length > 0 ? storied : placed).slice(0, SHOWN);
  const rest = placed.filter((one) => !first.includes(one));
  return (
    <section class="ow-section" aria-labelledby="people">
      <h2 class="ow-section__heading" id="people">
        People to try
      </h2>
      <p class="ow-section__lead">
        All made up. Choose a place: its page opens with the number filled in. Say there whose view to see.
      </p>
      {people.length === 0 && <p>Nobody is there yet. Load this page again in a moment.</p>}
      <ul class="ow-people">
        {first.map(({ person, index }) => (
          <Person key={person.nhsNumber} person={person} index={index} front={front} />
        ))}
      </ul>
      {rest.length > 0 && (
        <Details summaryText={counted(rest.length, 'more person', 'more people')}>
          <ul class="ow-people">
            {rest.map(({ person, index }) => (
              <Person key={person.nhsNumber} person={person} index={index} front={front} />
            ))}
          </ul>
        </Details>
      )}
    </section>
  );
}

function Person({
  person,
  index,
  front,
}: {
  readonly person: PersonToTry;
  readonly index: number;
  readonly front: FrontDoor;
}): JSX.Element {
  const places = front.organisations.filter((one) => person.sources.includes(one.ods));
  return (
    <li class="ow-person">
      <div>
        <p class="ow-person__name">{person.name}</p>
        <p class="ow-person__number">
          NHS number <span class="nhsuk-u-nowrap">{spaced(person.nhsNumber)}</span>
        </p>
      </div>
      <p>{whyWords(person)}</p>
      <p class="ow-person__where">
        {places.map((place) => (
          <a key={place.ods} href={`${place.url}/?person=${index}`}>
            {place.name}
            <span class="nhsuk-u-visually-hidden">, for {person.name}</span>
          </a>
        ))}
      </p>
    </li>
  );
}

function spaced(nhsNumber: string): string {
  const parsed = parseNhsNumber(nhsNumber);
  return parsed.ok ? formatNhsNumber(parsed.nhsNumber) : nhsNumber;
}

function Systems({ front }: { readonly front: FrontDoor }): JSX.Element {
  const nodes = typeof front.demo === 'string' ? [] : front.demo.nodes;
  return (
    <section class="ow-section" aria-labelledby="systems">
      <h2 class="ow-section__heading" id="systems">
        Organisations
      </h2>
      <p class="ow-section__lead">
        Each runs a node of its own beside its systems. This exchange says who they are and holds no part of
        anybody’s record.
      </p>
      {front.organisations.length === 0 && <p>No organisation has joined yet.</p>}
      <ul class="ow-systems">
        {front.organisations.map((one) => (
          <System
            key={one.ods}
            organisation={one}
            node={nodes.find((node) => node.ods === one.ods)}
            now={front.now}
          />
        ))}
      </ul>
    </section>
  );
}

const STATES: Readonly<Record<OrganisationState['state'], string>> = {
  up: 'Answers',
  late: 'Answers late',
  down: 'Does not answer',
  unknown: 'Not heard of yet',
};
const STATE_ICONS = { up: 'live', late: 'behind', down: 'unavailable', unknown: 'behind' } as const;

const FAULT_WORDS: Readonly<Record<Fault, string>> = {
  none: 'No fault',
  slow: 'Slow: 1 byte a second',
  hang: 'Hang: never answers',
  garbage: 'Garbage: nonsense',
  'cut-feed': 'Cut feed: no news',
};

function System({
  organisation,
  node,
  now,
}: {
  readonly organisation: OrganisationState;
  readonly node: DemoNodeState | undefined;
  readonly now: InstantMs;
}): JSX.Element {
  const { ods, name, kind, url, lastSeen } = organisation;
  const state = node?.running === false ? 'down' : organisation.state;
  return (
    <li class={`ow-system ow-system--${state}`}>
      <p class="ow-system__kind">
        {kindWords(kind)}, <span class="ow-mono">{ods}</span>
      </p>
      <h3 class="ow-system__name">{state === 'down' ? name : <a href={`${url}/`}>{name}</a>}</h3>
      <p class="ow-system__state">
        <StateIcon state={STATE_ICONS[state]} />
        <strong>{node?.running === false ? 'Stopped' : STATES[state]}</strong>
        {state !== 'up' && lastSeen !== undefined && (
          <span>last seen {momentWords(momentAt(lastSeen), momentAt(now), 'clinician')}</span>
        )}
        {node !== undefined && node.fault !== 'none' && (
          <span class="ow-flag">{FAULT_WORDS[node.fault]}</span>
        )}
      </p>
      {node !== undefined && <Acts node={node} />}
    </li>
  );
}

function Acts({ node }: { readonly node: DemoNodeState }): JSX.Element {
  const { ods, name, running, fault } = node;
  return (
    <div class="ow-system__acts">
      <form method="post" action={running ? '/systems/stop' : '/systems/start'}>
        <input type="hidden" name="ods" value={ods} />
        <Button
          text={running ? 'Stop' : 'Start'}
          about={name}
          variant={running ? 'secondary' : undefined}
          small
        />
      </form>
      {running && (
        <form method="post" action="/systems/fault">
          <input type="hidden" name="ods" value={ods} />
          <Select
            id={`fault-${ods}`}
            name="fault"
            label={{ text: `Fault of ${name}`, isHidden: true }}
            value={fault}
            items={Object.entries(FAULT_WORDS).map(([value, text]) => ({ value, text }))}
          />
          <Button text="Set" about={`the fault of ${name}`} variant="secondary" small />
        </form>
      )}
    </div>
  );
}

function doneText({ done, organisations }: FrontDoor): string | undefined {
  const name = organisations.find((one) => one.ods === done?.ods)?.name;
  if (done === undefined || name === undefined) return undefined;
  switch (done.act) {
    case 'stop':
      return `${name} was stopped at once, as if its machine had died.`;
    case 'start':
      return `${name} has been started.`;
    case 'fault':
      return `The fault of ${name} has been set.`;
    default:
      return undefined;
  }
}
