/** An organisation's start page: what this node is, one box to find a person, and in the demo whose view to see. */
import type { JSX } from 'preact';
import type { Persona } from '../../access/personas.ts';
import type { NodeConfig } from '../../base/node-config.ts';
import { Button, ErrorSummary, Input, Radios } from '../components/form.tsx';
import type { PageContent } from '../document.tsx';
import { personaName, roleWords } from '../organisation-words.ts';
import type { DemoPerson } from '../supervisor.ts';

export interface Home {
  readonly config: NodeConfig;
  /** Who works here. */
  readonly personas: readonly Persona[];
  readonly exchangeUrl: string | undefined;
  /** People to try who have something here; `index` is their place in the whole list. */
  readonly people: readonly (DemoPerson & { readonly index: number })[];
  readonly demo: 'none' | 'silent' | 'on';
  readonly form: {
    readonly typed?: string;
    readonly as?: string;
    readonly numberProblem?: string;
    readonly asProblem?: string;
  };
}

export function homePage(home: Home): PageContent {
  const { numberProblem, asProblem } = home.form;
  return {
    heading: home.config.name,
    isError: numberProblem !== undefined || asProblem !== undefined,
    main: <Main home={home} />,
  };
}

function Main({ home }: { readonly home: Home }): JSX.Element {
  const { numberProblem, asProblem, typed, as } = home.form;
  const problems = [
    ...(numberProblem === undefined ? [] : [{ text: numberProblem, href: '#nhs-number' }]),
    ...(asProblem === undefined ? [] : [{ text: asProblem, href: '#as' }]),
  ];
  return (
    <>
      {problems.length > 0 && <ErrorSummary titleText="There is a problem" errorList={problems} />}
      <h1>{home.config.name}</h1>
      {home.demo !== 'none' && (
        <form method="post" action="/open" noValidate>
          <Input
            id="nhs-number"
            name="nhsNumber"
            label={{ text: 'NHS number', size: 'm' }}
            hint={{ text: '10 digits, with or without spaces' }}
            inputmode="numeric"
            autocomplete="off"
            spellcheck={false}
            width={10}
            {...(typed === undefined ? {} : { value: typed })}
            {...(numberProblem === undefined ? {} : { errorMessage: { text: numberProblem } })}
          />
          <Radios
            name="as"
            fieldset={{ legend: { text: 'Whose view', size: 's' } }}
            small
            {...(as === undefined ? {} : { value: as })}
            {...(asProblem === undefined ? {} : { errorMessage: { text: asProblem } })}
            items={[
              { value: 'patient', text: 'The patient’s own' },
              ...home.personas.map((persona) => ({
                value: persona,
                text: `${roleWords(persona)} (${personaName(persona)})`,
              })),
            ]}
          />
          <Button text="Open the record" />
        </form>
      )}
    </>
  );
}
