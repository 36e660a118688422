/**
 * HL7 v2 over MLLP, eight connections: raw message, resources, index and audit durable before each AA, beside SQLite committing the same rows
 * in the same number of commits.
 */
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Benchmark, firstLine, limit, startNode, until } from './harness.ts';
import type { MllpResult } from './load-mllp.ts';

const CONNECTIONS = 8;
const PEOPLE = 200;
const MESSAGES = 6000;

export const benchmark: Benchmark = {
  name: 'mllp',
  about: `${MESSAGES} results of four values over ${CONNECTIONS} MLLP connections`,
  async run(bench) {
    const node = await startNode(bench);
    const run = async (lanes: string[][]): Promise<MllpResult> => {
      const file = join(bench.folder('lanes'), 'plan.json');
      writeFileSync(file, JSON.stringify({ port: node.mllpPort, lanes }));
      return JSON.parse(
        await firstLine(bench.start([join(import.meta.dirname, 'load-mllp.ts'), file])),
      ) as MllpResult;
    };
    const register = lanes(PEOPLE, (n) => admission(n));
    const registered = await run(register);
    if (registered.errors > 0) throw new Error(`${registered.errors} registrations were not accepted`);
    const metric = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${node.port}/metrics`)).text();
      const found = /^openward_store_transactions_total(?:\{[^}]*\})? (\d+)/m.exec(text);
      if (found === null) throw new Error('/metrics does not say openward_store_transactions_total');
      return Number(found[1]);
    };
    const before = await metric();
    const result = await run(lanes(MESSAGES, (n) => results(n)));
    const commits = (await metric()) - before;
    process.kill(node.pid, 'SIGTERM');
    await until('node has stopped', 10, async () => !isRunning(node.pid));
    const folder = join(node.folder, 'store');
    const database = readdirSync(folder).find((file) => /^store.*\.(db|sqlite)$/.test(file)) ?? '';
    const copy = join(bench.folder('limit'), 'same-rows.db');
    copyFileSync(join(folder, database), copy);
    const seconds = limit([
      join(import.meta.dirname, 'limits/bare-inserts.ts'),
      copy,
      `${copy}.out`,
      String(commits),
    ]);
    return [
      {
        name: 'messages',
        value: result.perSecond,
        unit: '/s',
        limit: { name: 'bare commits of the same rows', value: MESSAGES / seconds },
        goal: { atLeastOfLimit: 0.4 },
        note: `p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms, ${result.errors} errors, ${(MESSAGES / commits).toFixed(1)} messages a commit`,
      },
    ];
  },
};

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function lanes(count: number, message: (n: number) => string): string[][] {
  const out: string[][] = Array.from({ length: CONNECTIONS }, () => []);
  for (let n = 0; n < count; n++) out[n % CONNECTIONS]?.push(message(n));
  return out;
}

const header = (type: string, id: string): string =>
  `MSH|^~\\&|PAS|BENCH1|OPENWARD|BENCH1|20261101120000||${type}|${id}|P|2.4|||AL|NE|GBR|UNICODE UTF-8`;

const person = (n: number): string =>
  `PID|1||MRN${n}^^^BENCH1^MR||FAMILY${n}^GIVEN${n}^^^MR||19${10 + (n % 80)}0${1 + (n % 9)}15|${n % 2 === 0 ? 'F' : 'M'}|||${n} HIGH STREET^^EXAMPLETON^^EX1 ${n % 9}AB`;

function admission(n: number): string {
  return [
    header('ADT^A01', `A${n}`),
    'EVN|A01|20261101120000',
    person(n),
    `PV1|1|I|BENCH1^WARD${n % 12}^BED${n % 30}|21|||C1234567^CONSULTANT^CLARE|||300||||19|||||V${n}|||||||||||||||||||||||||20261101120000`,
  ].join('\r');
}

function results(n: number): string {
  const who = n % PEOPLE;
  const value = (i: number, code: string, name: string, unit: string): string =>
    `OBX|${i}|NM|${code}^${name}^WinPath||${(n % 50) + i * 3}.${n % 10}|${unit}|10 - 60|N|||F|||20261101113000`;
  return [
    header('ORU^R01', `R${n}`),
    person(who),
    `PV1|1|I|BENCH1^WARD${who % 12}^BED${who % 30}|||||||||||||||||V${who}`,
    `ORC|RE|P${n}|F${n}||CM||||20261101110000`,
    `OBR|1|P${n}|F${n}|UE^UREA AND ELECTROLYTES^WinPath|||20261101110000|||||||||C1234567^CONSULTANT^CLARE||||||20261101113000||CH|F`,
    value(1, 'NA', 'Sodium', 'mmol/L'),
    value(2, 'K', 'Potassium', 'mmol/L'),
    value(3, 'UREA', 'Urea', 'mmol/L'),
    value(4, 'CREA', 'Creatinine', 'umol/L'),
  ].join('\r');
}
