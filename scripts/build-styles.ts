/**
 * Styles, script and icon of the pages → dist/web/assets, under names that carry a hash of their content,
 * with a manifest.json that says which is which. Passed over where nothing has changed. The style sheet
 * must not carry what nhsuk-frontend's own brings of the NHS identity: the build fails if it does.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src/web');
const frontend = join(root, 'node_modules/nhsuk-frontend');
export const assetsFolder = join(root, 'dist/web/assets');

/**
 * What the identity rules forbid in anything that we send (reference: NHS identity guidelines; Frutiger's
 * licence).
 */
export const FORBIDDEN_IDENTITY = /Frutiger|assets\.nhs\.uk|nhsuk-header__logo|© NHS England/;

interface Asset {
  readonly role: 'css' | 'js' | 'icon' | 'image';
  readonly name: string;
  readonly bytes: Buffer;
}

const hashOf = (...parts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 12);
};

/**
 * Builds what is missing or out of date. Returns the folder. Throws where the Sass does not compile or
 * carries forbidden identity.
 */
export async function buildStyles(): Promise<string> {
  const stamp = hashOf(
    ...inputs().flatMap((path) => [path.slice(root.length), readFileSync(path)]),
    readFileSync(join(frontend, 'package.json')),
  );
  if (isBuilt(stamp)) return assetsFolder;
  mkdirSync(assetsFolder, { recursive: true });
  const assets = [await styleSheet(), script(), icon(), ...images()];
  for (const { name, bytes } of assets) replaceFile(name, bytes);
  const names = Object.fromEntries(
    assets.filter((one) => one.role !== 'image').map((one) => [one.role, one.name]),
  );
  replaceFile('manifest.json', Buffer.from(`${JSON.stringify({ stamp, ...names })}\n`));
  const kept = new Set([...assets.map((one) => one.name), 'manifest.json']);
  for (const name of readdirSync(assetsFolder)) {
    if (/^openward-/.test(name) && !kept.has(name)) rmSync(join(assetsFolder, name), { force: true });
  }
  return assetsFolder;
}

function inputs(): readonly string[] {
  const files = ['styles', 'scripts'].flatMap((folder) =>
    readdirSync(join(source, folder))
      .sort()
      .map((name) => join(source, folder, name)),
  );
  return [...files, fileURLToPath(import.meta.url)];
}

function isBuilt(stamp: string): boolean {
  try {
    const manifest = JSON.parse(readFileSync(join(assetsFolder, 'manifest.json'), 'utf8')) as {
      stamp?: unknown;
    };
    return manifest.stamp === stamp;
  } catch {
    return false;
  }
}

async function styleSheet(): Promise<Asset> {
  const { compile } = await import('sass');
  const { css } = compile(join(source, 'styles/openward.scss'), {
    loadPaths: [join(root, 'node_modules')],
    style: 'compressed',
    quietDeps: true,
  });
  const forbidden = FORBIDDEN_IDENTITY.exec(css);
  if (forbidden !== null) throw new Error(`The style sheet carries "${forbidden[0]}", which we may not use.`);
  const licensed = `/*! Built with nhsuk-frontend, MIT licence, https://github.com/nhsuk/nhsuk-frontend */\n${css}`;
  return named('css', 'openward', 'css', Buffer.from(licensed));
}

function script(): Asset {
  return named('js', 'openward', 'js', readFileSync(join(source, 'scripts/openward.js')));
}

function icon(): Asset {
  return named('icon', 'openward-icon', 'svg', readFileSync(join(source, 'styles/icon.svg')));
}

/** Icons that the style sheet names by address. */
function images(): Asset[] {
  const folder = join(frontend, 'dist/nhsuk/assets/images');
  return ['arrow-down', 'arrow-up', 'arrow-up-down', 'cross'].map((name) => ({
    role: 'image',
    name: `nhsuk-icon-${name}.svg`,
    bytes: readFileSync(join(folder, `nhsuk-icon-${name}.svg`)),
  }));
}

function named(role: Asset['role'], name: string, ending: string, bytes: Buffer): Asset {
  return { role, name: `${name}-${hashOf(bytes)}.${ending}`, bytes };
}

/** Whole or not at all: two test workers may build at once. */
function replaceFile(name: string, bytes: Buffer): void {
  const temporary = join(assetsFolder, `.${name}.${process.pid}`);
  writeFileSync(temporary, bytes);
  renameSync(temporary, join(assetsFolder, name));
}

if (import.meta.main) await buildStyles();
