/**
 * What a store holds, as the naive oracle keeps it: a plain list of all versions ever written, each parsed from the bytes that the store
 * gave back, looked through from end to end.
 */
import type { JsonObject } from '../../src/fhir/json-access.ts';
import type { ResourceType } from '../../src/fhir/resource.ts';
import type { Commit } from '../../src/store/store.ts';

/** One version. Of a deletion `resource` is that of the version before: its labels and its people still count. */
export interface Kept {
  readonly type: ResourceType;
  readonly id: string;
  readonly version: number;
  /** Milliseconds UTC. */
  readonly at: number;
  readonly seq: number;
  /** The commit that replaced it. */
  until: number | undefined;
  readonly deleted: boolean;
  readonly resource: JsonObject;
}

export class World {
  readonly versions: Kept[] = [];

  /** Adds what a commit says that it wrote. */
  heed({ seq, entries }: Commit): void {
    for (const { outcome, type, id, versionId, lastUpdated, bytes } of entries) {
      if (outcome !== 'created' && outcome !== 'updated' && outcome !== 'deleted') continue;
      const before = this.versions.findLast((one) => one.type === type && one.id === id);
      if (before !== undefined) before.until = seq;
      const deleted = outcome === 'deleted';
      if (!deleted && bytes === undefined) throw new Error('a version without bytes');
      const resource = deleted ? (before?.resource ?? {}) : JSON.parse((bytes ?? '').toString());
      const version = Number(versionId);
      this.versions.push({ type, id, version, at: lastUpdated, seq, until: undefined, deleted, resource });
    }
  }

  /** The newest version of everything at a commit, deletions too, in the order of writing. */
  at(seq: number): readonly Kept[] {
    return this.versions.filter((one) => one.seq <= seq && (one.until === undefined || one.until > seq));
  }

  /** The newest version of everything. */
  newest(): readonly Kept[] {
    return this.versions.filter(({ until }) => until === undefined);
  }
}
