/**
 * A process that writes to a store until it is killed: `node store-writer.ts FOLDER ROUND`. It proves the audit chains, says `open`, and then
 * a line for each thing that was acknowledged, written synchronously, so that what the parent has read was acknowledged for sure.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../src/base/clock.ts';
import { timeOrderedIds } from '../src/base/ids.ts';
import { silentLog } from '../src/base/log.ts';
import { effectiveSettings } from '../src/base/settings.ts';
import type { Identified } from '../src/fhir/resource.ts';
import { openStore } from '../src/store/open-store.ts';
import { draft, id, put } from './store-under-test.ts';

const [, , folder = '', round = ''] = process.argv;
const LANES = 8;

const store = await openStore({
  folder,
  clock: systemClock,
  ids: timeOrderedIds(systemClock),
  // much is superseded here, so clearing the index is killed too; and a busy machine may be slow to sync
  settings: { ...effectiveSettings([], {}), snapshotKeepSeconds: 0, readAuditStallMs: 60_000 },
  log: silentLog,
});
const broken = await store.verifyAudit();
say(broken === undefined ? 'open' : `broken ${JSON.stringify(broken)}`);

/** Waits where the pipe is full: the parent may be slow to read. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

const basic = (name: string, code: string): Identified =>
  ({ resourceType: 'Basic', id: id(name), code: { coding: [{ code }] } }) as Identified;

async function write(lane: number): Promise<never> {
  for (let n = 0; ; n++) {
    const name = `${round}-${lane}-${n}`;
    const ops = [
      put(basic(`${name}-a`, name)),
      put(basic(`lane-${lane}`, name)),
      put(basic(`${name}-b`, name)),
    ];
    const blob = { space: 'raw', name, bytes: Buffer.alloc(300 + (n % 40) * 100, name) };
    await store.commit(ops, draft({ requestId: name, targets: [`lane-${lane}`] }), [blob]);
    say(`write ${name}`);
    await store.auditReads([draft({ action: 'read', requestId: name })]);
    say(`read ${name}`);
  }
}
await Promise.all(Array.from({ length: LANES }, (_, lane) => write(lane)));
