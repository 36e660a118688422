/**
 * `npm run docs`: writes the reference pages that derive from code, so that they cannot disagree with it. `--check` changes nothing and
 * fails where a page is out of date (the tidy test runs it so).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { DIRECTORY_TYPES, PERSONAS } from '../src/access/personas.ts';
import { Failure, ISSUE_TYPES, type IssueType } from '../src/base/failure.ts';
import { environmentName, flagName, SETTINGS } from '../src/base/settings.ts';
import { exitCodeOf } from '../src/cli/exit-code.ts';

const pages: Readonly<Record<string, string>> = {
  'docs/reference/settings.md': settingsPage(),
  'docs/reference/personas.md': personasPage(),
  'docs/reference/errors.md': errorsPage(),
};

let stale = 0;
for (const [path, page] of Object.entries(pages)) {
  if (existsSync(path) && readFileSync(path, 'utf8') === page) continue;
  stale++;
  if (process.argv.includes('--check')) process.stderr.write(`${path} is out of date: run "npm run docs"\n`);
  else writeFileSync(path, page);
}
process.exit(process.argv.includes('--check') && stale > 0 ? 1 : 0);

function settingsPage(): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, spec]) =>
      `| \`${name}\` | \`${flagName(name)}\` | \`${environmentName(name)}\` | ${spec.default} | ${spec.unit.replaceAll('|', '\\|')} | ${spec.text} |`,
  );
  return [
    '# Settings',
    '',
    'Made from `src/base/settings.ts` by `npm run docs`. Flag > environment > file (`settings` in the node configuration) > default. None is',
    'needed to start. `openward config check` prints the effective set.',
    '',
    '| name | flag | environment | default | unit | what it does |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function personasPage(): string {
  const types = (list: 'all' | readonly string[]): string =>
    list === 'all' ? 'every type' : list.length === 0 ? 'nothing' : list.join(', ');
  const rows = Object.entries(PERSONAS).map(
    ([persona, row]) =>
      `| \`${persona}\` | ${row.purposes.join(', ')} | ${row.hiddenLabels.join(', ') || 'none'} | ${row.text} |`,
  );
  const details = Object.entries(PERSONAS).flatMap(([persona, row]) => [
    `### ${persona}`,
    '',
    `Reads: ${types(row.reads)}.`,
    '',
    `Writes: ${types(row.writes)}.`,
    '',
  ]);
  return [
    '# Personas and tokens',
    '',
    'Made from `src/access/personas.ts` by `npm run docs`.',
    '',
    '`openward token --node ODS --as PERSONA [--patient NHSNUMBER]` prints a bearer token for the demo: a JSON Web Token signed with',
    'ES256 by the key in the node’s own folder (`keys/token.jwk.json`). It is good for `tokenLifeHours` and at that node only.',
    '',
    '| claim | value |',
    '|---|---|',
    '| `iss`, `aud` | `https://openward.org/node/ODS` |',
    '| `sub` | `persona:NAME` |',
    '| `name`, `role`, `org`, `purpose` | who asks, as what, for which organisation, why |',
    '| `nhs_number` | the person, for `patient` and no other |',
    '| `iat`, `exp`, `jti` | issued, expires (looked at on every call), id |',
    '',
    'A wrong, forged, expired or foreign token, or none, is answered 401 with what to do.',
    '',
    '| persona | purposes | labels hidden (v3-Confidentiality) | may |',
    '|---|---|---|---|',
    ...rows,
    '',
    `Entries in nobody’s record that a patient sees: ${DIRECTORY_TYPES.join(', ')}.`,
    '',
    '## Types',
    '',
    ...details,
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function errorsPage(): string {
  const rows = (Object.keys(ISSUE_TYPES) as IssueType[])
    .filter((code) => code !== 'informational')
    .map((code) => {
      const { status, text } = ISSUE_TYPES[code];
      return `| \`${code}\` | ${status} | ${exitCodeOf(new Failure(code, text))} | ${text} |`;
    });
  return [
    '# Errors',
    '',
    'Made from `src/base/failure.ts` and `src/cli/exit-code.ts` by `npm run docs`.',
    '',
    'Whatever goes wrong has one of these codes, those of FHIR R4 (`IssueType`): as `issue.code` of an OperationOutcome, in the log, in the rejects',
    'of an import. The code is for programs and stays; the text beside it says to a person what to do, and may be worded better one day. No text',
    'names anybody. Each answer to a client carries `X-Request-Id`; the log has a line under the same id.',
    '',
    '| code | HTTP status | exit code | what it means |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
