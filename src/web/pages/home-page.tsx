/**
 * An organisation's start page: what this node is, one box to find a person, and in the demo whose view to
 * see.
 */
import type { JSX } from 'preact';
import type { Persona } from '../../access/personas.ts';
import type { PersonToTry } from '../../base/demo-control.ts';
import type { NodeConfig } from '../../base/node-config.ts';
import type { ResourceType } from '../../fhir/resource.ts';
import { formatNhsNumber, parseNhsNumber } from '../../identity/nhs-number.ts';
import { Details } from '../components/content.tsx';
import { Button, ErrorSummary, Input, Radios } from '../components/form.tsx';
import { StateIcon } from '../components/state-icon.tsx';
import type { PageContent } from '../document.tsx';
import { kindWords, personaName, roleWords } from '../organisation-words.ts';
import { counted, typesList } from '../record-words.ts';
import { stateWords } from '../source-words.ts';
import { hasStory, whyWords } from '../supervisor.ts';

export interface Home {
  readonly config: NodeConfig;
  /** Who works here. */
  readonly personas: readonly Persona[];
  readonly exchangeUrl: string | undefined;
  /**
   * People to try who have something here; `index` is their place in the whole list, by which the front
   * door's links name them: no address holds a number.
   */
  readonly people: readonly (PersonToTry & { readonly index: number })[];
  readonly demo: 'none' | 'silent' | 'on';
  readonly form: HomeForm;
}

interface HomeForm {
  readonly typed?: string;
  readonly as?: string;
  readonly numberProblem?: string;
  readonly asProblem?: string;
}

export function homePage(home: Home): PageContent {
  const { config, form } = home;
  return {
    heading: config.name,
    section: kindWords(config.kind),
    isError: form.numberProblem !== undefined || form.asProblem !== undefined,
    main: <Main home={home} />,
  };
}

function Main({ home }: { readonly home: Home }): JSX.Element {
  const { numberProblem, asProblem } = home.form;
  const problems = [
    ...(numberProblem === undefined ? [] : [{ text: numberProblem, href: '#nhs-number' }]),
    ...(asProblem === undefined ? [] : [{ text: asProblem, href: '#as' }]),
  ];
  return (
    <>
      {problems.length > 0 && <ErrorSummary titleText="There is a problem" errorList={problems} />}
      <h1>{home.config.name}</h1>
      <p class="ow-section__lead">{whatItIs(home)}</p>
      {home.demo === 'none' ? (
        <p>
          Signing in to these pages comes with OpenID Connect, in a later version. Until then a person’s
          record opens here in the demonstration only; the FHIR interface works with tokens.
        </p>
      ) : (
        <div class="ow-home">
          <Find home={home} />
          <Legend />
        </div>
      )}
      {home.demo === 'silent' && (
        <p class="ow-silent">
          The supervisor of the demonstration does not answer, so there is no list of people to try. Finding a
          person by number works without it.
        </p>
      )}
      {home.people.length > 0 && <People home={home} />}
    </>
  );
}

/** `GP` stays; `Nurse` becomes `nurse`. */
function inSentence(word: string): string {
  return word.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}

const KIND_SENTENCES: Readonly<Record<NodeConfig['kind'], string>> = {
  exchange: 'This is the exchange of the network.',
  gp: 'This is the node of a GP surgery.',
  acute: 'This is the node of a hospital.',
  lab: 'This is the node of a laboratory.',
  pharmacy: 'This is the node of a pharmacy.',
  'mental-health': 'This is the node of a mental health service.',
  community: 'This is the node of a community service.',
  'urgent-care': 'This is the node of an urgent care service (111).',
};

function whatItIs({ config }: Home): string {
  const kinds = [...new Set(config.feeds.flatMap((feed) => feed.covers))] as ResourceType[];
  const holds = kinds.length === 0 ? 'what its systems send' : typesList(kinds);
  const asks = 'and asks every other organisation when somebody here opens a record.';
  return `${KIND_SENTENCES[config.kind]} It holds ${holds}, ${asks}`;
}

