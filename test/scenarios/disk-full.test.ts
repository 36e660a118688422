/**
 * A disk that is full: writes are refused with a clear error, reads and their audit go on, nothing acknowledged is lost, and writes
 * go on when there is room again. The disk is a small tmpfs of its own, which needs root; elsewhere the reserve alone is tried.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoneNode, startLoneNode } from './lone-node.ts';

const MEGABYTES = 64;
const mount = mkdtempSync(join(tmpdir(), 'openward-disk-'));
const mounted = tryMount();
let node: LoneNode;
let token: string;

function tryMount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', mount], { stdio: 'pipe' });
    return true;
  } catch (error) {
    process.stdout.write(
      `no small disk can be mounted here (${(error as Error).message.split('\n')[0]}): the reserve alone is tried\n`,
    );
    return false;
  }
}

beforeAll(async () => {
  const reserve = mounted ? 8_000_000 : Number.MAX_SAFE_INTEGER;
  node = await startLoneNode({
    data: join(mount, 'data'),
    settings: { diskReserveBytes: reserve },
  });
  token = await node.token('system');
});
afterAll(async () => {
  await node?.remove();
  if (mounted) execFileSync('umount', [mount]);
  rmSync(mount, { recursive: true, force: true });
});

async function write(id: string): Promise<Response> {
  return fetch(`${node.fhir}/Basic/${id}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    body: JSON.stringify({ resourceType: 'Basic', id, code: { text: 'x'.repeat(200_000) } }),
  });
}

const read = (id: string): Promise<Response> =>
  fetch(`${node.fhir}/Basic/${id}`, { headers: { authorization: `Bearer ${token}` } });

it('refuses writes, keeps reading, loses nothing, and goes on', { timeout: 120_000 }, async () => {
  if (!mounted) return expect((await write('w0')).status).toBe(507);
  const kept: string[] = [];
  let refusal: Response | undefined;
  for (let n = 0; n < 1000 && refusal === undefined; n++) {
    const answer = await write(`w${n}`);
    if (answer.status === 201) kept.push(`w${n}`);
    else refusal = answer;
  }
  expect(kept.length).toBeGreaterThan(10);
  expect(refusal?.status).toBe(507);
  expect(await refusal?.json()).toMatchObject({
    resourceType: 'OperationOutcome',
    issue: [{ code: 'no-store' }],
  });
  for (const id of kept) expect((await read(id)).status, id).toBe(200);

  // fuller still than the reserve foresees: something else on the same disk takes all of it
  const ballast = join(mount, 'ballast');
  try {
    writeFileSync(ballast, Buffer.alloc(MEGABYTES << 20));
  } catch {
    // as much as there was room for
  }
  expect((await write('late')).status).toBe(507);
  expect(node.isAlive()).toBe(true);
  rmSync(ballast);
  for (const id of kept) expect((await read(id)).status, id).toBe(200);

  await node.kill('SIGKILL');
  await node.start();
  for (const id of kept) expect((await read(id)).status, id).toBe(200);
  expect((await read('late')).status).toBe(404);
});
