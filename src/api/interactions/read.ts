/** Read: the current version. R4 http://hl7.org/fhir/R4/http.html#read. */
import { Failure } from '../../base/failure.ts';
import type { Stored } from '../../store/store.ts';
import { binaryAnswer } from '../binary-content.ts';
import { unlessHeld } from '../conditions.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Interaction } from '../interaction.ts';
import { idOf, typeOf } from '../interaction.ts';
import { requireKnown } from '../page-links.ts';
import { inPart, OF_A_READ, partAsked } from '../resource-part.ts';

export const read: Interaction = {
  code: 'read',
  level: 'instance',
  routes: [{ method: 'GET', shape: 'instance' }],
  summary: 'The current version of a resource',
  handle: answerRead,
};

async function answerRead(call: FhirCall): Promise<FhirAnswer> {
  if (call.prefer.strict) requireKnown(call.pairs, OF_A_READ, 'a read');
  const type = typeOf(call);
  const part = partAsked(call.pairs, type);
  const answer =
    type === 'OperationDefinition'
      ? await answerDefinition(call)
      : heldOr(call, await call.session.read(type, idOf(call)));
  return part === undefined ? answer : inPart(answer, part, call.context.settings);
}

function heldOr(call: FhirCall, stored: Stored): FhirAnswer {
  return stored.type === 'Binary' ? binaryAnswer(call, stored) : unlessHeld(call.headers, stored);
}

/**
 * An OperationDefinition that is kept, or else that of an operation of this server, which says nothing about
 * anybody and so is for every role.
 */
async function answerDefinition(call: FhirCall): Promise<FhirAnswer> {
  try {
    return unlessHeld(call.headers, await call.session.read('OperationDefinition', idOf(call)));
  } catch (thrown) {
    const isAbsent =
      thrown instanceof Failure && (thrown.code === 'not-found' || thrown.code === 'forbidden');
    const body = isAbsent ? call.context.operationDefinition(idOf(call)) : undefined;
    if (body === undefined) throw thrown;
    return { status: 200, body, cache: 'check' };
  }
}
