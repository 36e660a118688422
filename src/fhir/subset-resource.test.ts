import { describe, expect, it } from 'vitest';
import { r4Examples } from '../../test/r4-examples.ts';
import { effectiveSettings } from '../base/settings.ts';
import { type Subset, subsetBytes } from './subset-resource.ts';
import { validate } from './validate.ts';

const settings = effectiveSettings([], {});
const subset = (text: string, of: Subset): string => subsetBytes(Buffer.from(text), of, settings).toString();

const OBSERVATION =
  '{"resourceType":"Observation","id":"o","text":{"status":"generated","div":"<div/>"},' +
  '"extension":[{"url":"urn:x","valueDecimal":1.50}],"modifierExtension":[{"url":"urn:y","valueDecimal":2.50}],' +
  '"status":"final","code":{"text":"c","extension":[{"url":"urn:x"}]},"_issued":{"id":"i"},' +
  '"valueQuantity":{"value":5.40,"unit":"g"},"note":[{"text":"n"}],' +
  '"component":[{"code":{"text":"k"},"valueQuantity":{"value":1.10},"interpretation":[{"text":"high"}]}]}';
const TAG =
  '{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED",' +
  '"display":"Resource encoded in summary mode"}';
const META = `"meta":{"tag":[${TAG}]}`;
const MODIFIER = '"modifierExtension":[{"url":"urn:y","valueDecimal":2.50}]';
const TEXT = '"text":{"status":"generated","div":"<div/>"}';

describe('a part of a resource', () => {
  it.each<[string, Subset, string]>([
    [
      'its summary',
      { kind: 'true' },
      `${MODIFIER},"status":"final","code":{"text":"c"},"_issued":{"id":"i"},"valueQuantity":{"value":5.40,"unit":"g"},` +
        '"component":[{"code":{"text":"k"},"valueQuantity":{"value":1.10}}]',
    ],
    [
      'its text',
      { kind: 'text' },
      `${TEXT},${MODIFIER},"status":"final","code":{"text":"c","extension":[{"url":"urn:x"}]}`,
    ],
    [
      'elements by name, a choice among them',
      { kind: 'elements', names: ['value', 'issued'] },
      `${MODIFIER},"status":"final","code":{"text":"c","extension":[{"url":"urn:x"}]},"_issued":{"id":"i"},` +
        '"valueQuantity":{"value":5.40,"unit":"g"}',
    ],
  ])('is %s, with what is mandatory, marked as a part, decimals as written', (_name, of, rest) => {
    expect(subset(OBSERVATION, of)).toBe(`{"resourceType":"Observation","id":"o",${META},${rest}}`);
  });

  it('without its text holds all else', () => {
    expect(subset(OBSERVATION, { kind: 'data' })).toBe(
      OBSERVATION.replace(`,${TEXT}`, '').replace('"id":"o"', `"id":"o",${META}`),
    );
  });

  it('keeps its tags', () => {
    const text = '{"resourceType":"Patient","id":"p","meta":{"versionId":"1","tag":[{"code":"t"}]}}';
    expect(subset(text, { kind: 'true' })).toContain(`"meta":{"versionId":"1","tag":[{"code":"t"},${TAG}]}`);
  });

  it('is a valid resource wherever the whole is', { timeout: 120_000 }, () => {
    const parts: readonly Subset[] = [
      { kind: 'true' },
      { kind: 'text' },
      { kind: 'data' },
      { kind: 'elements', names: [] },
    ];
    let tried = 0;
    for (const { name, resource } of r4Examples()) {
      if (validate(resource).length > 0) continue;
      for (const of of parts) {
        const part = JSON.parse(subset(JSON.stringify(resource), of));
        expect(validate(part), `${name} ${of.kind}`).toEqual([]);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(2_800);
  });
});
