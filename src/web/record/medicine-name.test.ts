import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clinicianNumber } from '../clinician-format.ts';
import { genericCase, medicineName, strengthText } from './medicine-name.ts';

describe('a medicine’s name', () => {
  it.each([
    ['Amlodipine 5mg tablets', 'Amlodipine', '5mg', 'tablets'],
    [
      'Salbutamol 100micrograms/dose inhaler CFC free',
      'Salbutamol',
      '100micrograms/dose',
      'inhaler CFC free',
    ],
    ['Co-codamol 8mg/500mg tablets', 'Co-codamol', '8mg/500mg', 'tablets'],
    ['Amoxicillin 250mg/5ml oral suspension', 'Amoxicillin', '250mg/5ml', 'oral suspension'],
    ['Paracetamol', 'Paracetamol', undefined, undefined],
    ['Vitamin B12', 'Vitamin B12', undefined, undefined],
  ])('%s', (recorded, name, strength, form) => {
    expect(medicineName(recorded)).toMatchObject({ name, strength, form });
  });

  it('keeps every letter and digit, whatever was recorded', () => {
    fc.assert(
      fc.property(fc.string(), (recorded) => {
        const { name, strength, form } = medicineName(recorded);
        const squeezed = (text: string): string => text.replace(/\s/g, '');
        expect(squeezed([name, strength, form].filter((part) => part !== undefined).join(''))).toBe(
          squeezed(recorded),
        );
      }),
    );
  });

  it('is lower case where it is a generic word, and left alone otherwise', () => {
    expect(genericCase('Amlodipine')).toBe('amlodipine');
    expect(genericCase('Vitamin B12')).toBe('Vitamin B12');
    expect(genericCase('EpiPen')).toBe('EpiPen');
  });

  it('has its strength with a space, "per" and plain digits', () => {
    expect(strengthText('5mg', clinicianNumber)).toBe('5\u00a0mg');
    expect(strengthText('.50mg', clinicianNumber)).toContain('mg');
    expect(strengthText('100mcg/dose', clinicianNumber)).toBe('100\u00a0micrograms per dose');
    expect(strengthText('250mg/5ml', clinicianNumber)).toBe('250\u00a0mg per 5\u00a0ml');
  });
});
