/**
 * $validate: whether a resource is what R4 and its profiles ask for, and whether this server would take it,
 * without taking it. 200 whether it is valid or not; anything else means that it was not found out. R4
 * http://hl7.org/fhir/R4/resource-operation-validate.html.
 */
import { Failure, type Issue } from '../../base/failure.ts';
import { isObject } from '../../fhir/json-access.ts';
import { validateProfiles } from '../../fhir/profile-validator.ts';
import { validate } from '../../fhir/validate.ts';
import { outcomeBytes } from '../answers.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import { idOf, type Operation, typeOf } from '../interaction.ts';
import { hasBody, oneValue, parametersIn } from '../operation-parameters.ts';
import { requireKnown } from '../page-links.ts';
import { parsedBody } from '../written-resource.ts';

const KNOWN = ['mode', 'profile', '_format', '_pretty'];

export const validation: Operation = {
  name: 'validate',
  type: 'any',
  levels: ['type', 'instance'],
  methods: ['GET', 'POST'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
  returns: 'OperationOutcome',
  summary: 'Whether a resource is valid by R4 and by profiles, as a create, an update or a deletion',
  parameters: [
    { name: 'resource', type: 'Resource', text: 'What is to be checked; left out for mode delete' },
    { name: 'mode', type: 'code', text: 'create, update or delete; the content alone where left out' },
    { name: 'profile', type: 'uri', text: 'Canonical URL of a profile to check against' },
  ],
  handle: answerValidate,
};

type Mode = 'create' | 'update' | 'delete';

interface Asked {
  readonly resource: unknown;
  readonly mode: Mode | undefined;
  readonly profile: string | undefined;
}

async function answerValidate(call: FhirCall): Promise<FhirAnswer> {
  const asked = askedOf(call);
  const { mode, profile, resource } = asked;
  if (call.id === undefined && (mode === 'update' || mode === 'delete')) {
    throw new Failure(
      'invalid',
      `Mode ${mode} is about a resource that is there: post to Type/id/$validate.`,
    );
  }
  const profiles = profile === undefined ? [] : [profile];
  if (profile !== undefined) await requireProfile(call, profile);
  if (mode === 'delete') return outcomeAnswer(await deletionIssues(call));
  if (resource === undefined) {
    // GET Type/id/$validate: what is there
    if (call.id === undefined || mode !== undefined) {
      throw new Failure('required', 'Send the resource: as the body, or as the parameter "resource".');
    }
    const stored = await call.session.read(typeOf(call), idOf(call));
    return outcomeAnswer(await contentIssues(call, JSON.parse(stored.bytes.toString('utf8')), profiles));
  }
  const issues = [...(await contentIssues(call, resource, profiles))];
  if (mode !== undefined) issues.push(...(await modeIssues(call, mode, resource)));
  return outcomeAnswer(issues);
}

/** What is asked, from the address and from the body: a Parameters resource, or the resource itself. */
function askedOf(call: FhirCall): Asked {
  requireKnown(call.pairs, KNOWN, '$validate');
  const [mode, profile] = [oneValue(call.pairs, 'mode'), oneValue(call.pairs, 'profile')];
  if (!hasBody(call)) return { resource: undefined, mode: modeOf(mode), profile };
  const body = parsedBody(call);
  const isItself = call.type === 'Parameters' && !holdsResource(body);
  if (isItself || !isObject(body) || body.resourceType !== 'Parameters') {
    return { resource: body, mode: modeOf(mode), profile };
  }
  const given = parametersIn(body);
  requireKnown(
    given.map((one) => [one.name, ''] as const),
    ['resource', 'mode', 'profile'],
    '$validate',
  );
  const named = (name: string) => given.find((one) => one.name === name);
  const [as, of] = [named('mode'), named('profile')];
  return {
    resource: named('resource')?.resource,
    mode: modeOf(as?.valueCode ?? as?.valueString ?? mode),
    profile: of?.valueUri ?? of?.valueCanonical ?? of?.valueString ?? profile,
  };
}

function holdsResource(body: unknown): boolean {
  const list = isObject(body) && Array.isArray(body.parameter) ? body.parameter : [];
  return list.some((one) => isObject(one) && one.name === 'resource' && one.resource !== undefined);
}

function modeOf(text: string | undefined): Mode | undefined {
  if (text === undefined || text === 'create' || text === 'update' || text === 'delete') return text;
  throw new Failure('value', 'The mode of $validate is create, update or delete.');
}

/** R4: "if the server cannot validate against the nominated profile, it SHALL return an error". */
async function requireProfile(call: FhirCall, profile: string): Promise<void> {
  const definitions = await call.context.definitions();
  if (definitions.structure(profile) !== undefined) return;
  const reason = definitions.problemOf(profile) ?? 'No package that is loaded here has it.';
  const hint = 'Add one with "openward packages add", or leave "profile" out to check against R4 itself.';
  throw new Failure('not-supported', `There is no such profile here. ${reason} ${hint}`);
}

/**
 * What is wrong with the content, the type of the address included: by the check that every write passes, and
 * where that has no objection by R4, the profiles that it claims and the one that is asked for.
 */
async function contentIssues(
  call: FhirCall,
  resource: unknown,
  profiles: readonly string[],
): Promise<readonly Issue[]> {
  const atDoor = validate(resource);
  const refused = atDoor.some((issue) => issue.severity === 'error');
  const issues = refused ? atDoor : await profileIssues(call, resource, profiles);
  const actual = isObject(resource) ? resource.resourceType : undefined;
  if (typeof actual !== 'string' || actual === typeOf(call)) return issues;
  const text = `The address says ${typeOf(call)}, the resource is of another type.`;
  return [{ severity: 'error', code: 'invalid', text, expression: 'resourceType' }, ...issues];
}

async function profileIssues(
  { context }: FhirCall,
  resource: unknown,
  profiles: readonly string[],
): Promise<readonly Issue[]> {
  if (context.validateBeside !== undefined) return context.validateBeside(resource, profiles);
  return validateProfiles(await context.definitions(), resource, context.settings, { profiles });
}

/** What would stand in the way of writing it now. */
async function modeIssues(call: FhirCall, mode: Mode, resource: unknown): Promise<readonly Issue[]> {
  if (mode === 'create') return [];
  const id = isObject(resource) ? resource.id : undefined;
  if (id !== idOf(call)) {
    const text = 'An update must carry the id of its address inside the resource too.';
    return [{ severity: 'error', code: 'invalid', text, expression: `${typeOf(call)}.id` }];
  }
  return presenceIssues(call, 'An update would make it anew under this id.', 'information');
}

async function deletionIssues(call: FhirCall): Promise<readonly Issue[]> {
  return presenceIssues(call, 'A deletion would change nothing.', 'warning');
}

/** Says where nothing is there for the asker; what is refused is refused here too. */
async function presenceIssues(
  call: FhirCall,
  consequence: string,
  severity: Issue['severity'],
): Promise<readonly Issue[]> {
  try {
    await call.session.read(typeOf(call), idOf(call));
    return [];
  } catch (thrown) {
    if (!(thrown instanceof Failure) || (thrown.code !== 'not-found' && thrown.code !== 'deleted'))
      throw thrown;
    return [{ severity, code: thrown.code, text: `Nothing is there, or not for you. ${consequence}` }];
  }
}

function outcomeAnswer(issues: readonly Issue[]): FhirAnswer {
  return { status: 200, body: outcomeBytes(issues), cache: 'no-store' };
}
