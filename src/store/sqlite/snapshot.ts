/**
 * A stable view of one store: every statement carries the snapshot's seq. Cheap to make, holds no
 * transaction open.
 */
import type { Id, Seq, VersionId } from '../../base/brands.ts';
import { asksFullText } from '../../fhir/full-text.ts';
import type { ResourceType } from '../../fhir/resource.ts';
import type { SearchQuery } from '../../fhir/search-query.ts';
import type { Scope } from '../scope.ts';
import type {
  CompartmentQuery,
  Deleted,
  HistoryQuery,
  HistoryTarget,
  Page,
  PageRequest,
  SearchPage,
  Snapshot,
  Stored,
} from '../store.ts';
import { runHistory } from './history-run.ts';
import { lateTypes } from './index/found-at-once.ts';
import type { Reader } from './reader.ts';
import { isInScope } from './scope-sql.ts';
import { compartmentRids } from './search/compartment-rids.ts';
import { personsReferring } from './search/persons-referring.ts';
import { INLINE_COST_MAX, isManifold, planRun, runSearch } from './search/search-run.ts';
import type { Version } from './version-rows.ts';

export class SqliteSnapshot implements Snapshot {
  readonly seq: Seq;
  readonly #reader: Reader;

  constructor(seq: Seq, reader: Reader) {
    this.seq = seq;
    this.#reader = reader;
  }

  async read(type: ResourceType, id: Id, scope: Scope): Promise<Stored | Deleted | undefined> {
    const version = this.#reader.current(type, id, this.seq);
    return version === undefined || !this.#shows(version, scope) ? undefined : version;
  }

  async readVersion(
    type: ResourceType,
    id: Id,
    versionId: VersionId,
    scope: Scope,
  ): Promise<Stored | Deleted | undefined> {
    const version = this.#reader.version(type, id, versionId);
    return version === undefined || version.seq > this.seq || !this.#shows(version, scope)
      ? undefined
      : version;
  }

  async history(query: HistoryQuery, page: PageRequest, scope: Scope): Promise<Page<Stored | Deleted>> {
    const { links } = this.#reader;
    const question = ['history', query.type, query.id, ...timesOf(query), scope];
    const cursor = links.read(page.cursor, question);
    const seq = cursor?.seq ?? this.seq;
    const run = { query, count: page.count, scope, seq, ...(cursor === undefined ? {} : { cursor }) };
    const { rids, after, total } = await runHistory(run, this.#reader);
    return {
      entries: this.#reader.versions(rids),
      ...(after === undefined ? {} : { next: links.text({ seq, after }, question) }),
      ...(total === undefined ? {} : { total }),
    };
  }

  async search(query: SearchQuery, scope: Scope): Promise<SearchPage> {
    const { connection, dictionary, links } = this.#reader;
    const { cursor: link, count: _count, ...asked } = query;
    const question = ['search', asked, scope];
    const cursor = links.read(link, question);
    const run = {
      query,
      scope,
      ...(cursor === undefined ? {} : { cursor }),
      seq: this.seq,
      now: this.#reader.now(),
      includesMax: this.#reader.includesMax,
    };
    await this.#reader.indexed.ofTypes(lateTypes(query, scope), cursor?.seq ?? this.seq);
    if (asksFullText(query)) await this.#reader.texts.upTo(cursor?.seq ?? this.seq);
    const plan = isManifold(query) ? undefined : planRun(run, connection, dictionary);
    const page =
      plan !== undefined && plan.cost <= INLINE_COST_MAX
        ? runSearch(run, connection, dictionary, plan)
        : await this.#reader.searches.search(run, plan?.cost ?? INLINE_COST_MAX);
    this.#reader.checkSnapshot(cursor?.seq ?? this.seq);
    const open = (rids: readonly number[]): readonly number[] =>
      cursor === undefined ? rids : this.#reader.stillOpen(rids, scope);
    return {
      entries: stored(this.#reader.versions(open(page.rids))),
      included: stored(this.#reader.versions(open(page.included))),
      ...(page.next === undefined ? {} : { next: links.text(page.next, question) }),
      ...(page.total === undefined ? {} : { total: page.total }),
    };
  }

  async compartment(query: CompartmentQuery, scope: Scope): Promise<Page<Stored>> {
    const { links } = this.#reader;
    const { cursor: link, count: _count, ...asked } = query;
    const question = ['compartment', asked, scope];
    const cursor = links.read(link, question);
    const seq = cursor?.seq ?? this.seq;
    await this.#reader.indexed.ofPersons(query, seq);
    const rids = compartmentRids(query, scope, seq, this.#reader.connection, this.#reader.dictionary);
    this.#reader.checkSnapshot(seq);
    const begin = cursor?.after ?? 0;
    const end = begin + query.count;
    const page = rids.slice(begin, end);
    const open = cursor === undefined ? page : this.#reader.stillOpen(page, scope);
    const entries = stored(this.#reader.versions(open));
    return {
      entries,
      total: rids.length,
      ...(end < rids.length ? { next: links.text({ seq, after: end }, question) } : {}),
    };
  }

  #shows(version: Version, scope: Scope): boolean {
    return isInScope(version, scope, this.#reader.closed.ids(scope.hiddenLabels));
  }

  async personsReferringTo(resources: readonly HistoryTarget[]): Promise<readonly Id[]> {
    const { connection, dictionary } = this.#reader;
    const lids = resources.map(({ type, id }) => dictionary.resource(type, id));
    const known = lids.filter((lid) => lid !== undefined);
    await this.#reader.indexed.all(this.seq);
    const persons = await personsReferring(known, this.seq, connection);
    return [...persons].map((lid) => dictionary.idOf(lid) as Id);
  }
}

/** What of a history's question its links are sealed with, beside whose it is. */
function timesOf({ since, at }: HistoryQuery): readonly (number | null)[] {
  return since === undefined && at === undefined ? [] : [since ?? null, at?.lo ?? null, at?.hi ?? null];
}

function stored(versions: readonly Version[]): Stored[] {
  return versions.filter((version) => !version.deleted);
}
