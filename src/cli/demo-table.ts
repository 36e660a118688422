/**
 * What `openward demo` prints when all is ready: organisations, addresses, people to try, and what to do with
 * them.
 */
import type { DemoState } from '../base/demo-control.ts';
import { tableOf } from './text-table.ts';

/** People that the table shows; `--json` lists more. */
const PEOPLE_SHOWN = 12;

export function demoTable({ nodes, people }: DemoState, data: string): string {
  const organisations = tableOf(
    ['ODS', 'organisation', 'kind', 'address', 'MLLP', 'process'],
    nodes.map(({ ods, name, kind, url, mllp, pid }) => [
      ods,
      name,
      kind,
      url,
      mllp === null ? '–' : `${mllp.host}:${mllp.port}`,
      String(pid ?? 'stopped'),
    ]),
  );
  const toTry = tableOf(
    ['NHS number', 'name', 'organisations', 'why'],
    people
      .slice(0, PEOPLE_SHOWN)
      .map(({ nhsNumber, name, sources, why }) => [
        `${nhsNumber.slice(0, 3)} ${nhsNumber.slice(3, 6)} ${nhsNumber.slice(6)}`,
        name,
        String(sources.length),
        why,
      ]),
  );
  const first = people[0]?.nhsNumber ?? 'NHSNUMBER';
  const victim = nodes.find((node) => node.kind === 'acute')?.ods ?? 'ODS';
  const place = data.endsWith('data/demo') ? '' : ` --data ${data}`;
  return [
    '',
    organisations,
    '',
    `People to try (${people.length} listed with --json, all of them made up):`,
    toTry,
    '',
    `Front door        ${nodes[0]?.url}`,
    `Whole record      npx openward record ${first}${place}`,
    `Kill the hospital npx openward demo stop ${victim}${place}    (start ${victim} brings it back)`,
    `Trouble it        npx openward demo fault ${victim} slow${place}    (hang, garbage, cut-feed, none)`,
    'Ctrl-C stops all of it.',
    '',
  ].join('\n');
}
