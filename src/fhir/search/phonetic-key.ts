/**
 * Names by their sound, for R4's `phonetic` parameters, which leave the algorithm to the server: NYSIIS
 * (New York State Identification and Intelligence System, 1970) with Y heard as a vowel, word by word.
 * Both the index and the search use it, so they agree.
 */
import { normaliseText } from '../search-value.ts';

/** Beginnings and endings that are written in several ways. */
const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [/^MAC/, 'MCC'],
  [/^KN/, 'NN'],
  [/^K/, 'C'],
  [/^P[HF]/, 'FF'],
  [/^SCH/, 'SSS'],
];
const ENDINGS: readonly (readonly [RegExp, string])[] = [
  [/[EI]E$/, 'Y'],
  [/(?:DT|RT|RD|NT|ND)$/, 'D'],
];

/**
 * The key of a text: words that sound alike have the same one (`Catherine`, `Kathryn`). Letters outside
 * A to Z are kept as they are, so that a name in another script still finds itself. '' where there is
 * nothing to hear.
 */
export function phoneticKey(text: string): string {
  return normaliseText(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => (/^[a-z]+$/.test(word) ? wordKey(word.toUpperCase()) : word))
    .join(' ');
}

function wordKey(word: string): string {
  let name = word;
  for (const [form, to] of BEGINNINGS) name = name.replace(form, to);
  for (const [form, to] of ENDINGS) name = name.replace(form, to);
  let key = name[0] ?? '';
  let last = key;
  for (let i = 1; i < name.length; i++) {
    const { sound, length } = soundAt(name, i);
    const added = sound === '' ? last : sound;
    if (added.at(-1) !== last) key += added;
    last = added.at(-1) ?? last;
    i += length - 1;
  }
  if (key.length > 1) key = key.replace(/S$/, '').replace(/A$/, '');
  return key.toLowerCase();
}

const isVowel = (letter: string | undefined): boolean => letter !== undefined && 'AEIOUY'.includes(letter);

/** What is heard at a letter, and how many letters it takes; '' repeats the sound before. */
function soundAt(name: string, at: number): { sound: string; length: number } {
  const letter = name[at] ?? '';
  if (name.startsWith('EV', at)) return { sound: 'AF', length: 2 };
  if (isVowel(letter)) return { sound: 'A', length: 1 };
  if (letter === 'Q') return { sound: 'G', length: 1 };
  if (letter === 'Z') return { sound: 'S', length: 1 };
  if (letter === 'M') return { sound: 'N', length: 1 };
  if (name.startsWith('KN', at)) return { sound: 'N', length: 2 };
  if (letter === 'K') return { sound: 'C', length: 1 };
  if (name.startsWith('SCH', at)) return { sound: 'S', length: 3 };
  if (name.startsWith('PH', at)) return { sound: 'F', length: 2 };
  if (letter === 'H' && !(isVowel(name[at - 1]) && isVowel(name[at + 1]))) return { sound: '', length: 1 };
  if (letter === 'W' && isVowel(name[at - 1])) return { sound: '', length: 1 };
  return { sound: letter, length: 1 };
}
