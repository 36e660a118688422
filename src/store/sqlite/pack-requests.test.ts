/** What crosses to the writer's thread is what was sent, whatever it is. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PreparedOp, WriteRequest } from './group-message.ts';
import { packRequests, unpackRequests } from './pack-requests.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const number = fc.double({ noNaN: true });
const optional = <T>(name: string, value: fc.Arbitrary<T>): fc.Arbitrary<object> =>
  fc.option(
    value.map((one) => ({ [name]: one })),
    { nil: {} },
  );
const write = fc.record({
  tail: text,
  labels: fc.option(text),
  patients: fc.array(text),
  index: fc.record({
    terms: fc.array(text),
    references: fc.array(text),
    strings: fc.array(text),
    dateCodes: fc.array(text),
    dates: fc.array(number),
    quantityUnits: fc.array(text),
    quantities: fc.array(number),
  }),
});
const named = fc.record({ type: text, id: text });
const whole = (op: string, ...parts: fc.Arbitrary<object>[]): fc.Arbitrary<PreparedOp> =>
  fc.tuple(named, ...parts).map((all) => Object.assign({ op }, ...all) as PreparedOp);
const written = fc.record({ write });
const query = fc.record({ type: text, count: fc.nat() });
const op = fc.oneof(
  whole(
    'create',
    written,
    optional('ifNoneExist', query),
    optional('expected', text),
    optional('within', query),
  ),
  whole('put', written, optional('ifMatch', text), optional('onlyIfChanged', fc.constant(true))),
  whole('delete', optional('ifMatch', text)),
);
const blob = fc
  .tuple(fc.record({ space: text, name: text }), optional('bytes', fc.uint8Array({ maxLength: 9 })))
  .map(([one, bytes]) => ({ ...one, ...bytes }));
const request = fc
  .tuple(
    fc.record({ n: fc.nat(), now: fc.nat(), ops: fc.array(op), blobs: fc.array(blob) }),
    optional('audit', text),
  )
  .map(([one, audit]) => ({ ...one, ...audit }) as WriteRequest);

it('gives back every request as it was, also after cloning', () => {
  fc.assert(
    fc.property(fc.array(request), (requests) => {
      expect(unpackRequests(structuredClone(packRequests(requests)))).toEqual(requests);
    }),
    { seed: 20261124, numRuns: 300 },
  );
});
