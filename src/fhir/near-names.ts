/** Names that somebody may have meant, for messages about a name that does not exist. */
const NEAR_MAX = 3;

/**
 * At most three of `names` that are close to `given`, closest first: few letters off, or one within the
 * other.
 */
export function nearNames(given: string, names: Iterable<string>): readonly string[] {
  const wanted = given.toLowerCase().slice(0, 64);
  const near: { name: string; distance: number }[] = [];
  for (const name of names) {
    const distance = distanceOf(wanted, name.toLowerCase());
    const within = wanted.length > 2 && (name.includes(wanted) || (name.length > 2 && wanted.includes(name)));
    if (distance <= Math.max(1, Math.floor(wanted.length / 3)) || within) near.push({ name, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return near.slice(0, NEAR_MAX).map((one) => one.name);
}

/** Levenshtein: letters to put in, take out or change. */
function distanceOf(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (before[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    before = row;
  }
  return before[b.length] ?? 0;
}