function Find({ home }: { readonly home: Home }): JSX.Element {
  const { numberProblem, asProblem, typed, as } = home.form;
  return (
    <form class="ow-find" method="post" action="/open" noValidate>
      <h2 class="ow-section__heading">Find a person</h2>
      <Input
        id="nhs-number"
        name="nhsNumber"
        label={{ text: 'NHS number' }}
        hint={{ text: '10 digits, with or without spaces, such as 999 000 0018' }}
        inputmode="numeric"
        autocomplete="off"
        spellcheck={false}
        width={10}
        {...(typed === undefined ? {} : { value: typed })}
        {...(numberProblem === undefined ? {} : { errorMessage: { text: numberProblem } })}
      />
      <Radios
        name="as"
        fieldset={{ legend: { text: 'Whose view do you want to see?' } }}
        small
        {...(as === undefined ? {} : { value: as })}
        {...(asProblem === undefined ? {} : { errorMessage: { text: asProblem } })}
        items={[
          { value: 'patient', text: 'The patient’s own' },
          ...home.personas.map((persona) => ({
            value: persona,
            text: `${personaName(persona)}, ${roleWords(persona)}`,
          })),
        ]}
      />
      <Button text="Open the record" />
    </form>
  );
}

const LEGEND = {
  live: 'Answered just now, and its systems are on time.',
  behind: 'Answered, but news from one of its systems is late. What may be missing is named.',
  copy: 'Out of reach. This is the copy that it left for such a time, and it says how old.',
  unavailable: 'Out of reach, and there is no copy that may be opened. What it holds is missing.',
  refused: 'A rule says no: consent, role, a restriction, or a number that is not verified.',
} as const;

/** What the five states mean, before they are met. */
function Legend(): JSX.Element {
  return (
    <section class="ow-legend" aria-labelledby="legend">
      <h2 class="ow-section__heading" id="legend">
        How to read a record
      </h2>
      <p>Every line says where it comes from and as at when. Every place is in one of five states:</p>
      <ul>
        {(Object.keys(LEGEND) as (keyof typeof LEGEND)[]).map((status) => (
          <li class={`ow-legend__${status}`} key={status}>
            <StateIcon state={status} /> <strong>{stateWords(status, 'clinician')}</strong>. {LEGEND[status]}
          </li>
        ))}
      </ul>
    </section>
  );
}

const SHOWN = 8;

function People({ home }: { readonly home: Home }): JSX.Element {
  const storied = home.people.filter((person) => hasStory(person));
  const first = (storied.length > 0 ? storied : home.people).slice(0, SHOWN);
  const rest = home.people.filter((person) => !first.includes(person));
  return (
    <section class="ow-section" aria-labelledby="people">
      <h2 class="ow-section__heading" id="people">
        People to try here
      </h2>
      <p class="ow-section__lead">All made up. One click opens the record.</p>
      <ul class="ow-people">
        {first.map((person) => (
          <Person key={person.nhsNumber} person={person} home={home} />
        ))}
      </ul>
      {rest.length > 0 && (
        <Details summaryText={counted(rest.length, 'more person', 'more people')}>
          <ul class="ow-people">
            {rest.map((person) => (
              <Person key={person.nhsNumber} person={person} home={home} />
            ))}
          </ul>
        </Details>
      )}
    </section>
  );
}

function Person({
  person,
  home,
}: {
  readonly person: Home['people'][number];
  readonly home: Home;
}): JSX.Element {
  const parsed = parseNhsNumber(person.nhsNumber);
  const [persona] = home.personas;
  return (
    <li class="ow-person">
      <div>
        <p class="ow-person__name">{person.name}</p>
        <p class="ow-person__number">
          NHS number{' '}
          <span class="nhsuk-u-nowrap">
            {parsed.ok ? formatNhsNumber(parsed.nhsNumber) : person.nhsNumber}
          </span>
        </p>
      </div>
      <p>{whyWords(person)}</p>
      <div class="ow-person__acts">
        <form method="post" action="/open">
          <input type="hidden" name="nhsNumber" value={person.nhsNumber} />
          {persona !== undefined && (
            <Button
              text={`Open as ${inSentence(roleWords(persona))}`}
              about={`: ${person.name}`}
              name="as"
              value={persona}
              small
            />
          )}{' '}
          <Button
            text="Open as the patient"
            about={`: ${person.name}`}
            name="as"
            value="patient"
            variant="secondary"
            small
          />
        </form>
      </div>
    </li>
  );
}
