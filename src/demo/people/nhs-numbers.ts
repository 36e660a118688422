/**
 * NHS numbers for made-up people: 999 000 0000 to 999 999 9999, which are never given to anybody. NHS data
 * dictionary, "NHS NUMBER".
 */

/** First nine digits below those of people, and of the numbers that have been superseded. */
const FIRST = 999_000_001;
const FIRST_SPARE = 999_900_001;

/** Where the last search stopped: people are made in order, and the next number lies right behind. */
let last = { n: 0, nine: FIRST - 1 };

/** The nth NHS number of the range (from 1) that has a right check digit: 9990000018 is the first. */
export function demoNhsNumber(n: number): string {
  let { n: found, nine } = n > last.n ? last : { n: 0, nine: FIRST - 1 };
  while (found < n) {
    nine++;
    if (checkDigit(String(nine)) !== 10) found++;
  }
  last = { n, nine };
  return `${nine}${checkDigit(String(nine))}`;
}

/**
 * The nth number that nobody has as their own: one that was superseded, or typed into a record and never
 * traced.
 */
export function spareNhsNumber(n: number): string {
  for (let nine = FIRST_SPARE, found = 0; ; nine++) {
    const check = checkDigit(String(nine));
    if (check !== 10 && ++found === n) return `${nine}${check}`;
  }
}

/** 11 minus the weighted sum modulo 11; 11 counts as 0, and nine digits that come to 10 are not used. */
function checkDigit(nine: string): number {
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += Number(nine[i]) * (10 - i);
  const check = 11 - (sum % 11);
  return check === 11 ? 0 : check;
}
