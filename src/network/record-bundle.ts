/**
 * The shared record's outside form: a searchset Bundle joined from stored bytes, and one OperationOutcome
 * that names every source.
 */
import { isoInstant } from '../base/clock.ts';
import { ODS_CODE_SYSTEM } from '../fhir/resource.ts';
import type { RecordNote, SharedRecord, SourceReport, SourceStatus } from './shared-record.ts';

const STATUS_SYSTEM = 'https://openward.org/CodeSystem/source-status';
const SOURCE_EXTENSION = 'https://openward.org/Extension/source';
const AS_AT_EXTENSION = 'https://openward.org/Extension/as-at';
const COVERAGE_EXTENSION = 'https://openward.org/Extension/coverage';

const CODES: Readonly<Record<SourceStatus, string>> = {
  live: 'informational',
  behind: 'incomplete',
  copy: 'incomplete',
  unavailable: 'transient',
  refused: 'suppressed',
};

/** What every record says, so that no issue ever shows that a protected source exists. */
const NEVER_SHOWN = 'Some services are never shown here.';

/** The Bundle in pieces, to be sent as they are. */
export function recordBundle(record: SharedRecord): readonly Buffer[] {
  const head =
    `{"resourceType":"Bundle","type":"searchset","timestamp":"${isoInstant(record.askedAt)}",` +
    `"total":${record.entries.length},"entry":[`;
  const pieces: Buffer[] = [Buffer.from(head)];
  for (const entry of record.entries) {
    pieces.push(Buffer.from(`{"fullUrl":"${entry.fullUrl}","resource":`), entry.bytes, MATCH);
  }
  pieces.push(Buffer.from(`{"resource":${JSON.stringify(outcome(record))},"search":{"mode":"outcome"}}]}`));
  return pieces;
}

const MATCH = Buffer.from(',"search":{"mode":"match"}},');

function outcome(record: SharedRecord): object {
  const words = [NEVER_SHOWN];
  if (record.locatorAsAt === undefined)
    words.push('Nobody could say which organisations hold something, so every one was asked.');
  else words.push(`The list of organisations is as at ${isoInstant(record.locatorAsAt)}.`);
  if (record.directoryExpired)
    words.push('The directory of organisations is past its date and used all the same.');
  const constant = {
    severity: 'information',
    code: 'informational',
    details: { text: NEVER_SHOWN },
    diagnostics: words.join(' '),
  };
  return {
    resourceType: 'OperationOutcome',
    issue: [...record.sources.map(sourceIssue), ...record.notes.map(noteIssue), constant],
  };
}

function noteIssue({ kind, text }: RecordNote): object {
  return kind === 'gap'
    ? { severity: 'warning', code: 'incomplete', diagnostics: text }
    : { severity: 'information', code: 'informational', diagnostics: text };
}

function sourceIssue(source: SourceReport): object {
  const rule = source.rule === undefined ? [] : [{ system: STATUS_SYSTEM, code: source.rule }];
  return {
    extension: [
      { url: SOURCE_EXTENSION, valueIdentifier: { system: ODS_CODE_SYSTEM, value: source.ods } },
      ...(source.asAt === undefined ? [] : [{ url: AS_AT_EXTENSION, valueInstant: isoInstant(source.asAt) }]),
      ...source.coverage.map(({ kind, since, asAt }) => ({
        url: COVERAGE_EXTENSION,
        extension: [
          { url: 'kind', valueCode: kind },
          { url: 'since', valueDate: since },
          { url: 'asAt', valueInstant: isoInstant(asAt) },
        ],
      })),
    ],
    severity: source.status === 'live' ? 'information' : 'warning',
    code: CODES[source.status],
    details: {
      coding: [{ system: STATUS_SYSTEM, code: source.status }, ...rule],
      text: `${source.name}: ${source.status}`,
    },
    diagnostics: source.diagnostics,
  };
}
