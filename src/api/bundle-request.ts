/**
 * A Bundle of requests, as it comes to this door: which of the two it is, and its entries, not yet read. R4 http://hl7.org/fhir/R4/http.html#transaction.
 */
import { Failure } from '../base/failure.ts';
import { isObject, type JsonObject } from '../fhir/json-access.ts';
import { requireType } from '../records/given-resource.ts';
import type { FhirAnswer, FhirCall } from './fhir-call.ts';
import type { Interaction } from './interaction.ts';
import { parsedBody, requireValid } from './written-resource.ts';

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
        `A Bundle of type "${String(type).slice(0, 40)}" is no request: post a batch or a transaction here.`,
        { expression: 'Bundle.type' },
      );
    },
  };
}

/**
 * The entries of a parsed batch or transaction, not yet read. Checks the Bundle around the resources.
 * Throws Failure `too-costly` (413) over the setting bundleEntriesMax, or what validation found.
 */
export function rawEntries(call: FhirCall): readonly unknown[] {
  const bundle = parsedBody(call) as JsonObject;
  const entries = bundle.entry ?? [];
  if (!Array.isArray(entries)) {
    throw new Failure('structure', 'Bundle.entry must be a list.', { expression: 'Bundle.entry' });
  }
  const most = call.context.settings.bundleEntriesMax;
  if (entries.length > most) {
    throw new Failure(
      'too-costly',
      `A Bundle may hold ${most} entries (setting bundleEntriesMax): send less at a time.`,
      {
        status: 413,
        expression: 'Bundle.entry',
      },
    );
  }
  requireValid(bundle.entry === undefined ? bundle : { ...bundle, entry: entries.map(withoutResource) });
  return entries;
}

/** The resources are validated one by one, in their places; here the Bundle around them. */
function withoutResource(entry: unknown): unknown {
  if (!isObject(entry)) return entry;
  const { resource: _apart, ...rest } = entry;
  return rest;
}
