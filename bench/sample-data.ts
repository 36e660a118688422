/** Resources of the size that hospitals send, made from a number: the same every run. */

/** A person with a name, a number of the hospital's own and a birth date. */
export function patient(n: number): object {
  return {
    resourceType: 'Patient',
    id: `bench-p${n}`,
    identifier: [{ system: 'https://fhir.nhs.uk/BENCH1/Id/mrn', value: `MRN${n}` }],
    name: [{ use: 'official', family: `Family${n % 97}`, given: [`Given${n % 31}`, `Second${n % 7}`] }],
    gender: n % 2 === 0 ? 'female' : 'male',
    birthDate: `19${10 + (n % 80)}-0${1 + (n % 9)}-1${n % 10}`,
    address: [{ line: [`${n} High Street`], city: 'Exampleton', postalCode: `EX${n % 20} ${n % 9}AB` }],
  };
}

/** A coded result of about 1.1 kB. */
export function observation(n: number, patients: number): object {
  return {
    resourceType: 'Observation',
    id: `bench-o${n}`,
    status: 'final',
    category: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' },
        ],
      },
    ],
    code: {
      coding: [
        {
          system: 'http://loinc.org',
          code: `${2000 + (n % 50)}-1`,
          display: `Analyte ${n % 50} in serum or plasma`,
        },
        {
          system: 'http://snomed.info/sct',
          code: `${1_000_000_000 + (n % 50)}`,
          display: `Analyte ${n % 50} level`,
        },
      ],
    },
    subject: { reference: `Patient/bench-p${n % patients}` },
    effectiveDateTime: new Date(Date.UTC(2026, 0, 1) + n * 61_000).toISOString(),
    valueQuantity: {
      value: (n % 900) / 10,
      unit: 'mmol/L',
      system: 'http://unitsofmeasure.org',
      code: 'mmol/L',
    },
    interpretation: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation',
            code: n % 7 === 0 ? 'H' : 'N',
          },
        ],
      },
    ],
    referenceRange: [
      { low: { value: 10, unit: 'mmol/L' }, high: { value: 60, unit: 'mmol/L' }, text: '10 to 60 mmol/L' },
    ],
    note: [{ text: 'Sample received in good condition; result released by the duty biochemist.' }],
  };
}

/** All nineteen resources of a person: twelve results, and what else a hospital keeps. */
export function person(n: number): object[] {
  const subject = { reference: `Patient/bench-p${n}` };
  const coded = (code: number) => ({ coding: [{ system: 'http://snomed.info/sct', code: `${code}` }] });
  const start = new Date(Date.UTC(2026, 0, 1 + (n % 300), 8)).toISOString();
  return [
    patient(n),
    ...Array.from({ length: 12 }, (_, i) => ({ ...observation(n * 12 + i, 1), subject })),
    {
      resourceType: 'Encounter',
      id: `bench-e${n}`,
      status: 'finished',
      class: {
        system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
        code: n % 3 === 0 ? 'IMP' : 'AMB',
      },
      subject,
      period: { start, end: start },
    },
    ...[0, 1].map((i) => ({
      resourceType: 'Condition',
      id: `bench-c${n}-${i}`,
      clinicalStatus: {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/condition-clinical',
            code: i === 0 ? 'active' : 'resolved',
          },
        ],
      },
      code: coded(3_000_000 + ((n + i) % 40)),
      subject,
      onsetDateTime: start,
    })),
    ...[0, 1].map((i) => ({
      resourceType: 'MedicationRequest',
      id: `bench-m${n}-${i}`,
      status: i === 0 ? 'active' : 'stopped',
      intent: 'order',
      medicationCodeableConcept: coded(4_000_000 + ((n + i) % 60)),
      subject,
      authoredOn: start,
    })),
    {
      resourceType: 'AllergyIntolerance',
      id: `bench-a${n}`,
      patient: subject,
      code: coded(5_000_000 + (n % 20)),
    },
  ];
}

/** A transaction that puts each resource under its own id. */
export function transactionOf(resources: readonly object[]): string {
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map((resource) => {
      const { resourceType, id } = resource as { resourceType: string; id: string };
      return { resource, request: { method: 'PUT', url: `${resourceType}/${id}` } };
    }),
  });
}

/** Puts `patients` people and `observations` results into a node; returns the paths. */
export async function fill(
  port: number,
  token: string,
  patients: number,
  observations: number,
): Promise<string[]> {
  const people = Array.from({ length: patients }, (_, n) => patient(n));
  const results = Array.from({ length: observations }, (_, n) => observation(n, patients));
  const all = [...people, ...results];
  for (let i = 0; i < all.length; i += 500) {
    const answer = await fetch(`http://127.0.0.1:${port}/fhir`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      body: transactionOf(all.slice(i, i + 500)),
    });
    if (!answer.ok) throw new Error(`filling: ${answer.status} ${await answer.text()}`);
  }
  return results.map((resource) => `/fhir/Observation/${(resource as { id: string }).id}`);
}
