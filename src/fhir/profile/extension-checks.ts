/**
 * Extensions: that their definition is known, is held to, and may be used where it is.
 * http://hl7.org/fhir/R4/extensibility.html, http://hl7.org/fhir/R4/defining-extensions.html#context
 */
import { Failure } from '../../base/failure.ts';
import { compile } from '../fhir-path.ts';
import { isObject } from '../json-access.ts';
import type { Structure } from './definition-source.ts';
import { namesOf } from './item-members.ts';
import type { Focus, ProfileRun } from './profile-run.ts';
import { treeOf } from './profile-tree.ts';
import { typeTree } from './type-insides.ts';

/** HL7's own, which later packages define, tools and other versions of FHIR use; and those of examples. */
const KNOWN_PUBLISHER = /^http:\/\/hl7\.org\/fhir\//;
const EXAMPLE = /^https?:\/\/(?:[^/]*\.)?(?:example\.(?:org|com)|acme\.com)\b/;

/**
 * The definition of an extension, where it has one; reports an address that is none, a definition that is not
 * known, and one that may not be used here.
 */
export function checkExtension(run: ProfileRun, focus: Focus): Structure | undefined {
  const { item } = focus;
  const url = isObject(item.value) ? item.value.url : undefined;
  if (typeof url !== 'string' || url === '') return undefined;
  const modifier = focus.name === 'modifierExtension';
  if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) {
    // inside another extension a short name is right, and that one's definition knows it
    if (focus.parent?.item.type !== 'Extension') {
      run.error('extension', item.path, 'The url of an extension must be absolute.');
    }
    return undefined;
  }
  if (url.includes('|')) {
    run.error('extension', item.path, 'The url of an extension must not have a version (after "|").');
    run.error('extension', `${item.path}.url`, 'The url must be that of the definition, without a version.');
  }
  const structure = run.source.structure(url);
  if (structure === undefined) {
    reportUnknown(run, focus, url, modifier);
    if (run.options.noExamples === true && EXAMPLE.test(url)) {
      run.error('extension', `${item.path}.url`, 'The url is one of examples, which are not allowed here.');
    }
    return undefined;
  }
  if (structure.type !== 'Extension') {
    run.error('extension', item.path, 'The url names a definition that is not of an extension.');
    return undefined;
  }
  checkContext(run, focus, structure);
  const isModifier = treeOf(structure)?.root.definition.isModifier === true;
  if (isModifier !== modifier) {
    const text = isModifier
      ? 'This is a modifierExtension: it must stand there.'
      : 'This modifies nothing: it is an extension.';
    run.error('extension', item.path, text);
  }
  return structure;
}

function reportUnknown(run: ProfileRun, { item }: Focus, url: string, modifier: boolean): void {
  const tolerated = KNOWN_PUBLISHER.test(url) || (EXAMPLE.test(url) && run.options.noExamples !== true);
  const asked = run.options.unknownExtensions ?? 'information';
  const severity = modifier ? 'error' : tolerated && asked === 'error' ? 'warning' : asked;
  const text = 'No definition of this extension is loaded, so it has not been checked.';
  const hint = severity === 'error' ? ' Load the package that defines it, or leave it out.' : '';
  run.report({ severity, code: 'extension', path: item.path, text: text + hint });
}

function checkContext(run: ProfileRun, focus: Focus, structure: Structure): void {
  const { parent } = focus;
  const contexts = structure.context ?? [];
  if (parent === undefined || contexts.length === 0) return;
  const names = new Set(namesOf(parent));
  if (isCanonical(run, parent)) names.add('CanonicalResource').add('MetadataResource');
  const fits = contexts.some(({ type, expression }) => {
    if (type === 'extension') return isObject(parent.item.value) && parent.item.value.url === expression;
    if (type === 'fhirpath') return fitsPath(focus, expression);
    return (
      expression === 'Element' || names.has(expression.replaceAll('[x]', '')) || fitsChoice(names, expression)
    );
  });
  if (!fits) {
    const where = contexts.map((one) => one.expression).join(', ');
    run.error('extension', focus.item.path, `This extension may not be used here, only on: ${where}.`);
  }
}

/** Later versions of FHIR have a name for the types that have a url and a status. */
function isCanonical(run: ProfileRun, { item }: Focus): boolean {
  if (!isObject(item.value) || typeof item.value.resourceType !== 'string') return false;
  const names = (typeTree(run.source, item.value.resourceType)?.root.children ?? []).map((one) => one.name);
  return names.includes('url') && names.includes('status');
}

/** `Observation.value[x]` also fits where the definition says which one: `Observation.valueQuantity`. */
function fitsChoice(names: ReadonlySet<string>, expression: string): boolean {
  const plain = expression.replace(/\.ofType\((\w+)\)/g, '');
  return plain !== expression && names.has(plain);
}

/** The element must be among what the expression selects from the resource. */
function fitsPath({ scope, parent }: Focus, expression: string): boolean {
  try {
    const selected = compile(expression)(scope.resource, {
      resource: scope.resource,
      rootResource: scope.root,
    });
    return selected.includes(parent?.item.value) || selected.includes(true);
  } catch (error) {
    if (error instanceof Failure) return true;
    throw error;
  }
}
