import { describe, expect, it } from 'vitest';
import type { Id, InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import { recordBundle } from './record-bundle.ts';
import type { SharedRecord, SourceReport } from './shared-record.ts';

const AT = Date.parse('2026-01-01T08:00:00Z') as InstantMs;
const source = (ods: string, more: Partial<SourceReport>): SourceReport => ({
  ods: ods as OdsCode,
  name: `Organisation ${ods}`,
  kind: 'acute',
  status: 'live',
  coverage: [],
  behind: [],
  diagnostics: 'In plain words.',
  ...more,
});
const record: SharedRecord = {
  nhsNumber: '9990000018' as NhsNumber,
  nhsNumbers: ['9990000018' as NhsNumber],
  askedAt: AT,
  locatorAsAt: AT,
  notes: [],
  directoryExpired: false,
  sources: [
    source('A', { asAt: AT, coverage: [{ kind: 'Condition', since: '2020-01-01', asAt: AT }] }),
    source('B', { status: 'behind', asAt: AT, behind: [{ kind: 'Condition', since: AT }] }),
    source('C', { status: 'copy', asAt: AT }),
    source('D', { status: 'unavailable' }),
    source('E', { status: 'refused', rule: 'consent', asAt: AT }),
  ],
  entries: ['1', '2'].map((id) => ({
    source: 'A' as OdsCode,
    type: 'Condition',
    id: id as Id,
    fullUrl: `http://127.0.0.1:1/fhir/Condition/${id}`,
    bytes: Buffer.from(`{"resourceType":"Condition","id":"${id}","note":[{"text":"½ and \\"quotes\\""}]}`),
  })),
};

interface Read {
  readonly total: number;
  readonly entry: readonly { fullUrl?: string; search: { mode: string }; resource: { issue?: Issue[] } }[];
}
interface Issue {
  readonly severity: string;
  readonly code: string;
  readonly details: { coding?: { system: string; code: string }[]; text: string };
  readonly diagnostics: string;
  readonly extension?: readonly Record<string, unknown>[];
}
function read(one: SharedRecord): { bundle: Read; issues: Issue[] } {
  const bundle = JSON.parse(Buffer.concat([...recordBundle(one)]).toString()) as Read;
  const outcomes = bundle.entry.filter((entry) => entry.search.mode === 'outcome');
  expect(outcomes).toHaveLength(1);
  return { bundle, issues: outcomes[0]?.resource.issue ?? [] };
}

describe('the Bundle of a shared record', () => {
  it('counts its matches, and has each as its node holds it under an absolute address', () => {
    const { bundle } = read(record);
    const matches = bundle.entry.filter((entry) => entry.search.mode === 'match');
    expect(bundle.total).toBe(2);
    expect(matches.map((entry) => entry.fullUrl)).toEqual(record.entries.map((one) => one.fullUrl));
    const bytes = Buffer.concat([...recordBundle(record)]);
    for (const entry of record.entries) expect(bytes.includes(entry.bytes)).toBe(true);
  });

  it.each([
    ['A', 'live', 'information', 'informational'],
    ['B', 'behind', 'warning', 'incomplete'],
    ['C', 'copy', 'warning', 'incomplete'],
    ['D', 'unavailable', 'warning', 'transient'],
    ['E', 'refused', 'warning', 'suppressed'],
  ])('says of %s that it is %s: severity %s, code %s', (ods, status, severity, code) => {
    const { issues } = read(record);
    const issue = issues.find((one) => JSON.stringify(one.extension).includes(`"value":"${ods}"`));
    expect(issue).toMatchObject({ severity, code, diagnostics: 'In plain words.' });
    const system = 'https://openward.org/CodeSystem/source-status';
    const rule = ods === 'E' ? [{ system, code: 'consent' }] : [];
    expect(issue?.details.coding).toEqual([{ system, code: status }, ...rule]);
    expect(issue?.extension?.[0]).toEqual({
      url: 'https://openward.org/Extension/source',
      valueIdentifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: ods },
    });
    const asAt = { url: 'https://openward.org/Extension/as-at', valueInstant: '2026-01-01T08:00:00.000Z' };
    expect(issue?.extension?.[1]).toEqual(ods === 'D' ? undefined : asAt);
  });

  it('gives coverage by kind: since when, and as at', () => {
    expect(read(record).issues[0]?.extension?.[2]).toEqual({
      url: 'https://openward.org/Extension/coverage',
      extension: [
        { url: 'kind', valueCode: 'Condition' },
        { url: 'since', valueDate: '2020-01-01' },
        { url: 'asAt', valueInstant: '2026-01-01T08:00:00.000Z' },
      ],
    });
  });

  it('ends with one issue that is the same in every record: some services are never shown', () => {
    const last = read(record).issues.at(-1);
    expect(last).toMatchObject({
      severity: 'information',
      details: { text: 'Some services are never shown here.' },
    });
    expect(last?.diagnostics).toContain('as at 2026-01-01T08:00:00.000Z');
    const { locatorAsAt: _none, ...without } = record;
    const lone = read({ ...without, sources: [], entries: [], directoryExpired: true });
    expect(lone.bundle.total).toBe(0);
    expect(lone.issues).toHaveLength(1);
    expect(lone.issues[0]?.details.text).toBe('Some services are never shown here.');
    expect(lone.issues[0]?.diagnostics).toContain('every one was asked');
    expect(lone.issues[0]?.diagnostics).toContain('past its date');
  });
});
