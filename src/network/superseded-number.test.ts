/** A person whose NHS number was replaced: each organisation has heard of it, or has not, or holds both apart. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NetworkUnderTest, openNetworkUnderTest, until } from '../../test/network-under-test.ts';
import { condition, patient } from '../../test/person-under-test.ts';
import type { NhsNumber } from '../base/brands.ts';
import type { SharedRecord } from './shared-record.ts';

const OLD = '9990000018' as NhsNumber;
const NEW = '9990000026' as NhsNumber;
/** Another number of the same person, of which the practice has never heard. */
const THIRD = '9990000034' as NhsNumber;
let network: NetworkUnderTest;

interface WithIdentifier {
  readonly identifier: readonly object[];
}
/** The first number in use, the others old ones, all verified. */
function numbered(id: string, ...numbers: readonly NhsNumber[]): object {
  const [current, ...old] = numbers.map((number) => (patient(id, number) as WithIdentifier).identifier[0]);
  const identifier = [current, ...old.map((one) => ({ ...one, use: 'old' }))];
  return { ...patient(id, numbers[0] ?? ''), identifier };
}

beforeAll(async () => {
  network = await openNetworkUnderTest([
    { ods: 'X01', kind: 'exchange' },
    { ods: 'GP1', kind: 'gp' },
    { ods: 'RX1', kind: 'acute' },
    { ods: 'MH1', kind: 'mental-health' },
    { ods: 'CO1', kind: 'community' },
    { ods: 'PH1', kind: 'pharmacy' },
    { ods: 'UC1', kind: 'urgent-care' },
  ]);
  await network.node('GP1').put(numbered('a', NEW, OLD), condition('c', 'a', 'At the practice'));
  await network.node('RX1').put(patient('new', NEW), condition('c', 'new', 'Under the new number'));
  await network.node('MH1').put(patient('old', OLD), condition('c', 'old', 'Under the old number'));
  await network
    .node('CO1')
    .put(
      patient('one', OLD),
      condition('c1', 'one', 'Kept apart, old'),
      patient('two', NEW),
      condition('c2', 'two', 'Kept apart, new'),
    );
  await network.settled();
}, 60_000);
afterAll(() => network.close());

const ask = (number: NhsNumber, role: 'gp' | 'patient' = 'gp'): Promise<SharedRecord> => {
  const node = network.node('GP1');
  return node.network.sharedRecords.assemble(
    number,
    {},
    node.asker(role, role === 'patient' ? number : undefined),
  );
};
const shown = ({ entries }: SharedRecord): string[] =>
  entries.map((one) => `${one.source} ${one.type}/${one.id}`).sort();
const statuses = ({ sources }: SharedRecord): string[] =>
  sources.map((one) => `${one.ods} ${one.status}`).sort();
const outcomeOf = (record: SharedRecord) => {
  const bundle = Buffer.concat([...network.node('GP1').network.sharedRecords.bundle(record)]).toString();
  const { entry } = JSON.parse(bundle) as {
    entry: {
      search: { mode: string };
      resource: { issue: { code: string; severity: string; diagnostics: string }[] };
    }[];
  };
  return entry.find((one) => one.search.mode === 'outcome')?.resource.issue ?? [];
};

const WHOLE = [
  'CO1 Condition/c1',
  'CO1 Condition/c2',
  'CO1 Patient/one',
  'CO1 Patient/two',
  'GP1 Condition/c',
  'GP1 Patient/a',
  'MH1 Condition/c',
  'MH1 Patient/old',
  'RX1 Condition/c',
  'RX1 Patient/new',
];
const LIVE = ['CO1 live', 'GP1 live', 'MH1 live', 'RX1 live'];

describe('a record of somebody with a superseded number', () => {
  it.each([
    ['the new number', NEW],
    ['the old number', OLD],
  ])('is whole by %s, each organisation named once', async (_what, number) => {
    const record = await ask(number);
    expect(shown(record)).toEqual(WHOLE);
    expect(statuses(record)).toEqual(LIVE);
    expect([record.nhsNumber, record.nhsNumbers]).toEqual([number, [NEW, OLD]]);
  });

  it('says by the old number that it is an old one, and nothing of the kind by the new one', async () => {
    expect(outcomeOf(await ask(NEW))).toHaveLength(5);
    const issues = outcomeOf(await ask(OLD));
    expect(issues).toHaveLength(6);
    expect(issues[4]).toMatchObject({ severity: 'information', code: 'informational' });
    expect(issues[4]?.diagnostics).toMatch(/replaced by a newer one/);
  });

  it('is whole for the person too, whichever number their token has', async () => {
    for (const number of [NEW, OLD]) {
      const record = await ask(number, 'patient');
      expect(shown(record)).toEqual(WHOLE);
      expect(statuses(record)).toEqual(LIVE);
    }
  });

  it('has the copies of those that are out, under either number', async () => {
    await network.node('RX1').kill();
    await network.node('CO1').kill();
    let record = await ask(OLD);
    await until('copies', async () => {
      record = await ask(OLD);
      return statuses(record).join() === 'CO1 copy,GP1 live,MH1 live,RX1 copy';
    });
    expect(shown(record)).toEqual(WHOLE);
    await network.node('RX1').restart();
    await network.node('CO1').restart();
    await until('live', async () => statuses(await ask(NEW)).join() === LIVE.join());
  });

  it('says where one of two records at a source is not shown', async () => {
    await network.node('CO1').put(patient('one', OLD, { status: '' }));
    const record = await ask(NEW);
    expect(shown(record)).toEqual(
      WHOLE.filter((one) => one !== 'CO1 Condition/c1' && one !== 'CO1 Patient/one'),
    );
    const issue = outcomeOf(record).at(-2);
    expect(issue).toMatchObject({ severity: 'warning', code: 'incomplete' });
    expect(issue?.diagnostics).toMatch(/Organisation CO1 .*another NHS number of this person/);
    await network.node('CO1').put(patient('one', OLD));
  });

  it('follows no number that another organisation alone states, and says that there is one', async () => {
    await network.node('UC1').put(patient('third', THIRD), condition('c', 'third', 'Under a third number'));
    await network.node('PH1').put(numbered('ph', NEW, THIRD));
    await until('named', async () => statuses(await ask(NEW)).includes('PH1 live'));
    const record = await ask(NEW);
    expect(statuses(record)).toEqual(['CO1 live', 'GP1 live', 'MH1 live', 'PH1 live', 'RX1 live']);
    const issue = outcomeOf(record).at(-2);
    expect(issue).toMatchObject({ severity: 'warning', code: 'incomplete' });
    expect(issue?.diagnostics).toMatch(/Organisation PH1 states a further verified NHS number/);
  });
});
