/**
 * The thread in which $validate is answered: it has definitions of its own, so that a resource which takes a
 * second keeps nobody else waiting, and one that never ends is ended with the thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { silentLog } from '../base/log.ts';
import { packageDefinitions } from '../fhir/package-definitions.ts';
import { validateProfiles } from '../fhir/profile-validator.ts';
import { openPackages } from './open-packages.ts';
import type { ValidatorAnswer, ValidatorData, ValidatorQuestion } from './open-validator.ts';

const { folder, limits } = workerData as ValidatorData;
const definitions = packageDefinitions(await openPackages(folder, silentLog));

parentPort?.on('message', async ({ resource, profiles }: ValidatorQuestion) => {
  let answer: ValidatorAnswer;
  try {
    answer = { issues: validateProfiles(await definitions(), resource, limits, { profiles }) };
  } catch (error) {
    answer = { failed: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});
