/**
 * `npm run docs`: writes the reference pages that derive from code, so that they cannot disagree with it. `--check` changes nothing and
 * fails where a page is out of date (the tidy test runs it so).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { environmentName, flagName, SETTINGS } from '../src/base/settings.ts';

const pages: Readonly<Record<string, string>> = { 'docs/reference/settings.md': settingsPage() };

let stale = 0;
for (const [path, page] of Object.entries(pages)) {
  if (existsSync(path) && readFileSync(path, 'utf8') === page) continue;
  stale++;
  if (process.argv.includes('--check')) process.stderr.write(`${path} is out of date: run "npm run docs"\n`);
  else writeFileSync(path, page);
}
process.exit(process.argv.includes('--check') && stale > 0 ? 1 : 0);

function settingsPage(): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, spec]) =>
      `| \`${name}\` | \`${flagName(name)}\` | \`${environmentName(name)}\` | ${spec.default} | ${spec.unit.replaceAll('|', '\\|')} | ${spec.text} |`,
  );
  return [
    '# Settings',
    '',
    'Made from `src/base/settings.ts` by `npm run docs`. Flag > environment > file (`settings` in the node configuration) > default. None is',
    'needed to start. `openward config check` prints the effective set.',
    '',
    '| name | flag | environment | default | unit | what it does |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
