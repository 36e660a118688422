/**
 * The one table of settings. `--help`, validation and docs/reference/settings.md derive from it.
 * Precedence: flag > environment > file > default. `process.env` is read here and nowhere else.
 */
import { Failure } from './failure.ts';

interface SettingOf<T> {
  /** Camel case, unit last. */
  readonly default: T;
  readonly unit: string;
  readonly secret?: true;
  readonly text: string;
}

const setting = <T extends number | string | boolean>(
  value: T,
  unit: string,
  text: string,
): SettingOf<T> => ({
  default: value,
  unit,
  text,
});

/** Name → default, unit, one sentence. Flags are kebab-case, environment names `OPENWARD_UPPER_SNAKE`. */
export const SETTINGS = {
  logLevel: setting<string>('info', 'silent|error|warn|info|debug', 'How much a node writes to its log.'),
  bodyBytesMax: setting<number>(10_000_000, 'bytes', 'Largest HTTP request body that is read.'),
  jsonDepthMax: setting<number>(64, 'levels', 'Deepest nesting of JSON that is parsed.'),
  xmlDepthMax: setting<number>(100, 'levels', 'Deepest nesting of XML that is read, narratives too.'),
  xmlAttributesMax: setting<number>(32, 'attributes', 'Most attributes of one XML element.'),
  xmlSliceBytes: setting<number>(
    50_000,
    'bytes',
    'XML, and answers with _pretty, are read and made in pieces of about this size, with the turn of others between.',
  ),
  fhirPathLengthMax: setting<number>(
    2_000,
    'characters',
    'Longest FHIRPath expression that a client may send.',
  ),
  fhirPathMs: setting<number>(
    500,
    'ms',
    'FHIRPath that a client has sent is ended when all of one request has taken this long, reading it included.',
  ),
  bundleEntriesMax: setting<number>(10_000, 'entries', 'Most entries of a batch or transaction.'),
  bundleBytesMax: setting<number>(
    50_000_000,
    'bytes',
    'Most bytes that the entries of one batch or transaction may read together.',
  ),
  asyncRunningMax: setting<number>(
    2,
    'requests',
    'Most requests with Prefer: respond-async that are worked on at once; others wait.',
  ),
  asyncJobsMax: setting<number>(
    200,
    'requests',
    'Most requests with Prefer: respond-async that wait, are worked on, or whose answers are kept.',
  ),
  asyncJobsOfOneMax: setting<number>(20, 'requests', 'The same, of one asker.'),
  asyncKeepSeconds: setting<number>(
    600,
    's',
    'How long the answer to a request with Prefer: respond-async is kept for the one who asked.',
  ),
  asyncResultsBytesMax: setting<number>(
    200_000_000,
    'bytes',
    'Most bytes of kept answers to requests with Prefer: respond-async; what would go over it fails.',
  ),
  conditionalDeleteMax: setting<number>(
    1,
    'resources',
    'Most resources that one conditional delete may remove; 1 refuses a condition that several fit.',
  ),
  patchOperationsMax: setting<number>(1_000, 'operations', 'Most operations of one patch.'),
  patchStepsMax: setting<number>(
    200_000,
    'steps',
    'Most steps of FHIRPath that all paths of one FHIRPath Patch may take.',
  ),
  patchPathCharactersMax: setting<number>(
    1_000,
    'characters',
    'Longest path (JSON Pointer or FHIRPath) of an operation of a patch.',
  ),
  batchLanesMax: setting<number>(
    16,
    'entries',
    'Most entries of one batch under way at once, so that it leaves room for others.',
  ),
  pageSizeDefault: setting<number>(50, 'resources', 'Matches on a search page where _count is not given.'),
  pageSizeMax: setting<number>(1_000, 'resources', 'Largest _count that is honoured.'),
  includesMax: setting<number>(
    5_000,
    'resources',
    'Most resources that _include and _revinclude may add to a page.',
  ),
  searchClausesMax: setting<number>(100, 'clauses', 'Most parameters and values in one search.'),
  searchChainMax: setting<number>(
    8,
    'references',
    'Most references in a row that one parameter of a search may follow (chains, _has).',
  ),
  searchPathsMax: setting<number>(
    500,
    'paths',
    'Most ways through resource types that the chains of one search may take.',
  ),
  sharedRecordDeadlineMs: setting<number>(
    900,
    'ms',
    'A shared record is answered within this time whatever its sources do.',
  ),
  recordEntriesMax: setting<number>(
    20_000,
    'resources',
    'Most resources that one source may contribute to a shared record.',
  ),
  recordBytesMax: setting<number>(
    50_000_000,
    'bytes',
    'Most bytes that one source may contribute to a shared record.',
  ),
  lastnObservationsMax: setting<number>(
    20_000,
    'observations',
    'Most observations that one $lastn goes through to find the newest of each kind.',
  ),
  everythingPeopleMax: setting<number>(
    50,
    'people',
    'Most people whose records Patient/$everything gives at once where no person is named.',
  ),
  graphqlTokensMax: setting<number>(5_000, 'tokens', 'Longest GraphQL query that is read.'),
  graphqlDepthMax: setting<number>(20, 'levels', 'Deepest nesting of a GraphQL query.'),
  graphqlFieldsMax: setting<number>(
    500,
    'fields',
    'Most fields of a GraphQL query, those of fragments counted each time they are used.',
  ),
  graphqlReadsMax: setting<number>(2_000, 'resources', 'Most resources that one GraphQL query may read.'),
  graphqlListMax: setting<number>(
    1_000,
    'resources',
    'Most resources of one list, or of one page of a connection, in a GraphQL answer.',
  ),
  graphqlValuesMax: setting<number>(200_000, 'values', 'Most values that a GraphQL answer may hold.'),
  documentResourcesMax: setting<number>(
    1_000,
    'resources',
    'Most resources that $document puts into one document.',
  ),
  probeIntervalMs: setting<number>(500, 'ms', "How often a node looks at each peer's health."),
  probeTimeoutMs: setting<number>(300, 'ms', 'A probe that takes longer counts as failed.'),
  locatorFreshHours: setting<number>(
    24,
    'h',
    "Beyond this age the locator's answer is not relied on and every organisation is asked.",
  ),
  directoryLifeHours: setting<number>(
    24,
    'h',
    'How long a signed directory is valid; used with a warning after that.',
  ),
  tokenLifeHours: setting<number>(8, 'h', 'Life of a demo token.'),
  tokenCacheMax: setting<number>(
    10_000,
    'tokens',
    'Most verified tokens that are kept so as not to verify them again.',
  ),
  personCacheMax: setting<number>(
    20_000,
    'people',
    'Most NHS numbers whose records a node keeps in mind between questions.',
  ),
  personRecordsMax: setting<number>(
    50,
    'records',
    'Patient records that may be joined to one person; more is taken for a mistake and discloses nothing.',
  ),
  nodeTokenLifeSeconds: setting<number>(60, 's', 'Life of a token from node to node.'),
  pageHandlesMax: setting<number>(
    10_000,
    'records',
    'Records open on pages that are remembered; beyond it the one used longest ago must be opened again.',
  ),
  timelinePageSize: setting<number>(50, 'entries', 'Entries on one page of a timeline.'),
  mllpFrameBytesMax: setting<number>(5_000_000, 'bytes', 'Largest HL7 v2 message that is read.'),
  v2SegmentsMax: setting<number>(10_000, 'segments', 'Most segments of one HL7 v2 message.'),
  mllpIdleSeconds: setting<number>(
    600,
    's',
    'An MLLP connection in the middle of a frame is cut after this silence.',
  ),
  mllpConnectionsMax: setting<number>(256, 'connections', 'Most MLLP connections at once.'),
  mllpQueueMax: setting<number>(
    16,
    'messages',
    'Messages of one MLLP connection that wait for their turn; beyond it the connection is not read.',
  ),
  v2AttemptsMax: setting<number>(
    6,
    'attempts',
    'How often a message is mapped anew because what it changes was changed meanwhile; then it is answered AE.',
  ),
  v2RecordsRememberedMax: setting<number>(
    10_000,
    'resources',
    'Most patients, visits and the like that HL7 v2 messages changed lately and that are kept in mind.',
  ),
  importInputBytesMax: setting<number>(
    100_000_000,
    'bytes',
    'Largest single input of an import: a Bundle, a line of NDJSON, an HL7 v2 message.',
  ),
  importChunkBytes: setting<number>(
    500_000,
    'bytes',
    'Lines of NDJSON and HL7 v2 messages of one file are imported together up to this size.',
  ),
  importCommitResources: setting<number>(
    1_500,
    'resources',
    'Inputs of an import share a commit up to about this many resources.',
  ),
  importAheadBytes: setting<number>(
    32_000_000,
    'bytes',
    'Inputs that an import has under way at once, read and not yet durable.',
  ),
  importAnswerSeconds: setting<number>(
    120,
    's',
    'An import ends where the running node has not answered for one of its inputs within this time.',
  ),
  importStopSeconds: setting<number>(
    5,
    's',
    'An import that is told to stop waits this long for answers to what is under way.',
  ),
  readAuditSyncMs: setting<number>(
    20,
    'ms',
    'Audit rows of reads are synced to the disk at least this often.',
  ),
  readAuditStallMs: setting<number>(
    250,
    'ms',
    'While the oldest unsynced audit row is older than this, no read is answered: reads wait.',
  ),
  readAuditWaitMs: setting<number>(
    2_000,
    'ms',
    'A read that has waited this long for the audit answers 503.',
  ),
  diskReserveBytes: setting<number>(
    200_000_000,
    'bytes',
    'Writes are refused when less than this is free, so that reads and their audit go on.',
  ),
  snapshotKeepSeconds: setting<number>(
    600,
    's',
    'Pages of one search can be fetched for this long after the versions they show were superseded.',
  ),
  searchSecondsMax: setting<number>(10, 's', 'A search that takes longer is ended with an error.'),
  searchThreads: setting<number>(
    2,
    'threads',
    'Threads for searches that would hold up reads by id; long ones leave one of them to the others.',
  ),
  searchQueueMax: setting<number>(
    100,
    'searches',
    'Most searches that wait for a thread; beyond it the answer is 429.',
  ),
  readCacheBytes: setting<number>(64_000_000, 'bytes', 'Most bytes of current resources kept in memory.'),
  packageArchiveBytesMax: setting<number>(
    200_000_000,
    'bytes',
    'Largest archive of a FHIR package that is read, as it comes.',
  ),
  packageUnpackedBytesMax: setting<number>(
    500_000_000,
    'bytes',
    'Most bytes that a FHIR package may have when it is unpacked.',
  ),
  packageEntryBytesMax: setting<number>(50_000_000, 'bytes', 'Largest single file of a FHIR package.'),
  packageEntriesMax: setting<number>(20_000, 'files', 'Most files of one FHIR package.'),
  valueSetCodesMax: setting<number>(
    20_000,
    'codes',
    'Most codes of a value set that a search by :in or :not-in looks for.',
  ),
  profileDoorElementsMax: setting<number>(
    5_000,
    'elements',
    'As profileElementsMax, for what is written to a node that asks for profiles: others wait meanwhile.',
  ),
  profileDoorStepsMax: setting<number>(
    500_000,
    'steps',
    'As profileStepsMax, for what is written to a node that asks for profiles: others wait meanwhile.',
  ),
  profileFindingsMax: setting<number>(
    1_000,
    'findings',
    'Most kinds of breach of profiles that a node remembers; beyond it the one seen longest ago is forgotten.',
  ),
  packageFetchSeconds: setting<number>(
    120,
    's',
    'A FHIR package that has not been fetched from its address by then is given up.',
  ),
  packageRedirectsMax: setting<number>(
    5,
    'redirects',
    'How often the address of a FHIR package may lead on to another.',
  ),
  profileElementsMax: setting<number>(
    200_000,
    'elements',
    'Most elements looked at in one validation against profiles, counted once for each profile.',
  ),
  profileStepsMax: setting<number>(
    1_000_000,
    'steps',
    'Most steps of FHIRPath that all invariants of one validation against profiles may take.',
  ),
  profileIssuesMax: setting<number>(
    100,
    'issues',
    'Most errors, and most other remarks, that one validation against profiles reports.',
  ),
  validateSecondsMax: setting<number>(10, 's', 'A $validate that takes longer is ended with an error.'),
  validateQueueMax: setting<number>(
    16,
    'resources',
    'Most resources that wait for $validate; one is validated at a time, beside all else.',
  ),
  profileDepthMax: setting<number>(
    60,
    'levels',
    'Most resources and profiles inside one another that a validation against profiles follows.',
  ),
  copyPushBytesMax: setting<number>(
    64_000_000,
    'bytes',
    'Largest push of continuity copies from one node to another.',
  ),
  copyWaitMs: setting<number>(
    100,
    'ms',
    'Most that the acknowledgement of a write in a quiet moment waits for its copy at the custodians.',
  ),
  copyKeepDays: setting<number>(
    30,
    'days',
    'How long a custodian keeps points in time of a continuity copy.',
  ),
  copyShrinkBrakePercent: setting<number>(
    50,
    '%',
    "A push that would remove more than this share of a person's resources is held back for a person to look at.",
  ),
} as const;

