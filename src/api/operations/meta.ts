/**
 * $meta, $meta-add, $meta-delete: profiles, tags and security labels of one resource. R4
 * http://hl7.org/fhir/R4/resource-operations.html#meta. A change is a new version (docs/adr/0018): a label
 * decides who sees what, so the history must tell from when on it did.
 */
import type { Coding, Meta } from 'fhir/r4.d.ts';
import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import { parseJson } from '../../fhir/parse-json.ts';
import type { Identified } from '../../fhir/resource.ts';
import { ifMatchOf } from '../../records/conditions.ts';
import type { Stored } from '../../store/store.ts';
import { listed } from '../answers.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import { idOf, type Operation, onlyCommitted, typeOf, versionIdOf } from '../interaction.ts';
import { hasBody, parametersIn } from '../operation-parameters.ts';
import { requireKnown } from '../page-links.ts';
import { parsedBody } from '../written-resource.ts';

const KNOWN = ['_format', '_pretty'];
/** Somebody else may write between the look and the change. */
const ATTEMPTS = 4;

export const meta: Operation = {
  name: 'meta',
  type: 'any',
  levels: ['instance', 'version'],
  methods: ['GET', 'POST'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-meta',
  returns: 'Meta',
  summary: 'Profiles, tags and security labels of a resource, or of one version of it',
  parameters: [],
  handle: answerMeta,
};

const GIVEN = [
  { name: 'meta', type: 'Meta', text: 'Profiles, tags and security labels', required: true },
] as const;

export const metaAdd: Operation = {
  name: 'meta-add',
  type: 'any',
  levels: ['instance'],
  methods: ['POST'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-meta-add',
  returns: 'Meta',
  summary: 'Adds profiles, tags and security labels to a resource: a new version, unless all are there',
  parameters: GIVEN,
  affectsState: true,
  handle: (call) => answerChange(call, 'add'),
};

export const metaDelete: Operation = {
  name: 'meta-delete',
  type: 'any',
  levels: ['instance'],
  methods: ['POST'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-meta-delete',
  returns: 'Meta',
  summary: 'Takes profiles, tags and security labels off a resource: a new version, unless none is there',
  parameters: GIVEN,
  affectsState: true,
  handle: (call) => answerChange(call, 'delete'),
};

async function answerMeta(call: FhirCall): Promise<FhirAnswer> {
  requireKnown(call.pairs, KNOWN, '$meta');
  if (hasBody(call)) requireKnown(namesIn(call), [], '$meta');
  const { session } = call;
  const stored =
    call.versionId === undefined
      ? await session.read(typeOf(call), idOf(call))
      : await session.readVersion(typeOf(call), idOf(call), versionIdOf(call));
  return metaAnswer(stored, metaOf(call, stored));
}

function namesIn(call: FhirCall): readonly (readonly [string, string])[] {
  return parametersIn(parsedBody(call)).map((one) => [one.name, ''] as const);
}

type Change = 'add' | 'delete';

async function answerChange(call: FhirCall, change: Change): Promise<FhirAnswer> {
  requireKnown(call.pairs, KNOWN, `$meta-${change}`);
  const given = givenMeta(call);
  const wanted = ifMatchOf(call.headers);
  for (let attempt = 1; ; attempt++) {
    const stored = await call.session.read(typeOf(call), idOf(call));
    if (wanted !== undefined && wanted !== stored.versionId) {
      throw new Failure('conflict', 'Another version is there than If-Match says: read it again.', {
        status: 412,
      });
    }
    const resource = resourceIn(call, stored);
    const before = resource.meta ?? {};
    const after = change === 'add' ? added(before, given) : removed(before, given);
    if (after === undefined) return metaAnswer(stored, before);
    const changed = withMeta(resource, after);
    call.context.profiles?.hold(changed);
    try {
      const commit = await call.session.submit(
        [{ op: 'put', resource: changed, ifMatch: stored.versionId }],
        { detail: { meta: change } },
      );
      const { bytes, versionId, lastUpdated } = onlyCommitted(commit);
      assert(bytes !== undefined, 'a put leaves bytes');
      const { meta: now = {} } = parseJson(bytes, call.context.settings) as Identified;
      return metaAnswer({ versionId, lastUpdated }, now);
    } catch (thrown) {
      const isRace = thrown instanceof Failure && thrown.code === 'conflict' && wanted === undefined;
      if (!isRace || attempt === ATTEMPTS) throw thrown;
    }
  }
}

/** The Meta that is to be added or taken off. Throws Failure `required`, `not-supported`. */
function givenMeta(call: FhirCall): Meta {
  if (!hasBody(call)) {
    throw new Failure('required', 'Send a Parameters resource with a parameter "meta" (valueMeta).');
  }
  const given = parametersIn(parsedBody(call));
  const [first, second] = given.filter((one) => one.name === 'meta');
  const other = given.find((one) => one.name !== 'meta');
  if (other !== undefined) {
    throw new Failure('not-supported', `Parameter "${other.name.slice(0, 60)}" is not supported here.`);
  }
  if (first?.valueMeta === undefined || second !== undefined) {
    throw new Failure('required', 'Give the parameter "meta" once, as valueMeta.', {
      expression: 'Parameters.parameter',
    });
  }
  return first.valueMeta;
}

/** A tag is its system and code; version and display do not count. */
const sameCoding = (a: Coding) => (b: Coding) => a.system === b.system && a.code === b.code;

/** Undefined where nothing changes. */
function added(before: Meta, given: Meta): Meta | undefined {
  const fresh = (have: readonly Coding[] = [], more: readonly Coding[] = []): Coding[] =>
    more.filter((one, i) => !have.some(sameCoding(one)) && more.findIndex(sameCoding(one)) === i);
  const [tags, labels] = [fresh(before.tag, given.tag), fresh(before.security, given.security)];
  const profiles = [...new Set(given.profile ?? [])].filter((one) => before.profile?.includes(one) !== true);
  if (tags.length + labels.length + profiles.length === 0) return undefined;
  return {
    ...before,
    ...listed('profile', [...(before.profile ?? []), ...profiles]),
    ...listed('security', [...(before.security ?? []), ...labels]),
    ...listed('tag', [...(before.tag ?? []), ...tags]),
  };
}

/** Undefined where nothing changes. */
function removed(before: Meta, given: Meta): Meta | undefined {
  const going = (have: readonly Coding[] = [], less: readonly Coding[] = []): Coding[] =>
    have.filter((one) => less.some(sameCoding(one)));
  const [tags, labels] = [going(before.tag, given.tag), going(before.security, given.security)];
  const profiles = (before.profile ?? []).filter((one) => given.profile?.includes(one) === true);
  if (tags.length + labels.length + profiles.length === 0) return undefined;
  const { profile = [], security = [], tag = [], ...rest } = before;
  return {
    ...rest,
    ...listed(
      'profile',
      profile.filter((one) => !profiles.includes(one)),
    ),
    ...listed(
      'security',
      security.filter((one) => !labels.includes(one)),
    ),
    ...listed(
      'tag',
      tag.filter((one) => !tags.includes(one)),
    ),
  };
}

/** In place: a copy would forget how decimals were written. */
function withMeta(resource: Identified, after: Meta): Identified {
  resource.meta = after;
  return resource;
}

function resourceIn(call: FhirCall, stored: Stored): Identified {
  return parseJson(stored.bytes, call.context.settings) as Identified;
}

function metaOf(call: FhirCall, stored: Stored): Meta {
  return resourceIn(call, stored).meta ?? {};
}

/** Parameters with the Meta as `return`: it is no resource, so it does not come by itself. */
function metaAnswer(version: Pick<Stored, 'versionId' | 'lastUpdated'>, value: Meta): FhirAnswer {
  const parameters = { resourceType: 'Parameters', parameter: [{ name: 'return', valueMeta: value }] };
  const { versionId, lastUpdated } = version;
  return {
    status: 200,
    body: Buffer.from(JSON.stringify(parameters)),
    version: { versionId, lastUpdated },
    cache: 'check',
  };
}
