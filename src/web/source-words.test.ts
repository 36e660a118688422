import { describe, expect, it } from 'vitest';
import { NOW, source } from '../../test/record-views-under-test.ts';
import { momentAt } from './moment.ts';
import { sectionGaps } from './record/section-gaps.ts';
import { asAtWords, isWorthTrying, sourceSentence, stateWords } from './source-words.ts';

const now = momentAt(NOW);
const YESTERDAY = NOW - 26 * 3_600_000;
const FACES = ['clinician', 'patient'] as const;

describe('what is said of a source', () => {
  it.each(FACES)('frozen or late data never reads as if it were live: %s', (face) => {
    const said = (['behind', 'copy', 'unavailable', 'refused'] as const).map((status) =>
      stateWords(status, face),
    );
    expect(new Set(said).size).toBe(4);
    expect(said).not.toContain(stateWords('live', face));
    for (const words of said) expect(words).not.toMatch(/live|up to date/i);
  });

  it.each(FACES)('a copy says how old it is and that anything newer is missing: %s', (face) => {
    const sentence = sourceSentence(source({ status: 'copy', asAt: YESTERDAY }), now, face);
    expect(sentence).toContain('We could not get this from Mill Lane Surgery');
    expect(sentence).toContain(face === 'clinician' ? '23-Nov-2026 08:00' : '23 November 2026 at 8am');
    expect(sentence).toContain('missing');
  });

  it.each(FACES)('one that is late says with what, and since when: %s', (face) => {
    const late = source({ status: 'behind', behind: ['Observation', 'Observation', 'Condition'] });
    expect(sourceSentence(late, now, face)).toContain(
      `results and measurements and problems since ${face === 'clinician' ? '09:00' : '9am today'}`,
    );
  });

  it('a feed that was never heard is no age', () => {
    const never = source({ status: 'behind', asAt: 0 });
    expect(asAtWords(never.asAt, now, 'clinician')).toBe('age not known');
    expect(sourceSentence(never, now, 'clinician')).not.toContain('1970');
  });

  it('each kind of refusal has words of its own, which name no way round it', () => {
    for (const face of FACES) {
      const rules = ['consent', 'role', 'label', 'identity', 'quarantine'] as const;
      const said = rules.map((rule) => sourceSentence(source({ status: 'refused', rule }), now, face));
      expect(new Set(said).size).toBe(rules.length);
    }
    expect(isWorthTrying(source({ status: 'refused', rule: 'consent' }))).toBe(false);
    expect(isWorthTrying(source({ status: 'unavailable' }))).toBe(true);
  });
});

describe('what may be missing from a section', () => {
  const surgery = source({ covers: ['Condition', 'Observation'] });

  it.each([
    ['a copy that covers it', source({ ods: 'RX1', status: 'copy', covers: ['Condition'] }), 1],
    ['a copy of other things only', source({ ods: 'RX1', status: 'copy', covers: ['Observation'] }), 0],
    [
      'one out of reach that never said what it holds',
      source({ ods: 'RX1', status: 'unavailable', covers: [] }),
      1,
    ],
    ['a refusal', source({ ods: 'RX1', status: 'refused', covers: ['Condition'] }), 1],
    ['one behind with it', source({ ods: 'RX1', status: 'behind', behind: ['Condition'] }), 1],
    ['one behind with something else', source({ ods: 'RX1', status: 'behind', behind: ['Observation'] }), 0],
    ['a live one', source({ ods: 'RX1', covers: ['Condition'] }), 0],
  ])('by %s', (_what, other, gaps) => {
    expect(sectionGaps([surgery, other], ['Condition']).gaps).toHaveLength(gaps);
  });
});
