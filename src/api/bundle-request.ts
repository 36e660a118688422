/**
 * A Bundle of requests, as it comes to this door: which of the two it is, and its entries, not yet read.
 * R4 http://hl7.org/fhir/R4/http.html#transaction.
 */
import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../fhir/json-access.ts';
import { requireType } from '../records/given-resource.ts';
import { entriesOf } from '../records/request-entry.ts';
import type { FhirAnswer, FhirCall } from './fhir-call.ts';
import type { Interaction } from './interaction.ts';
import { parsedBody } from './written-resource.ts';

/** One route for both interactions, since they have one address: the Bundle says which it is. */
export function byBundleType(batch: Interaction, transaction: Interaction): Interaction {
  return {
    code: 'batch-or-transaction',
    level: 'system',
    routes: [{ method: 'POST', shape: 'base' }],
    summary: 'A Bundle of requests: a batch of independent ones, or a transaction of all or none',
    handle(call: FhirCall): Promise<FhirAnswer> {
      const bundle = parsedBody(call);
      requireType(bundle, 'Bundle');
      const { type } = bundle as { type?: unknown };
      const parsed: FhirCall = { ...call, body: { kind: 'resource', resource: bundle } };
      if (type === 'batch') return batch.handle(parsed);
      if (type === 'transaction') return transaction.handle(parsed);
      throw new Failure(
        'value',
        type === undefined
          ? 'The Bundle does not say its type: post one of type batch or transaction here.'
          : `A Bundle of type "${String(type).slice(0, 40)}" is no request: post a batch or a transaction here.`,
        { expression: 'Bundle.type' },
      );
    },
  };
}

/**
 * The entries of a parsed batch or transaction, not yet read. Throws Failure `too-costly` (413) over the
 * setting bundleEntriesMax, or what is wrong with the Bundle around them.
 */
export function rawEntries(call: FhirCall): readonly unknown[] {
  return entriesOf(parsedBody(call) as JsonObject, call.context.settings);
}
