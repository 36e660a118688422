/** The command line from outside: exit codes, what goes to stdout and what to stderr, secrets masked, nothing that fails in silence. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../free-ports.ts';

const CLI = resolve('dist/cli.js');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openward-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function openward(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...process.env, ...env },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

async function nodeFile(name: string, more: object = {}): Promise<string> {
  const file = join(folder, name);
  const node = { ods: 'RXC', name: 'Alone', kind: 'acute', port: 8999, data: './alone', feeds: [], ...more };
  await writeFile(file, JSON.stringify(node));
  return file;
}

describe('usage', () => {
  it.each([
    ['an unknown command', ['unicorn']],
    ['an unknown flag', ['demo', '--unicorn']],
    ['a number that is none', ['demo', '--people', 'many']],
    ['a port too high for what comes above it', ['demo', '--port', '65000']],
    ['neither node nor file', ['token', '--as', 'gp']],
    ['an NHS number that is none', ['record', '9990000019', '--node', 'RX1']],
    ['a fault that is none', ['demo', 'fault', 'RX1', 'tired']],
    ['a node without configuration', ['node', '--config', 'nowhere.json']],
  ])('%s: exit 2, the reason on stderr, nothing on stdout', async (_what, args) => {
    const said = await openward(args);
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).not.toBe('');
    expect(said.stderr).not.toContain('    at ');
  });

  it.each(['export', 'backup', 'restore', 'check'])('%s is not built and says so', async (name) => {
    const said = await openward([name, 'anything', '--flag']);
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toContain('not built yet');
  });

  it('--version prints the version alone', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(await openward(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('--help is no failure', async () => {
    const said = await openward(['demo', '--help']);
    expect(said.code).toBe(0);
    expect(said.stdout).toContain('--people');
    for (const name of ['stop', 'start', 'fault']) expect(said.stdout).toContain(name);
  });
});

it('whose output nobody reads to the end is no failure', async () => {
  const file = await nodeFile('unread.json');
  const child = spawn(process.execPath, [CLI, 'config', 'check', '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  const stderr: string[] = [];
  child.stderr.on('data', (chunk) => stderr.push(String(chunk)));
  const [code] = await once(child, 'close');
  expect([code, stderr.join('')]).toEqual([0, '']);
});

describe('a demo that does not run', () => {
  it('cannot be told anything: exit 5', async () => {
    const said = await openward(['demo', 'stop', 'RX1', '--data', join(folder, 'no-demo')]);
    expect(said).toMatchObject({ code: 5, stdout: '' });
    expect(said.stderr).toContain('openward demo');
  });
});

describe('a node of a demo, whose pages ask for no password', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1', 'records.example.org', '127.example.org'])(
    'does not start where others reach it: %s',
    async (host) => {
      const file = await nodeFile('reached.json', { demo: {}, data: './reached', host });
      const { code, stderr } = await openward(['node', '--config', file]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/"host" must be 127\.0\.0\.1 .*"demo"/)]);
      expect(existsSync(join(folder, 'reached'))).toBe(false);
    },
  );
});

describe('a node that cannot listen', () => {
  it.each([
    ['HTTP', (port: number) => ({ port })],
    ['MLLP', (port: number) => ({ mllp: { host: '127.0.0.1', port } })],
  ])('for %s says so and ends: nothing is taken by half a node', async (what, on) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const others = { port: await freePort(), mllp: { host: '127.0.0.1', port: await freePort() } };
    const file = await nodeFile(`${what}.json`, { data: `./${what}`, ...others, ...on(port) });
    const { code, stderr } = await openward(['node', '--config', file]);
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`${what} cannot listen on 127\\.0\\.0\\.1:${port} \\(EADDRINUSE\\)`));
  });
});

describe('tokens', () => {
  it('are for demo nodes only: exit 4', async () => {
    const said = await openward(['token', '--config', await nodeFile('real.json'), '--as', 'gp']);
    expect(said).toMatchObject({ code: 4, stdout: '' });
  });

  it('are printed alone on stdout', async () => {
    const config = await nodeFile('demo.json', { demo: {} });
    const said = await openward(['token', '--config', config, '--as', 'gp']);
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const patient = await openward(['token', '--config', config, '--as', 'patient']);
    expect(patient.code).toBe(2);
    expect(patient.stderr).toContain('--patient');
  });
});

describe('config check', () => {
  it('says where a value comes from by order: flag, environment, file, default', async () => {
    const config = await nodeFile('settings.json', {
      settings: { pageSizeDefault: 11, pageSizeMax: 12, includesMax: 13 },
    });
    const said = await openward(
      ['config', 'check', '--config', config, '--json', '--page-size-default', '31'],
      { OPENWARD_PAGE_SIZE_DEFAULT: '21', OPENWARD_PAGE_SIZE_MAX: '22' },
    );
    expect(said.code).toBe(0);
    const { settings } = JSON.parse(said.stdout) as { settings: Record<string, unknown> };
    expect(settings).toMatchObject({ pageSizeDefault: 31, pageSizeMax: 22, includesMax: 13 });
    expect(settings.tokenLifeHours).toBe(8);
  });

  it('masks secrets', async () => {
    const config = await nodeFile('secret.json', { locatorKey: 'c2VjcmV0LXNlY3JldA' });
    for (const more of [['--json'], []]) {
      const said = await openward(['config', 'check', '--config', config, ...more]);
      expect(said.code).toBe(0);
      expect(said.stdout + said.stderr).not.toContain('c2VjcmV0');
    }
  });

  it.each([
    ['a port', { port: 'eighty' }, '"port"'],
    ['a kind', { kind: 'hotel' }, '"kind"'],
    ['a feed', { feeds: [{ name: 'Big Feed' }] }, 'feeds[0].name'],
    [
      'a time zone',
      { feeds: [{ name: 'adt', transport: 'mllp', covers: [], heartbeatSeconds: 5, timeZone: 'Mars' }] },
      'feeds[0].timeZone',
    ],
    [
      'an event',
      { feeds: [{ name: 'adt', transport: 'mllp', covers: [], heartbeatSeconds: 5, ignores: ['SIU'] }] },
      'feeds[0].ignores',
    ],
    ['a setting', { settings: { unicorns: 1 } }, 'unicorns'],
  ])('names %s that is wrong: exit 2', async (_what, more, named) => {
    const said = await openward(['config', 'check', '--config', await nodeFile('wrong.json', more)]);
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toContain(named);
  });
});

describe('verify', () => {
  it('of a node that has kept nothing is a failure, not a proof', async () => {
    const said = await openward(['verify', '--config', await nodeFile('empty.json', { data: './nothing' })]);
    expect(said).toMatchObject({ code: 1, stdout: '' });
  });
});
