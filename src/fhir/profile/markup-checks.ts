/**
 * Markup where there should be none: text that looks like HTML tags, which careless pages would run. Looked at
 * on request only, since R4 does not forbid it. http://hl7.org/fhir/R4/security.html#narrative
 */
import type { Item, ProfileRun } from './profile-run.ts';

const TAG = /<[A-Za-z!/?]/;

/** Reports tags in text and in markdown where the options forbid them. */
export function checkMarkup(run: ProfileRun, item: Item): void {
  if (typeof item.value !== 'string') return;
  const markdown = item.type === 'markdown';
  const forbidden = markdown ? run.options.noMarkdownMarkup : run.options.noMarkup;
  if (forbidden !== true || !TAG.test(item.value)) return;
  run.error(
    'security',
    item.path,
    'The text looks as if it had HTML tags in it, which are not allowed here.',
  );
}
