/** What goes wrong between nodes can be followed by its request id, and names nobody in a log. */
import fastify from 'fastify';
import { expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { networkDoor } from './door.ts';

const REQUEST_ID = 'followed-1';

async function answered(thrown: unknown): Promise<{ logged: object[]; status: number; text: string }> {
  const logged: object[] = [];
  const keep = (fields: object): void => {
    logged.push(fields);
  };
  const server = fastify();
  const unused = (): never => {
    throw new Error('not asked for here');
  };
  await server.register(
    networkDoor({
      checker: { check: () => Promise.reject(thrown) },
      health: unused,
      status: unused,
      record: unused,
      shelf: { accept: unused },
      release: unused,
      noticed: unused,
      ids: { next: unused } as Ids,
      log: { error: keep, warn: keep, info: keep } as unknown as Log,
      copyPushBytesMax: 1000,
    } as unknown as Parameters<typeof networkDoor>[0]),
  );
  const answer = await server.inject({
    method: 'POST',
    url: '/record',
    headers: { 'x-request-id': REQUEST_ID },
    payload: '{}',
  });
  await server.close();
  expect(answer.headers['x-request-id']).toBe(REQUEST_ID);
  return { logged, status: answer.statusCode, text: answer.body };
}

it('a refusal is told and logged under the id that the calling node gave', async () => {
  const { logged, status } = await answered(new Failure('login', 'Sign in again.'));
  expect(status).toBe(401);
  expect(logged).toEqual([
    { requestId: REQUEST_ID, method: 'POST', route: '/record', status: 401, code: 'login' },
  ]);
});

it('a defect is logged by its kind and place, and neither log nor answer quotes what it choked on', async () => {
  const { logged, status, text } = await answered(new TypeError('cannot read Ann Example 9990000018'));
  expect(status).toBe(500);
  expect(logged).toMatchObject([{ requestId: REQUEST_ID, code: 'exception', error: 'TypeError' }]);
  expect(`${JSON.stringify(logged)}${text}`).not.toContain('Ann');
});
