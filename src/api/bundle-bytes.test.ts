import { describe, expect, it } from 'vitest';
import { bundleBytes } from './bundle-bytes.ts';

describe('a Bundle joined from bytes', () => {
  it('holds the stored bytes exactly as they are', () => {
    const stored = Buffer.from('{ "resourceType":"Basic",\n "id":"a", "x":1.50, "name":"Zoë" }');
    const bytes = bundleBytes({
      type: 'searchset',
      total: 1,
      links: [{ relation: 'self', url: 'http://x/Basic?"' }],
      entries: [{ fullUrl: 'http://x/Basic/a', resource: stored, search: 'match' }],
    });
    expect(bytes.includes(stored)).toBe(true);
    expect(JSON.parse(bytes.toString())).toEqual({
      resourceType: 'Bundle',
      type: 'searchset',
      total: 1,
      link: [{ relation: 'self', url: 'http://x/Basic?"' }],
      entry: [
        { fullUrl: 'http://x/Basic/a', resource: JSON.parse(stored.toString()), search: { mode: 'match' } },
      ],
    });
  });

  it('leaves out what is empty, since FHIR has no empty lists', () => {
    const bytes = bundleBytes({ type: 'history', links: [], entries: [] });
    expect(bytes.toString()).toBe('{"resourceType":"Bundle","type":"history"}');
  });

  it('is JSON for every combination of parts of an entry', () => {
    const resource = Buffer.from('{"resourceType":"Basic"}');
    const outcome = Buffer.from('{"resourceType":"OperationOutcome"}');
    const parts = [
      { fullUrl: 'urn:x' },
      { resource },
      { search: 'outcome' as const },
      { request: { method: 'PUT', url: 'Basic/a' } },
      { response: { status: '200 OK', outcome } },
    ];
    const entries = Array.from({ length: 2 ** parts.length }, (_, bits) =>
      Object.assign({}, ...parts.filter((_part, i) => (bits >> i) % 2 === 1)),
    );
    const bundle = JSON.parse(bundleBytes({ type: 'batch-response', entries }).toString());
    expect(bundle.entry).toHaveLength(entries.length);
    bundle.entry.forEach((entry: object, i: number) => {
      expect(Object.keys(entry).sort()).toEqual(Object.keys(entries[i] ?? {}).sort());
    });
  });
});
