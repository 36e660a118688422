/**
 * What `_include` and `_revinclude` add to the matches of a page, each version once: from the matches, and
 * with `:iterate` from what was added too, until nothing new comes. What is there already is not gone into
 * again, so that references in a circle end. http://hl7.org/fhir/R4/search.html#revinclude
 */
import { Failure } from '../../../base/failure.ts';
import type { Include, SearchQuery } from '../../../fhir/search-query.ts';
import type { Scope } from '../../scope.ts';
import type { Connection } from '../connection.ts';
import { type Dictionary, typeNumber } from '../dictionary.ts';
import { scopeConditions } from '../scope-sql.ts';
import { allOf, type Condition, visible } from '../sql-condition.ts';
import { stillOpen } from './query-sql.ts';

interface IncludeRun {
  readonly query: SearchQuery;
  readonly scope: Scope;
  readonly seq: number;
  readonly includesMax: number;
  /** Where a page goes on in an older snapshot, nothing leads on that has been closed since. */
  readonly resumed: boolean;
}

/** Rids beside the matches. Throws Failure `too-costly` beyond includesMax: a part would look like all. */
export function includedRids(
  run: IncludeRun,
  matches: readonly number[],
  connection: Connection,
  dictionary: Dictionary,
): number[] {
  const { include, revinclude } = run.query;
  if (matches.length === 0 || include.length + revinclude.length === 0) return [];
  const { scope, seq, includesMax } = run;
  const shows = allOf([
    visible(seq),
    ...scopeConditions(scope, seq, connection, dictionary),
    ...(run.resumed ? [stillOpen(scope, connection, dictionary)] : []),
  ]);
  const known = new Set(matches);
  let frontier = matches;
  for (let round = 0; frontier.length > 0; round++) {
    const added: number[] = [];
    const add = (direction: typeof pointedAt, one: Include): void => {
      if (round > 0 && one.iterate !== true) return;
      const { sql, parameters } = direction(one, shows, dictionary) ?? {};
      if (sql === undefined || parameters === undefined) return;
      const values = [JSON.stringify(frontier), ...parameters];
      for (const [rid] of connection.all(sql, values, false)) {
        if (known.has(Number(rid))) continue;
        known.add(Number(rid));
        added.push(Number(rid));
        if (known.size - matches.length > includesMax) throw tooMany(includesMax);
      }
    };
    for (const one of include) add(pointedAt, one);
    for (const one of revinclude) add(pointingAt, one);
    frontier = added;
  }
  return [...known].slice(matches.length);
}

function tooMany(includesMax: number): Failure {
  return new Failure(
    'too-costly',
    `_include and _revinclude would add more than ${includesMax} resources (setting includesMax). Ask for ` +
      'a smaller page with _count.',
  );
}

/** Which rows of ref an include follows; undefined where none of that parameter was ever written. */
function followed({ source, parameter }: Include, dictionary: Dictionary): string | undefined {
  // 0: references that no search parameter covers
  if (parameter === '*') return 'r.pt > 0';
  const pt = source === '*' ? undefined : dictionary.parameter(source, parameter.code);
  return pt === undefined ? undefined : `r.pt = ${pt}`;
}

function ofType(alias: string, type: string | undefined): string {
  return type === undefined || type === '*' ? '' : ` AND ${alias}.type = ${typeNumber(type)}`;
}

function pointedAt(one: Include, shows: Condition, dictionary: Dictionary): Condition | undefined {
  const which = followed(one, dictionary);
  if (which === undefined) return undefined;
  return {
    sql: `SELECT DISTINCT v.rid FROM json_each(?) m CROSS JOIN ver o ON o.rid = m.value${ofType('o', one.source)}
      CROSS JOIN ref r ON r.rid = o.rid AND ${which} CROSS JOIN ver v ON v.lid = r.lid${ofType('v', one.target)}
      WHERE ${shows.sql} ORDER BY v.rid`,
    parameters: shows.parameters,
  };
}

function pointingAt(one: Include, shows: Condition, dictionary: Dictionary): Condition | undefined {
  const which = followed(one, dictionary);
  if (which === undefined) return undefined;
  return {
    sql: `SELECT DISTINCT v.rid FROM json_each(?) m CROSS JOIN ver o ON o.rid = m.value${ofType('o', one.target)}
      CROSS JOIN ref r ON r.lid = o.lid AND ${which} CROSS JOIN ver v ON v.rid = r.rid${ofType('v', one.source)}
      WHERE ${shows.sql} ORDER BY v.rid`,
    parameters: shows.parameters,
  };
}
