/** The names of the months, as everybody here writes them: pages, and the letters of made-up people. */
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** `August` for 8; empty for what is no month. */
export function monthName(month: number): string {
  return MONTHS[month - 1] ?? '';
}
