/** What an organisation asks of resources: read from its file, and refused with the field that is wrong. */
import { describe, expect, it } from 'vitest';
import { parseNodeConfig } from './node-config.ts';

function profilesIn(profiles: unknown): unknown {
  const node = { ods: 'RX1', name: 'One', kind: 'acute', port: 8001, data: '.', profiles };
  return parseNodeConfig(JSON.stringify(node), '/tmp/node.json').profiles;
}

describe('the profiles of a configuration', () => {
  it('are read as they are', () => {
    expect(profilesIn(undefined)).toBeUndefined();
    const types = { Patient: { profiles: ['https://example.org/p'], mode: 'refuse' } };
    expect(profilesIn({ types })).toEqual({ types });
    expect(profilesIn({ declared: 'warn' })).toEqual({ declared: 'warn', types: {} });
  });

  it.each([
    [{ declared: 'maybe' }, '"profiles.declared" must be one of off, refuse, warn, record'],
    [{ Patient: {} }, '"profiles.Patient" must be left out'],
    [{ types: { Patient: { profiles: ['x'] } } }, '"profiles.types.Patient.mode" must be one of'],
    [{ types: { Patient: null } }, '"profiles.types.Patient.mode" must be one of'],
    [
      { types: { Patient: { mode: 'warn', profiles: [] } } },
      '"profiles.types.Patient.profiles" must be a list',
    ],
    [
      { types: { Patient: { mode: 'warn', profiles: [7] } } },
      '"profiles.types.Patient.profiles" must be a list',
    ],
  ])('that are wrong name their field: %j', (profiles, text) => {
    expect(() => profilesIn(profiles)).toThrow(text);
  });
});
