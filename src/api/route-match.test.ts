import { describe, expect, it } from 'vitest';
import { Failure, httpStatusOf } from '../base/failure.ts';
import type { Method } from './fhir-call.ts';
import { RouteTable } from './route-match.ts';
import { routes } from './routes.ts';

const table = new RouteTable(routes);

/** The code of the row that a request reaches, or the status it is refused with. */
function reached(method: Method, path: string): string {
  try {
    return table.match(method, path).interaction.code;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return `${httpStatusOf(thrown)} ${thrown.code}`;
  }
}

describe('the route table', () => {
  const cases: readonly (readonly [Method, string, string])[] = [
    ['GET', 'metadata', 'capabilities'],
    ['GET', 'Patient/a', 'read'],
    ['GET', 'Patient/a/', 'read'],
    ['GET', '_async/x.y', 'async-status'],
    ['DELETE', '_async/x.y', 'async-status'],
    ['POST', '_async/x.y', '405 not-supported'],
    ['GET', 'Patient/a/_history', 'history-instance'],
    ['GET', 'Patient/a/_history/2', 'vread'],
    ['GET', 'Patient', 'search-type'],
    ['POST', 'Patient/_search', 'search-type'],
    ['POST', 'Patient', 'create'],
    ['PUT', 'Patient/a', 'update'],
    ['DELETE', 'Patient/a', 'delete'],
    ['POST', '', 'batch-or-transaction'],
    ['GET', 'Patient/a/$everything', '$everything'],
    ['GET', 'Patient/$shared-record', '$shared-record'],
    ['POST', 'Patient/%24shared-record', '$shared-record'],
    ['GET', 'Basic/a/$meta', '$meta'],
    ['GET', 'Basic/a/_history/2/$meta', '$meta'],
    ['POST', 'Basic/a/$meta-add', '$meta-add'],
    ['GET', 'Basic/a/$meta-add', '405 not-supported'],
    ['POST', 'Basic/a/_history/2/$meta-add', '404 not-supported'],
    ['GET', 'Basic/a/other/2/$meta', '404 not-found'],
    ['GET', 'Patient/a/$graph', '501 not-supported'],
    ['GET', 'Nonsense', '404 not-found'],
    ['GET', 'patient/a', '404 not-found'],
    ['GET', 'Nonsense/a/_history', '404 not-found'],
    ['GET', 'Patient/a b', '400 value'],
    ['GET', `Patient/${'a'.repeat(65)}`, '400 value'],
    ['GET', 'Patient/a/_history/x y', '400 value'],
    ['GET', 'Patient/a/b', '404 not-found'],
    ['GET', 'Patient/a/_history/1/more', '404 not-found'],
    ['GET', 'Patient/%zz', '400 invalid'],
    ['GET', 'Patient/$nonsense', '404 not-supported'],
    ['GET', 'Observation/a/$everything', '404 not-supported'],
    ['GET', '$everything', '404 not-supported'],
    ['DELETE', 'Patient/$shared-record', '405 not-supported'],
    ['POST', 'Patient/a', '405 not-supported'],
    ['PUT', 'metadata', '405 not-supported'],
    ['PATCH', 'Patient/a', 'patch'],
    ['PUT', 'Patient', 'update'],
    ['DELETE', 'Patient', 'delete'],
    ['GET', '', 'search-system'],
    ['GET', '_history', 'history-system'],
    ['GET', 'Patient/_history', 'history-type'],
    ['GET', 'Patient/a/Observation', 'search-compartment'],
  ];
  for (const [method, path, expected] of cases) {
    it(`${method} /${path} → ${expected}`, () => {
      expect(reached(method, path)).toBe(expected);
    });
  }

  it('names what it refuses', () => {
    expect(() => table.match('GET', 'Nonsense/a')).toThrow('"Nonsense"');
    expect(() => table.match('GET', 'Patient/$nonsense')).toThrow('"$nonsense"');
    expect(() => table.match('DELETE', '')).toThrow('"delete (conditional, of several types)"');
  });

  it('asks for a token everywhere but at the CapabilityStatement', () => {
    expect(table.isOpen('metadata')).toBe(true);
    for (const path of ['', 'Patient', 'Patient/a', '_history', 'metadata/x']) {
      expect(table.isOpen(path)).toBe(false);
    }
  });
});
