/**
 * Codes of the ValueSets and CodeSystems that a node itself holds, before those of R4 and of its packages. What a
 * value set is made of is fetched first, since the expansion asks for it in one go.
 */
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import type { CodeSet, Codes } from './codes.ts';
import { isArray, isObject, type JsonObject } from './json-access.ts';
import type { DefinitionSource } from './profile/definition-source.ts';
import { expandCodes } from './profile/expand-codes.ts';

type Kind = 'ValueSet' | 'CodeSystem';

/** The node's own, `url`, `url|version` or `Type/id`; undefined where it has none. */
export type LoadDefinition = (type: Kind, canonical: string) => Promise<JsonObject | undefined>;

type Find = DefinitionSource['find'];

/** Definitions that one value set may be made of. */
const DEFINITIONS_MAX = 200;

/** Codes by way of `load`, and of `others` where the node itself has none. */
export function nodeCodes(
  load: LoadDefinition,
  others: () => Promise<{ readonly find: Find }>,
  settings: Pick<Settings, 'valueSetCodesMax'>,
): Codes {
  const gathered = async (type: Kind, canonical: string): Promise<Codes> => {
    const { find } = await others();
    const own = new Map<string, JsonObject>();
    await gather(type, canonical, own, load, find);
    return expandCodes((of, url) => own.get(`${of} ${url}`) ?? find(of, url), settings);
  };
  return {
    async valueSet(url): Promise<CodeSet | undefined> {
      return (await gathered('ValueSet', url)).valueSet(url);
    },
    async hierarchy(system, code, direction) {
      return (await gathered('CodeSystem', system)).hierarchy(system, code, direction);
    },
  };
}

async function gather(
  type: Kind,
  canonical: string,
  own: Map<string, JsonObject>,
  load: LoadDefinition,
  find: Find,
): Promise<void> {
  const waiting: (readonly [Kind, string])[] = [[type, canonical]];
  const seen = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [kind, url] = next;
    const key = `${kind} ${url}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (seen.size > DEFINITIONS_MAX) {
      throw new Failure(
        'too-costly',
        `${canonical} is made of more than ${DEFINITIONS_MAX} value sets and code systems.`,
      );
    }
    const stored = await load(kind, url);
    if (stored !== undefined) own.set(key, stored);
    const definition = stored ?? find(kind, url);
    if (kind === 'ValueSet' && definition !== undefined) waiting.push(...partsOf(definition));
  }
}

/** What a value set names: systems and other value sets. */
function partsOf({ compose }: JsonObject): (readonly [Kind, string])[] {
  if (!isObject(compose)) return [];
  return [compose.include, compose.exclude]
    .flatMap(objectsOf)
    .flatMap((part) => [
      ...(typeof part.system === 'string' ? [['CodeSystem', part.system] as const] : []),
      ...(isArray(part.valueSet) ? part.valueSet : [])
        .filter((url) => typeof url === 'string')
        .map((url) => ['ValueSet', url] as const),
    ]);
}

const objectsOf = (list: unknown): readonly JsonObject[] => (isArray(list) ? list.filter(isObject) : []);
