/**
 * The route table of the FHIR door: one row for each interaction and operation. What is not here does not
 * exist, and the CapabilityStatement and the OpenAPI page are made from it.
 */
import { byBundleType } from './bundle-request.ts';
import { asyncStatus } from './interactions/async-status.ts';
import { batch } from './interactions/batch.ts';
import { capabilities } from './interactions/capabilities.ts';
import { create } from './interactions/create.ts';
import { deletion } from './interactions/delete.ts';
import { historyInstance } from './interactions/history-instance.ts';
import { historySystem } from './interactions/history-system.ts';
import { historyType } from './interactions/history-type.ts';
import { patch } from './interactions/patch.ts';
import { read } from './interactions/read.ts';
import { searchCompartment } from './interactions/search-compartment.ts';
import { searchSystem } from './interactions/search-system.ts';
import { searchType } from './interactions/search-type.ts';
import { transaction } from './interactions/transaction.ts';
import { update } from './interactions/update.ts';
import { vread } from './interactions/vread.ts';
import { document } from './operations/document.ts';
import { everything } from './operations/everything.ts';
import { encounterEverything } from './operations/everything-encounter.ts';
import { graphql } from './operations/graphql.ts';
import { lastn } from './operations/lastn.ts';
import { meta, metaAdd, metaDelete } from './operations/meta.ts';
import { sharedRecord } from './operations/shared-record.ts';
import { summary } from './operations/summary.ts';
import { validation } from './operations/validate.ts';
import type { RouteRows } from './route-match.ts';

export const routes: RouteRows = {
  interactions: [
    capabilities,
    read,
    vread,
    update,
    patch,
    deletion,
    historyInstance,
    historyType,
    historySystem,
    create,
    searchType,
    searchSystem,
    searchCompartment,
    byBundleType(batch, transaction),
    asyncStatus,
  ],
  operations: [
    meta,
    metaAdd,
    metaDelete,
    validation,
    graphql,
    document,
    encounterEverything,
    lastn,
    everything,
    summary,
    sharedRecord,
  ],
  unbuilt: [{ code: 'delete (conditional, of several types)', method: 'DELETE', shape: 'base' }],
};
