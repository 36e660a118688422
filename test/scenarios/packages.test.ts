/** Packages on a node as it runs: taken up when it starts again, enforced at its door and by an import, and harmful archives end the command, nothing else. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition, manifest, tgzOf } from '../packages-under-test.ts';
import { type LoneNode, startLoneNode } from './lone-node.ts';

const CLI = resolve('dist/cli.js');
const NAMED = 'https://example.org/StructureDefinition/named';
const PROFILE = {
  resourceType: 'StructureDefinition',
  url: NAMED,
  name: 'Named',
  status: 'active',
  kind: 'resource',
  abstract: false,
  type: 'Patient',
  derivation: 'constraint',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
  differential: { element: [{ id: 'Patient.name', path: 'Patient.name', min: 1 }] },
};

let node: LoneNode;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openward-packages-'));
  node = await startLoneNode({ profiles: { types: { Patient: { profiles: [NAMED], mode: 'refuse' } } } });
}, 60_000);
afterAll(async () => {
  await node.remove();
  await rm(folder, { recursive: true, force: true });
});

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function openward(...args: readonly string[]): Promise<Said> {
  return new Promise((done) => {
    execFile(process.execPath, [CLI, ...args], { cwd: folder }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

async function create(
  patient: object,
  path = 'Patient',
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${node.fhir}/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await node.token('system')}`,
      'content-type': 'application/fhir+json',
      prefer: 'return=OperationOutcome',
    },
    body: JSON.stringify(patient),
  });
  return { status: answer.status, text: await answer.text() };
}

const NAMELESS = { resourceType: 'Patient', gender: 'female' };

describe('a package', () => {
  it('is refused whole where it is harmful: exit code, reason, nothing loaded, the node none the worse', async () => {
    const evil = join(folder, 'evil.tgz');
    await writeFile(
      evil,
      await tgzOf([manifest(), definition(PROFILE), { name: '../../evil.json', content: '{}' }]),
    );
    const said = await openward('packages', 'add', evil, '--config', node.config);
    expect([said.code, said.stdout]).toEqual([2, '']);
    expect(said.stderr).toContain('leads out of its folder');
    const bomb = join(folder, 'bomb.tgz');
    const zeros = Buffer.alloc(8_000_000);
    await writeFile(bomb, await tgzOf([manifest(), { name: 'package/a.json', content: zeros }]));
    const limit = ['--package-unpacked-bytes-max', '1000000'];
    const bombed = await openward('packages', 'add', bomb, '--config', node.config, ...limit);
    expect(bombed.code).toBe(1);
    expect(bombed.stderr).toContain('packageUnpackedBytesMax');
    expect((await openward('packages', 'list', '--config', node.config)).stderr).toContain(
      'No package is loaded',
    );
    expect(await readdir(join(node.data, 'packages'))).toEqual([]);
  }, 30_000);

  it('is enforced from the next start of the node on; until then the node says that it has it not', async () => {
    const before = await create(NAMELESS);
    expect(before.status).toBe(201);
    expect(before.text).toContain(NAMED);
    expect(node.log()).toContain('a profile of the configuration cannot be applied');
    const archive = join(folder, 'named.tgz');
    await writeFile(archive, await tgzOf([manifest({ license: 'CC0-1.0' }), definition(PROFILE)]));
    const said = await openward('packages', 'add', archive, '--config', node.config, '--json');
    expect(JSON.parse(said.stdout)).toMatchObject({
      name: 'test.package',
      definitions: { StructureDefinition: 1 },
    });
    expect(said.code).toBe(0);
    await node.kill('SIGTERM');
    await node.start();
    const after = await create(NAMELESS);
    expect(after.status).toBe(422);
    expect((await create({ ...NAMELESS, name: [{ family: 'Doe' }] })).status).toBe(201);
    const metrics = await (await fetch(node.fhir.replace('/fhir', '/metrics'))).text();
    expect(metrics).toContain('openward_profile_refuse_total 1');
  }, 60_000);

  it('is what $validate holds a resource to, beside all else that the node does', async () => {
    const path = `Patient/$validate?profile=${encodeURIComponent(NAMED)}`;
    const [wrong, right] = await Promise.all([
      create(NAMELESS, path),
      create({ ...NAMELESS, name: [{ family: 'Doe' }] }, path),
    ]);
    expect([wrong.status, right.status]).toEqual([200, 200]);
    expect(wrong.text).toContain('"severity":"error"');
    expect(wrong.text).toContain('is required');
    expect(right.text).not.toContain('"severity":"error"');
  }, 30_000);

  it('is enforced by an import into the stopped node, which takes the others and says why not that one', async () => {
    await node.kill('SIGTERM');
    await mkdir(join(folder, 'in'));
    const lines = [
      { ...NAMELESS, id: 'no' },
      { ...NAMELESS, id: 'yes', name: [{ family: 'Doe' }] },
    ];
    await writeFile(join(folder, 'in', 'a.ndjson'), lines.map((one) => JSON.stringify(one)).join('\n'));
    const said = await openward(
      'import',
      'in',
      '--config',
      node.config,
      '--rejects',
      'rejects.ndjson',
      '--json',
    );
    expect([said.code, JSON.parse(said.stdout)]).toMatchObject([3, { resources: 1, rejected: 1 }]);
    expect(await readFile(join(folder, 'rejects.ndjson'), 'utf8')).toContain('name');
  }, 30_000);
});
