/** The demo as a program: goes on with its folder, refuses what would harm it, and leaves no process behind, however it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type DemoNetwork, demoPort, eventually, gone, isAlive, startDemo } from './demo-network.ts';

let demo: DemoNetwork | undefined;
afterEach(async () => {
  await demo?.stop();
  demo = undefined;
});

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function openward(...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, [resolve('dist/cli.js'), ...args], {
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

describe('the demo', () => {
  it('starts by the very command of the README, and ends with it', async () => {
    expect(await readFile('README.md', 'utf8')).toContain('npm run demo ');
    demo = await startDemo(1, { command: ['npm', 'run', 'demo', '--'] });
    const page = await fetch(demo.frontDoor);
    expect(page.status).toBe(200);
    const said = await page.text();
    for (const { name } of demo.nodes) expect(said).toContain(name);
    const place = await readFile(join(demo.data, 'supervisor.json'), 'utf8');
    const supervisor = JSON.parse(place) as { pid: number };
    const pids = [supervisor.pid, ...demo.nodes.map((node) => node.pid)];
    try {
      await demo.end(); // a signal to npm alone, as a service would send it
      await gone(pids);
    } finally {
      for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
    }
  }, 120_000);

  it('goes on with its folder, and refuses a second demo, other people and ports in use', async () => {
    demo = await startDemo(2);
    const { data, people } = demo;
    const port = Number(new URL(demo.frontDoor).port);
    const second = await openward(
      'demo',
      '--people',
      '2',
      '--port',
      String(await demoPort()),
      '--data',
      data,
    );
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain('already');
    const elsewhere = join(data, 'elsewhere');
    const taken = await openward('demo', '--people', '2', '--port', String(port), '--data', elsewhere);
    expect(taken).toMatchObject({ code: 1, stdout: '' });
    expect(taken.stderr).toContain(`Port ${port}`);

    const before = await wholeRecord(demo);
    await demo.end();
    await gone(demo.nodes.map((node) => node.pid));
    const others = await openward('demo', '--people', '3', '--port', String(port), '--data', data);
    expect(others).toMatchObject({ code: 1, stdout: '' });
    expect(others.stderr).toContain('--fresh');

    demo = await startDemo(2, { data, port });
    expect(demo.people).toEqual(people);
    expect(await wholeRecord(demo)).toBe(before);
  }, 180_000);

  it('leaves no node behind when its supervisor is killed', async () => {
    demo = await startDemo(1);
    demo.process.kill('SIGKILL');
    await gone(demo.nodes.map((node) => node.pid));
    const said = await demo.openward('demo', 'start', 'RX1');
    expect(said.code).toBe(5);
  }, 120_000);

  it('says when a node has died by itself, and leaves it dead', async () => {
    demo = await startDemo(1);
    const pharmacy = demo.node('pharmacy');
    process.kill(pharmacy.pid, 'SIGKILL');
    await gone([pharmacy.pid]);
    expect(await demo.openward('demo', 'fault', pharmacy.ods, 'slow')).toMatchObject({ code: 1 });
    await expect(fetch(`${pharmacy.url}/livez`)).rejects.toThrow();
    expect((await demo.openward('demo', 'start', pharmacy.ods)).code).toBe(0);
    expect((await fetch(`${pharmacy.url}/livez`)).status).toBe(200);
    expect(demo.talk()).toContain(`${pharmacy.ods} has died`);
  }, 120_000);

  it('has started an organisation again when every other sees it live', async () => {
    demo = await startDemo(1);
    const { ods } = demo.node('pharmacy');
    const others = demo.nodes.filter((node) => node.ods !== ods);
    const seeing = async (): Promise<string[]> => {
      const views = await Promise.all(
        others.map(async ({ ods: other, url }) => {
          const { up } = (await (await fetch(`${url}/network/health`)).json()) as { up: object };
          return ods in up ? [other] : [];
        }),
      );
      return views.flat();
    };
    expect((await demo.openward('demo', 'stop', ods)).code).toBe(0);
    await eventually('nobody sees it', 10, async () => ((await seeing()).length === 0 ? true : undefined));
    expect((await demo.openward('demo', 'start', ods)).code).toBe(0);
    expect(await seeing()).toEqual(others.map((node) => node.ods));
    // a dead exchange keeps nobody waiting
    const { ods: exchange } = demo.node('exchange');
    expect((await demo.openward('demo', 'stop', exchange)).code).toBe(0);
    expect((await demo.openward('demo', 'stop', ods)).code).toBe(0);
    expect((await demo.openward('demo', 'start', ods)).code).toBe(0);
    expect(demo.talk()).not.toContain('not all of the others');
  }, 120_000);

  it('is no proof and no forgery while a node runs; an organisation that is none is a wrong word', async () => {
    demo = await startDemo(1);
    const { ods } = demo.node('lab');
    const running = await demo.openward('verify', '--node', ods);
    expect(running).toMatchObject({ code: 5, stdout: '' });
    expect(running.stderr).toContain('is running');
    const person = demo.people[0]?.nhsNumber ?? '';
    for (const words of [
      ['demo', 'stop', 'NOBODY'],
      ['demo', 'start', 'NOBODY'],
      ['demo', 'fault', 'NOBODY', 'slow'],
      ['token', '--node', 'NOBODY', '--as', 'gp'],
      ['record', person, '--node', 'NOBODY'],
      ['verify', '--node', 'NOBODY'],
      ['verify', '--node', 'no code at all'],
      ['demo', 'stop', 'no code at all'],
    ]) {
      expect(await demo.openward(...words), words.join(' ')).toMatchObject({ code: 2, stdout: '' });
    }
    expect((await demo.openward('demo', 'stop', ods)).code).toBe(0);
    const { code, stdout } = await demo.openward('verify', '--node', ods);
    expect(code).toBe(0);
    expect(stdout).toContain('audit of writes holds');
  }, 120_000);

  it('prints one line on stdout, and people with their numbers nowhere but there', async () => {
    demo = await startDemo(1);
    for (const node of demo.nodes) {
      const log = await readFile(join(demo.data, node.ods, 'node.log'), 'utf8');
      for (const person of demo.people) {
        expect(log).not.toContain(person.nhsNumber);
        for (const name of person.name.split(' ')) expect(log).not.toContain(name);
      }
    }
    expect(demo.talk()).not.toContain(demo.people[0]?.nhsNumber);
  }, 120_000);
});

/** Every entry of the first person's record, as text; only what does not change by itself. */
async function wholeRecord(network: DemoNetwork): Promise<string> {
  const person = network.people[0]?.nhsNumber ?? '';
  const { code, stdout } = await network.openward('record', person, '--json');
  expect(code).toBe(0);
  const bundle = JSON.parse(stdout) as {
    entry: { fullUrl?: string; search: { mode: string }; resource: unknown }[];
  };
  const matches = bundle.entry.filter((entry) => entry.search.mode === 'match');
  expect(matches.length).toBeGreaterThan(100);
  return matches
    .map((entry) => JSON.stringify(entry))
    .sort()
    .join('\n');
}
