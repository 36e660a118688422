/**
 * What is in a package, taken file by file: which are definitions, which examples, and what the package says of
 * itself in package.json. Written straight on to two files of lines, so that a package is never in memory whole.
 */
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { isObject, type JsonObject } from '../fhir/json-access.ts';
import { isDefinitionType } from '../fhir/loaded-definitions.ts';
import { parseJson } from '../fhir/parse-json.ts';
import { type PackageFile, shown } from './package-file.ts';
import type { IndexRow, PackageIndex } from './package-index.ts';

/** Whether files are where a package has them, or lie loose in folders. */
export type Layout = 'package' | 'loose';

export interface PackageIdentity {
  readonly name: string;
  readonly version: string;
}

/** Takes a line without its end. */
export type TakeLine = (line: Buffer) => Promise<void>;

export interface ContentParts {
  readonly layout: Layout;
  readonly settings: Pick<Settings, 'jsonDepthMax'>;
  readonly definition: TakeLine;
  /** Absent where examples are not kept. */
  readonly example?: TakeLine;
}

type Said = Pick<PackageIndex, 'needs' | 'licence'> & Partial<PackageIdentity>;

export class PackageContent {
  readonly rows: IndexRow[] = [];
  examples = 0;
  leftAside = 0;
  readonly #parts: ContentParts;
  readonly #seen = new Set<string>();
  #at = 0;
  #said: Said | undefined;

  constructor(parts: ContentParts) {
    this.#parts = parts;
  }

  /** Takes a file. Throws Failure `structure`, `duplicate`, `not-supported`, naming the file. */
  async take({ path, bytes }: PackageFile): Promise<void> {
    const place = placeOf(path, this.#parts.layout);
    if (place === 'other') {
      this.leftAside++;
      return;
    }
    const value = this.#parsed(path, bytes);
    if (place === 'manifest') {
      this.#said = saidIn(value);
    } else if (!isObject(value) || typeof value.resourceType !== 'string') {
      this.leftAside++;
    } else if (place === 'definition' && isDefinitionType(value.resourceType)) {
      await this.#definition(path, value);
    } else {
      this.examples++;
      await this.#parts.example?.(Buffer.from(JSON.stringify(value)));
    }
  }

  /** What the package says of itself; what the operator gave goes before it. Throws Failure `required`. */
  said(given: Partial<PackageIdentity>): PackageIdentity & Said {
    const said = this.#said ?? { needs: {} };
    const name = given.name ?? said.name;
    const version = given.version ?? said.version ?? (this.#said === undefined ? '0.0.0' : undefined);
    if (name === undefined || version === undefined) {
      throw new Failure(
        'required',
        'What is given has no package.json that says what it is called: give it a name with --name NAME.',
      );
    }
    if (
      !/^[A-Za-z0-9@][A-Za-z0-9._-]{0,99}$/.test(name) ||
      !/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/.test(version)
    ) {
      throw new Failure(
        'value',
        'The name of a package is letters, digits, dots and dashes, such as "fhir.r4.ukcore"; its version such as ' +
          `"2.0.1". These are "${shown(name)}" and "${shown(version)}".`,
      );
    }
    return { ...said, name, version };
  }

  #parsed(path: string, bytes: Buffer): unknown {
    try {
      return parseJson(bytes, this.#parts.settings);
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause;
      const text = `"${shown(path)}" in the package: ${cause.message} Nothing was loaded.`;
      throw new Failure(cause.code, text, { cause });
    }
  }

  async #definition(path: string, value: JsonObject): Promise<void> {
    const type = value.resourceType;
    const url = type === 'NamingSystem' ? (value.url ?? value.name) : value.url;
    if (!isDefinitionType(type) || typeof url !== 'string' || url === '') {
      this.leftAside++; // nothing can name it
      return;
    }
    const version = typeof value.version === 'string' ? { version: value.version } : {};
    const key = `${type} ${url}|${version.version ?? ''}`;
    if (this.#seen.has(key)) {
      throw new Failure(
        'duplicate',
        `"${shown(path)}" defines ${shown(url)}, which another file of the package defines as well. ` +
          'Nothing was loaded.',
      );
    }
    this.#seen.add(key);
    const line = Buffer.from(JSON.stringify(value));
    this.rows.push({ type, url, ...version, at: this.#at, length: line.length });
    this.#at += line.length + 1;
    await this.#parts.definition(line);
  }
}

/** npm puts everything below one folder; FHIR puts definitions right there and examples in a folder of their own. */
function placeOf(path: string, layout: Layout): 'manifest' | 'definition' | 'example' | 'other' {
  if (layout === 'loose') return 'definition';
  const [, ...steps] = path.split('/');
  if (steps.length === 1) return steps[0] === 'package.json' ? 'manifest' : 'definition';
  return steps.length === 2 && /^examples?$/.test(steps[0] ?? '') ? 'example' : 'other';
}

function saidIn(value: unknown): Said {
  if (!isObject(value)) throw new Failure('structure', 'The package.json of the package is no JSON object.');
  const versions = value.fhirVersions ?? value['fhir-version-list'];
  if (Array.isArray(versions) && versions.length > 0 && !versions.some(isR4)) {
    throw new Failure(
      'not-supported',
      `The package is for FHIR ${shown(versions.join(', '))}; this is FHIR R4 (4.0). Nothing was loaded.`,
    );
  }
  const needs = isObject(value.dependencies) ? value.dependencies : {};
  return {
    ...(typeof value.name === 'string' ? { name: value.name } : {}),
    ...(typeof value.version === 'string' ? { version: value.version } : {}),
    ...(typeof value.license === 'string' ? { licence: value.license } : {}),
    needs: Object.fromEntries(Object.entries(needs).map(([name, version]) => [name, String(version)])),
  };
}

function isR4(version: unknown): boolean {
  return typeof version === 'string' && (version.startsWith('4.0') || version === 'R4');
}
