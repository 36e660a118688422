/**
 * The house rules, as a test over the repository: room borders, banned calls, sizes, documentation in
 * both directions. It asserts that it saw files, since a check that silently does nothing is worse than none.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && existsSync(path));
const sources = tracked.filter((path) => /^src\/.*\.tsx?$/.test(path));
const production = sources.filter((path) => !/\.test\.tsx?$/.test(path) && !path.endsWith('-contract.ts'));
const text = new Map(
  tracked
    .filter((path) => /\.(tsx?|js|md|json)$/.test(path))
    .map((path) => [path, readFileSync(path, 'utf8')]),
);
const read = (path: string): string => text.get(path) ?? '';

/** Room → rooms it may import, besides itself, fhir and base (ARCHITECTURE.md, "Rooms"). */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  fhir: [],
  identity: [],
  packages: [],
  store: [],
  access: ['store'],
  records: ['access', 'store', 'identity'],
  network: ['records', 'access', 'identity'],
  care: ['records', 'access', 'identity'],
  ingest: ['records', 'access', 'identity'],
  analytics: ['records', 'access'],
  api: ['records', 'access', 'identity', 'network', 'care'],
  web: ['records', 'access', 'identity', 'network', 'care'],
  conformance: [],
  demo: [],
};
/** Type-only imports of store shapes (Stored, Page, WriteOp …) are part of what records hands out. */
const TYPES_OF_STORE = ['access', 'network', 'care', 'ingest', 'api', 'web', 'identity'];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function importsOf(path: string): Import[] {
  const found: Import[] = [];
  const pattern =
    /(?:^|\n)\s*(import|export)\s+(type\s+)?[^'";]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g;
  for (const match of read(path).matchAll(pattern)) {
    const to = match[3] ?? match[4] ?? match[5] ?? '';
    found.push({ from: path, to, typeOnly: match[2] !== undefined });
  }
  return found;
}

const relativeImports = (path: string): (Import & { target: string })[] =>
  importsOf(path)
    .filter((one) => one.to.startsWith('.'))
    .map((one) => ({ ...one, target: normalize(join(dirname(path), one.to)) }));

const roomOf = (path: string): string => path.split('/')[1] ?? '';

describe('rooms', () => {
  it('sees the source', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(new Set(production.map(roomOf)).size).toBeGreaterThan(8);
    expect(production.flatMap(importsOf).length).toBeGreaterThan(200);
  });

  it('import only what the table allows', () => {
    const breaches: string[] = [];
    for (const path of production) {
      const room = roomOf(path);
      if (!(room in MAY_IMPORT)) continue; // cli and app.ts: the composition root
      for (const one of relativeImports(path)) {
        const other = roomOf(one.target);
        if (other === room || other === 'base') continue;
        if (other === 'fhir' && room !== 'base') continue;
        if (MAY_IMPORT[room]?.includes(other)) continue;
        if (other === 'store' && one.typeOnly && TYPES_OF_STORE.includes(room)) continue;
        breaches.push(`${path} imports ${one.target}`);
      }
    }
    expect(breaches).toEqual([]);
  });

  it("never reach into another room's sub-folder", () => {
    const breaches = production.flatMap((path) =>
      relativeImports(path)
        .filter(
          (one) =>
            roomOf(one.target) !== roomOf(path) &&
            one.target.startsWith('src/') &&
            one.target.split('/').length > 3,
        )
        .map((one) => `${path} reaches into ${one.target}`),
    );
    expect(breaches).toEqual([]);
  });

  it('have no import cycles', () => {
    const edges = new Map(
      production.map((path) => [
        path,
        relativeImports(path)
          .filter((one) => !one.typeOnly)
          .map((one) => one.target),
      ]),
    );
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (state.get(path) === 'done') return;
      if (state.get(path) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
        return;
      }
      state.set(path, 'open');
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
      state.set(path, 'done');
    };
    for (const path of production) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('are each described in ARCHITECTURE.md', () => {
    const missing = [...new Set(production.map(roomOf))]
      .filter((room) => room in MAY_IMPORT || room === 'cli')
      .filter((room) => !read('ARCHITECTURE.md').includes(`| \`${room}\` |`));
    expect(missing).toEqual([]);
  });
});

describe('banned', () => {
  const BANNED: readonly { readonly what: RegExp; readonly allowed: RegExp; readonly why: string }[] = [
    { what: /from 'node:sqlite'/, allowed: /^src\/store\/sqlite\//, why: 'node:sqlite only in store/sqlite' },
    {
      what: /\bprocess\.env\b/,
      allowed: /^src\/base\/settings\.ts$/,
      why: 'process.env only in base/settings',
    },
    {
      what: /\bDate\.now\(|\brandomUUID\(|\bMath\.random\(/,
      allowed: /^src\/base\//,
      why: 'time and chance only through base',
    },
    { what: /@ts-ignore|@ts-nocheck|biome-ignore|\bas any\b/, allowed: /^$/, why: 'holes in the types' },
    { what: /\b(TODO|FIXME|XXX)\b/, allowed: /^src\/demo\//, why: 'finish it, or file an issue' },
    { what: /\bconsole\.(log|error|warn|info)\(/, allowed: /^src\/cli/, why: 'a log, or the command line' },
  ];
  for (const { what, allowed, why } of BANNED) {
    it(why, () => {
      const breaches = production.filter(
        (path) => !allowed.test(path) && what.test(withoutComments(read(path))),
      );
      expect(breaches).toEqual([]);
    });
  }
});

/** Comments may speak of what code may not do; leftovers and ignores count wherever they stand. */
function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, (block) =>
    /@ts-|biome-ignore|TODO|FIXME/.test(block) ? block : '',
  );
}

describe('sizes', () => {
  it('lines are at most 110 characters', () => {
    const long = production.flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, i) => (line.length > 120 ? [`${path}:${i + 1} ${line.length}`] : [])),
    );
    expect(long).toEqual([]);
  });

  it('a file tells one story', () => {
    const long = production.flatMap((path) => {
      const lines = read(path).split('\n').length;
      return lines > 500 ? [`${path} ${lines} lines`] : [];
    });
    expect(long).toEqual([]);
  });

  it('every file says what it is for', () => {
    const silent = production.filter((path) => !/^(#![^\n]*\n)?\s*\/\*\*/.test(read(path)));
    expect(silent).toEqual([]);
  });

  it('file names are kebab-case and none is a drawer', () => {
    const odd = sources.filter((path) => {
      const name = path.split('/').at(-1) ?? '';
      return (
        !/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.tsx?$/.test(name) ||
        /\b(utils?|helpers?|common|manager|services?)\b/.test(name)
      );
    });
    expect(odd).toEqual([]);
  });
});

describe('tests', () => {
  it('none is skipped, focused or left to do', () => {
    const left = tracked
      .filter((path) => /\.test\.tsx?$/.test(path) && path !== 'test/tidy.test.ts')
      .filter((path) => /\b(it|test|describe)\.(only|todo|skip)\(/.test(read(path)));
    expect(left).toEqual([]);
  });
});

describe('docs', () => {
  it('that are made from code are as it would make them now', () => {
    execFileSync(process.execPath, ['scripts/generate-docs.ts', '--check'], { stdio: 'pipe' });
  });

  it('name every code of an error, and no other', async () => {
    const { ISSUE_TYPES } = await import('../src/base/failure.ts');
    const documented = [...read('docs/reference/errors.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map(
      (match) => match[1] ?? '',
    );
    const codes = Object.keys(ISSUE_TYPES).filter((code) => code !== 'informational');
    expect(documented.sort()).toEqual(codes.sort());
  });

  it('name every setting, and no other', async () => {
    const { SETTINGS } = await import('../src/base/settings.ts');
    const documented = [...read('docs/reference/settings.md').matchAll(/^\| `(\w+)` \|/gm)].map(
      (match) => match[1] ?? '',
    );
    expect(documented.sort()).toEqual(Object.keys(SETTINGS).sort());
  });

  it('name every command, and no other', () => {
    const commands = tracked
      .filter(
        (path) => /^src\/cli\/[a-z-]+\.ts$/.test(path) && /export function \w+Command\(/.test(read(path)),
      )
      .map((path) => path.slice('src/cli/'.length, -'.ts'.length));
    const documented = [...read('docs/reference/commands.md').matchAll(/^## `openward ([a-z-]+)/gm)].map(
      (match) => match[1] ?? '',
    );
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) expect(documented).toContain(command);
  });

  it('name a test that exists in every row of the hazard log', () => {
    const rows = [...read('docs/safety/hazard-log.md').matchAll(/^\| H\d+ \|.*$/gm)].map((match) => match[0]);
    expect(rows.length).toBeGreaterThan(4);
    for (const row of rows) {
      const tests = [...row.matchAll(/`([^`]+\.test\.tsx?)` "([^"]+)"/g)];
      expect(tests.length, row).toBeGreaterThan(0);
      for (const [, path, title] of tests) {
        expect(read(path ?? ''), `${path} holds "${title}"`).toContain(title);
      }
    }
  });

  it('link only to files that exist', () => {
    const broken = tracked
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
          .map((match) => normalize(join(dirname(path), match[1] ?? '')))
          .filter((target) => !existsSync(target))
          .map((target) => `${path} → ${target}`),
      );
    expect(broken).toEqual([]);
  });
});
