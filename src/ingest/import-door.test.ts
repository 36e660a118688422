import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MllpUnderTest, openMllpUnderTest } from '../../test/mllp-under-test.ts';
import { ANN, HERE } from '../../test/records-under-test.ts';
import { type Authenticator, openAuthenticator } from '../access/authenticator.ts';
import { PERSONAS, type Persona } from '../access/personas.ts';
import { timeOrderedIds } from '../base/ids.ts';
import { silentLog } from '../base/log.ts';
import { importDoor } from './import-door.ts';

let node: MllpUnderTest;
let server: FastifyInstance;
let authenticator: Authenticator;
let folder: string;

beforeAll(async () => {
  node = await openMllpUnderTest();
  folder = await mkdtemp(join(tmpdir(), 'openward-keys-'));
  const { clock, records, settings } = node;
  authenticator = await openAuthenticator({ ods: HERE, keysFolder: folder, clock, settings });
  server = fastify({ logger: false });
  await server.register(importDoor, {
    records,
    authenticator,
    intake: node.intake(),
    settings,
    ids: timeOrderedIds(clock),
    log: silentLog,
    baseUrl: 'http://127.0.0.1:8801',
    prefix: '/import',
  });
});
afterAll(async () => {
  await server.close();
  await node.close();
  await rm(folder, { recursive: true, force: true });
});

async function bring(as: Persona) {
  const token = await authenticator.issue(as, as === 'patient' ? ANN : undefined);
  return server.inject({
    method: 'POST',
    url: '/import/units?kind=json&last=true',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    payload: { resourceType: 'Patient', id: 'p1' },
  });
}

it.each(Object.keys(PERSONAS) as Persona[])('%s: the source system alone brings files', async (persona) => {
  await node.news('reads');
  await node.news('writes');
  const answer = await bring(persona);
  expect(answer.statusCode).toBe(persona === 'system' ? 200 : 403);
  if (persona === 'system') return;
  expect(answer.json().issue[0].diagnostics).toBe(
    `The role ${persona} may not import. Ask as the source system.`,
  );
  const [row, ...more] = await node.news('reads');
  expect(row).toMatchObject({
    action: 'refuse',
    actor: { name: PERSONAS[persona].name, role: persona, organisation: HERE },
    purpose: PERSONAS[persona].purpose,
    requestId: answer.headers['x-request-id'],
    targets: ['imports'],
    persons: [],
    outcome: 'refused',
    detail: { rule: 'role', act: 'import' },
  });
  expect([...more, ...(await node.news('writes'))]).toEqual([]);
});
