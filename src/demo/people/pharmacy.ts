/** What the pharmacy dispensed: each time against an item of a prescription, under the item's number. */
import { Folder } from './folder.ts';
import { groupIdentifier } from './general-practice.ts';
import type { History } from './history.ts';
import { type DemoLife, MINUTE } from './person.ts';
import type { Item, Prescription } from './prescriptions.ts';
import { professional } from './staff.ts';
import { concept, hl7, instant, organisation, PRESCRIPTION_ITEM } from './uk-core.ts';

/** Transactions of the pharmacy's system; none where nothing was ever dispensed. */
export function pharmacyBundles(life: DemoLife, { prescriptions }: History): string[] {
  const folder = new Folder(life, 'ph');
  let count = 0;
  for (const prescription of prescriptions) {
    for (const item of prescription.items) {
      if (item.dispensed === undefined) continue;
      count += 1;
      folder.add(
        'MedicationDispense',
        `dispense-${count}`,
        dispense(folder, prescription, item, item.dispensed),
      );
    }
  }
  return count === 0 ? [] : folder.bundles();
}

function dispense(
  folder: Folder,
  prescription: Prescription,
  item: Item,
  dispensed: NonNullable<Item['dispensed']>,
): object {
  const { medicine } = item;
  const itemNumber = { system: PRESCRIPTION_ITEM, value: item.number };
  const quantity = { value: medicine.quantity, unit: medicine.unit };
  return {
    contained: [
      {
        resourceType: 'MedicationRequest',
        id: 'item',
        identifier: [itemNumber],
        status: 'active',
        intent: 'order',
        medicationCodeableConcept: concept(medicine),
        subject: folder.subject,
        authoredOn: instant(prescription.at),
        requester: organisation(folder.life.practice),
        groupIdentifier: groupIdentifier(prescription),
        substitution: { allowedBoolean: false },
      },
    ],
    identifier: [
      { system: 'https://fhir.nhs.uk/Id/prescription-dispense-item-number', value: dispensed.number },
    ],
    status: 'completed',
    category: hl7('medicationdispense-category', 'community', 'Community'),
    medicationCodeableConcept: concept(medicine),
    subject: folder.subject,
    performer: [{ actor: professional('FX001', 1) }],
    authorizingPrescription: [{ reference: '#item', type: 'MedicationRequest', identifier: itemNumber }],
    type: { coding: [{ system: DISPENSE_TYPE, code: '0001', display: 'Item fully dispensed' }] },
    quantity,
    whenPrepared: instant(dispensed.at - 40 * MINUTE),
    whenHandedOver: instant(dispensed.at),
    dosageInstruction: [{ text: medicine.dose }],
  };
}

const DISPENSE_TYPE = 'https://fhir.nhs.uk/CodeSystem/medicationdispense-type';
