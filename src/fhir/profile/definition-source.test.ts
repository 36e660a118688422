/** Sources in layers: the first that knows answers, and not knowing is no answer. */
import { describe, expect, it } from 'vitest';
import { type DefinitionSource, layered, type Membership } from './definition-source.ts';

function source(answer: Membership, url?: string): DefinitionSource {
  return {
    structure: () => undefined,
    membership: () => answer,
    codeIn: () => answer,
    displays: () => (url === undefined ? undefined : [url]),
    find: (_type, canonical) => (canonical === url ? { url } : undefined),
  };
}

describe('sources in layers', () => {
  it('pass over one that does not know, and let the first that does decide', () => {
    const both = layered(source('unknown'), source('out', 'b'), source('in', 'c'));
    expect(both.membership('v', undefined, 'x')).toBe('out');
    expect(both.codeIn('s', 'x')).toBe('out');
    expect(both.displays('s', 'x')).toEqual(['b']);
    expect(both.find('ValueSet', 'c')).toEqual({ url: 'c' });
  });

  it('say unknown where none knows', () => {
    expect(layered(source('unknown')).membership('v', 's', 'x')).toBe('unknown');
    expect(layered().structure('s')).toBeUndefined();
  });
});
