/** Reading lists and extensions in resources of unknown shape. */
import { isArray, isObject, type JsonObject } from '../json-access.ts';

/** The objects of a list; none where it is no list. */
export function asObjects(value: unknown): readonly JsonObject[] {
  return isArray(value) ? value.filter(isObject) : [];
}

/** The extensions with this url, in order. */
export function extensionsWith(holder: JsonObject, url: string): readonly JsonObject[] {
  return asObjects(holder.extension).filter((one) => one.url === url);
}

/** The value of the first extension with this url, whatever its type; undefined where there is none. */
export function extensionValue(holder: JsonObject, url: string): unknown {
  const [found] = extensionsWith(holder, url);
  return found === undefined ? undefined : choiceOf(found, 'value')?.value;
}

/** The member of a choice that is there: `valueDate` is of type `Date`. */
export function choiceOf(
  holder: JsonObject,
  name: string,
): { readonly type: string; readonly value: unknown } | undefined {
  for (const json in holder) {
    if (json.startsWith(name) && /^[A-Z]/.test(json.slice(name.length))) {
      return { type: json.slice(name.length), value: holder[json] };
    }
  }
  return undefined;
}
