/**
 * A medicine's name as recorded, taken apart for a line that reads name, strength, form. Only what is
 * plainly there is separated; a name that does not fit the pattern stays whole. Every digit and letter of
 * the recorded text is kept. Reference: ux 1.5, "Medicine line".
 */
export interface MedicineName {
  /** `amlodipine`; the whole text where it could not be taken apart. */
  readonly name: string;
  /** `5mg`, `100micrograms/dose` as recorded. */
  readonly strength: string | undefined;
  /** `tablets` */
  readonly form: string | undefined;
  /** As the source wrote it. */
  readonly recorded: string;
}

const UNIT = '(?:mg|g|micrograms?|mcg|nanograms?|kg|ml|litres?|l|units?|mmol|%|kBq|MBq)';
const STRENGTH = new RegExp(
  `^(\\D*?[A-Za-z)])\\s+(\\d[\\d,.]*\\s?${UNIT}(?:\\s?\\/\\s?(?:[\\d,.]+\\s?)?[A-Za-z]+)?)(?:\\s+(.+))?$`,
);

/** The parts of a recorded name. Never fails; never loses text. */
export function medicineName(recorded: string): MedicineName {
  const match = STRENGTH.exec(recorded.trim());
  const name = match?.[1];
  if (match === null || name === undefined) {
    return { name: recorded.trim(), strength: undefined, form: undefined, recorded };
  }
  return { name, strength: match[2], form: match[3], recorded };
}

/**
 * Generic names in lower case: `Amlodipine` → `amlodipine`. A word with a capital or digit inside (a brand,
 * a vaccine, an abbreviation) is left as written, as is a name of more than one capitalised word.
 */
export function genericCase(name: string): string {
  return /^[A-Z][a-z]+(?:[ -][a-z]+)*$/.test(name) ? name.charAt(0).toLowerCase() + name.slice(1) : name;
}

/**
 * `5 mg`, `100 micrograms per dose`, `0.5 mg`, `1,000 mg`: spaces, "per" and digits as the house rules have
 * them.
 */
export function strengthText(strength: string, number: (digits: string) => string): string {
  return strength
    .replace(/\s?\/\s?/g, ' per ')
    .replace(
      /(\d[\d,.]*)\s?(?=[A-Za-z%])/g,
      (_whole, digits: string) => `${number(digits.replaceAll(',', ''))}\u00a0`,
    )
    .replace(/\u00a0%/g, '%')
    .replace(/\bper 1\u00a0/g, 'per ')
    .replace(/\bmcg\b/g, 'micrograms');
}
