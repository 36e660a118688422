/**
 * kill -9 while clients write over HTTP and MLLP, again and again: what was acknowledged is there, no transaction is there by half, and the
 * audit chains verify. (The store's own test does the same fifty times without a network.)
 */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { framed, type LoneNode, sendMllp, startLoneNode } from './lone-node.ts';

const KILLS = 12;
let node: LoneNode;
let token: string;

beforeAll(async () => {
  node = await startLoneNode();
  token = await node.token('system');
});
afterAll(async () => {
  await node?.remove();
});

it('loses nothing acknowledged', { timeout: 240_000 }, async () => {
  const acknowledged: string[] = [];
  const messages: string[] = [];
  let sent = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    let stop = false;
    const writers = Array.from({ length: 4 }, async () => {
      while (!stop) {
        const n = sent++;
        const done = await pair(`pair-${n}`).catch(() => false);
        if (done) acknowledged.push(`pair-${n}`);
      }
    });
    const feed = (async () => {
      while (!stop) {
        const n = sent++;
        const answer = await sendMllp(node.mllpPort, framed(registration(n)), 2000).catch(() => '');
        if (answer.includes(`MSA|AA|K${n}`)) messages.push(`KILL${n}`);
      }
    })();
    await new Promise((done) => setTimeout(done, 150 + ((kill * 97) % 300)));
    await node.kill('SIGKILL');
    stop = true;
    await Promise.all([...writers, feed]);
    await node.start();
  }
  expect(acknowledged.length).toBeGreaterThan(50);
  expect(messages.length).toBeGreaterThan(10);
  for (const id of acknowledged)
    expect([await status(`Basic/${id}-a`), await status(`Basic/${id}-b`)], id).toEqual([200, 200]);
  for (let n = 0; n < sent; n++) {
    expect(await status(`Basic/pair-${n}-a`), `pair ${n} is whole or absent`).toBe(
      await status(`Basic/pair-${n}-b`),
    );
  }
  for (const mrn of messages) expect(await found(mrn), mrn).toBe(1);
  await node.kill('SIGTERM');
  const cli = resolve('dist/cli.js');
  const verified = await promisify(execFile)(process.execPath, [cli, 'verify', '--config', node.config]);
  expect(verified.stdout).toMatch(/audit/i);
});

async function pair(id: string): Promise<boolean> {
  const entry = (which: string) => ({
    resource: { resourceType: 'Basic', id: `${id}-${which}`, code: { text: id } },
    request: { method: 'PUT', url: `Basic/${id}-${which}` },
  });
  const answer = await fetch(node.fhir, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: [entry('a'), entry('b')] }),
  });
  return answer.status === 200;
}

function registration(n: number): string {
  return [
    `MSH|^~\\&|PAS|RXLONE|OPENWARD|RXLONE|20261101120000||ADT^A28|K${n}|P|2.4|||AL|NE|GBR|UNICODE UTF-8`,
    'EVN|A28|20261101120000',
    `PID|1||KILL${n}^^^RXLONE^MR||FAMILY^GIVEN||19700101|F`,
  ].join('\r');
}

const headers = (): Record<string, string> => ({ authorization: `Bearer ${token}` });

async function status(path: string): Promise<number> {
  return (await fetch(`${node.fhir}/${path}`, { headers: headers() })).status;
}

async function found(mrn: string): Promise<number> {
  const answer = await fetch(`${node.fhir}/Patient?identifier=${mrn}&_total=accurate`, {
    headers: headers(),
  });
  return ((await answer.json()) as { total: number }).total;
}