export type SettingName = keyof typeof SETTINGS;
type Widen<T> = T extends number ? number : T extends boolean ? boolean : string;
/** The effective settings of a process. */
export type Settings = { readonly [K in SettingName]: Widen<(typeof SETTINGS)[K]['default']> };

/** `sharedRecordDeadlineMs` → `OPENWARD_SHARED_RECORD_DEADLINE_MS` */
export function environmentName(name: string): string {
  return `OPENWARD_${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`;
}

/** `sharedRecordDeadlineMs` → `--shared-record-deadline-ms` */
export function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}

/**
 * The effective settings. `given` holds what flags and the file say, first one first.
 * Throws Failure `value` naming the setting, what was given and what is expected.
 */
export function effectiveSettings(
  given: readonly Readonly<Record<string, unknown>>[] = [],
  environment: NodeJS.ProcessEnv = process.env,
): Settings {
  const [flags, ...files] = given;
  const out: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(SETTINGS)) {
    const raw = [flags?.[name], environment[environmentName(name)], ...files.map((file) => file[name])].find(
      (value) => value !== undefined,
    );
    out[name] = raw === undefined ? spec.default : coerced(name, raw, spec);
  }
  for (const file of given) {
    for (const name of Object.keys(file)) {
      if (!(name in SETTINGS))
        throw new Failure('value', `There is no setting "${name}". See docs/reference/settings.md.`);
    }
  }
  return out as Settings;
}

function coerced(
  name: string,
  raw: unknown,
  spec: SettingOf<number | string | boolean>,
): number | string | boolean {
  const text = String(raw);
  if (typeof spec.default === 'number') {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < 0)
      throw new Failure(
        'value',
        `Setting "${name}" is "${text}"; it must be a number of ${spec.unit}, 0 or more.`,
      );
    return value;
  }
  if (typeof spec.default === 'boolean') {
    if (text !== 'true' && text !== 'false')
      throw new Failure('value', `Setting "${name}" is "${text}"; it must be true or false.`);
    return text === 'true';
  }
  if (spec.unit.includes('|') && !spec.unit.split('|').includes(text))
    throw new Failure('value', `Setting "${name}" is "${text}"; it must be one of ${spec.unit}.`);
  return text;
}
