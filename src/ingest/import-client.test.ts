/**
 * An import into a node that is not well: it ends in time, is stopped when told to, and counts as done what
 * was acknowledged and nothing else.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { effectiveSettings, type Settings } from '../base/settings.ts';
import { ImportClient } from './import-client.ts';
import { importFiles } from './import-files.ts';
import type { UnitOutcome } from './import-unit.ts';

let server: Server;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openward-import-client-'));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await rm(folder, { recursive: true, force: true });
});

/** A server in place of a node, and a client of it. */
async function clientOf(
  node: RequestListener,
  given: Partial<Settings> = {},
  giveUp?: AbortSignal,
): Promise<ImportClient> {
  server = createServer(node).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new ImportClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clock: systemClock,
    settings: { ...effectiveSettings([], {}), ...given },
    token: async () => 'token',
    ...(giveUp === undefined ? {} : { giveUp }),
  });
}

const UNIT = { kind: 'json', bytes: Buffer.from('{}') } as const;
const TAKEN: UnitOutcome = { kind: 'taken', before: false, resources: 1, unchanged: 0, rejects: [] };

it('gives up a node that answers a byte at a time, and says which setting holds', async () => {
  const timers = new Set<NodeJS.Timeout>();
  const client = await clientOf(
    (_request, response) => {
      response.writeHead(200);
      timers.add(setInterval(() => response.write(' '), 20));
    },
    { importAnswerSeconds: 0.3 },
  );
  await expect(client.take(UNIT, false)).rejects.toMatchObject({
    code: 'timeout',
    message: expect.stringContaining('importAnswerSeconds'),
  });
  for (const timer of timers) clearInterval(timer);
});

it('leaves what is not answered when it is given up', async () => {
  const giveUp = new AbortController();
  const client = await clientOf(() => giveUp.abort(), {}, giveUp.signal);
  await expect(client.take(UNIT, false)).rejects.toMatchObject({ code: 'incomplete' });
});

it('counts as done what the node has acknowledged, not what was read', async () => {
  const waiting: ServerResponse[] = [];
  let everyUnitIsThere = (): void => undefined;
  const allSent = new Promise<void>((resolve) => {
    everyUnitIsThere = resolve;
  });
  const client = await clientOf((_request, response) => {
    if (waiting.push(response) === LINES) everyUnitIsThere();
  });
  const path = join(folder, 'ten.ndjson');
  await writeFile(path, `${'{"resourceType":"Basic","id":"b","code":{"text":"x"}}\n'.repeat(LINES)}`);
  const told: number[] = [];
  let heard = (): void => undefined;
  const done = importFiles({
    paths: [path],
    target: client,
    rejects: join(folder, 'rejects'),
    settings: { ...effectiveSettings([], {}), importChunkBytes: 60 },
    clock: systemClock,
    progress: (_resources, share) => {
      told.push(share);
      heard();
    },
  });
  await allSent;
  expect(told.filter((share) => share > 0)).toEqual([]);
  for (const [n, response] of waiting.entries()) {
    const already = told.length;
    response.end(JSON.stringify(TAKEN));
    while (told.length === already) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
    expect(told.at(-1)).toBeCloseTo((n + 1) / LINES);
  }
  expect(await done).toMatchObject({ resources: LINES, files: 1 });
  expect(told.at(-1)).toBe(1);
});
const LINES = 10;
