/**
 * FHIR XML beside JSON: resources read and written a second on one thread, and the same through a node: reads by id
 * in XML, with token and audit, beside the node's own reads in JSON.
 */
import { effectiveSettings } from '../src/base/settings.ts';
import { parseJson } from '../src/fhir/parse-json.ts';
import { parseXml } from '../src/fhir/parse-xml.ts';
import { writeXml } from '../src/fhir/write-xml.ts';
import { type Benchmark, type Measure, median, request, startNode } from './harness.ts';
import { fill, observation, patient } from './sample-data.ts';

const ROUNDS = 5;
const SECONDS = 2;
const CLIENTS = 32;
const RESOURCES = 2_000;

export const benchmark: Benchmark = {
  name: 'xml',
  about: 'FHIR XML read and written, alone and through a node',
  async run(bench) {
    const alone = await conversions();
    const node = await startNode(bench);
    const paths = await fill(node.port, node.token, 100, 1000);
    const plan = (accept: string) => ({
      port: node.port,
      connections: CLIENTS,
      seconds: SECONDS,
      requests: paths.map((path) =>
        request('GET', path, { Authorization: `Bearer ${node.token}`, Accept: accept }),
      ),
      expect: 200,
    });
    const [json, xml]: [number[], number[]] = [[], []];
    for (let round = 0; round <= ROUNDS; round++) {
      const [one, other] = [
        (await bench.load(plan('application/fhir+json'))).perSecond,
        (await bench.load(plan('application/fhir+xml'))).perSecond,
      ];
      // the first round warms
      if (round > 0) {
        json.push(one);
        xml.push(other);
      }
    }
    const limit = { name: 'reads in JSON', value: median(json) };
    return [...alone, { name: 'reads by id in XML', value: median(xml), unit: '/s', limit }];
  },
};

/** Resources a second, each beside what JSON.parse and JSON.stringify alone can do with the same. */
async function conversions(): Promise<Measure[]> {
  const settings = effectiveSettings([], {});
  const values = Array.from({ length: RESOURCES }, (_, n) =>
    n % 8 === 0 ? patient(n) : observation(n, 100),
  );
  const json = values.map((value) => Buffer.from(JSON.stringify(value)));
  const xml = values.map((value) => Buffer.from(writeXml(value, undefined)));
  const rates = async (run: (i: number) => unknown): Promise<number> => {
    const found: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const started = performance.now();
      for (let i = 0; i < RESOURCES; i++) await run(i);
      if (round > 0) found.push((RESOURCES * 1000) / (performance.now() - started));
    }
    return median(found);
  };
  const parse = await rates((i) => JSON.parse((json[i] as Buffer).toString('utf8')));
  const stringify = await rates((i) => Buffer.from(JSON.stringify(values[i])));
  const read = await rates((i) => parseXml(xml[i] as Buffer, settings));
  const write = await rates((i) => Buffer.from(writeXml(parseJson(json[i] as Buffer, settings), undefined)));
  return [
    { name: 'XML read', value: read, unit: '/s', limit: { name: 'JSON.parse', value: parse } },
    {
      name: 'JSON read and XML written',
      value: write,
      unit: '/s',
      limit: { name: 'JSON.stringify', value: stringify },
    },
  ];
}
