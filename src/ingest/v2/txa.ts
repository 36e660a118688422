/** TXA with its OBX (MDM^T02) → DocumentReference. HL7 v2.5.1 §9.6.1; tables 0270, 0271, 0273. */
import type { Attachment, DocumentReference, Identifier, Reference } from 'fhir/r4.d.ts';
import { part, repetitions, type Segment, textOf } from '../v2-message.ts';
import { V2_TABLE } from './code-systems.ts';
import { practitionerIn } from './directory.ts';
import { entityAuthority, identifierSystem } from './identifiers.ts';
import { given, type Mapping, timed, timedInstant, timeIn } from './mapping.ts';
import { attachmentsIn, plainText } from './values.ts';

/** TXA-17: dictated to legally authenticated. */
const DOC_STATUS: Readonly<Record<string, NonNullable<DocumentReference['docStatus']>>> = {
  DI: 'preliminary',
  DO: 'preliminary',
  IN: 'preliminary',
  IP: 'preliminary',
  PA: 'preliminary',
  AU: 'final',
  LA: 'final',
};

/** TXA-12: the document's own number; undefined where there is none. */
export function documentIdentifier(mapping: Mapping, txa: Segment): Identifier | undefined {
  const [number] = repetitions(txa, 12);
  const value = (part(number, 1) || part(number, 3)).replace(/\s+/g, ' ');
  if (value === '') return undefined;
  return { system: identifierSystem(mapping, entityAuthority(number), 'DocumentReference'), value };
}

/** The DocumentReference; its text is that of all OBX together, other content an attachment each. */
export function documentFrom(
  mapping: Mapping,
  txa: Segment,
  obx: readonly Segment[],
  identifier: Identifier,
  patient: string,
  encounter: Reference | undefined,
): DocumentReference {
  const code = textOf(txa, 2);
  const docStatus = DOC_STATUS[textOf(txa, 17).toUpperCase()];
  const cancelled = textOf(txa, 19).toUpperCase() === 'CA';
  const authors = [...repetitions(txa, 9), ...repetitions(txa, 5)]
    .map((one) => practitionerIn(mapping, one))
    .filter((one) => one !== undefined);
  const period = timed('start', timeIn(mapping, txa, 4));
  const context = {
    ...(encounter === undefined ? {} : { encounter: [encounter] }),
    ...(Object.keys(period).length === 0 ? {} : { period }),
  };
  return {
    resourceType: 'DocumentReference',
    masterIdentifier: identifier,
    identifier: [identifier],
    status: cancelled ? 'entered-in-error' : 'current',
    ...given('docStatus', docStatus),
    type: {
      coding: [{ system: `${V2_TABLE}0270`, code: code || 'OT' }],
      ...given('text', textOf(txa, 2, 2)),
    },
    subject: { reference: patient },
    ...timedInstant('date', timeIn(mapping, txa, 6) ?? timeIn(mapping, txa, 4) ?? mapping.sent),
    ...given('author', authors),
    ...given('description', textOf(obx[0], 3, 2) || textOf(txa, 25)),
    content: contentOf(mapping, txa, obx).map((attachment) => ({ attachment })),
    ...(Object.keys(context).length === 0 ? {} : { context }),
  };
}

function contentOf(mapping: Mapping, txa: Segment, obx: readonly Segment[]): Attachment[] {
  const lines = obx.filter((one) => !/^(?:ED|RP)$/i.test(textOf(one, 2))).map(plainText);
  const text = lines.join('\n').trim();
  const title = textOf(obx[0], 3, 2) || textOf(txa, 25) || textOf(txa, 2, 2);
  const plain: Attachment[] =
    text === ''
      ? []
      : [
          {
            contentType: 'text/plain; charset=utf-8',
            data: Buffer.from(text, 'utf8').toString('base64'),
            ...given('title', title),
            ...timed('creation', timeIn(mapping, txa, 6) ?? timeIn(mapping, txa, 4)),
          },
        ];
  const all = [...plain, ...obx.flatMap((one) => attachmentsIn(mapping, one))];
  // a notice without content is a document all the same, and says where it is not
  return all.length === 0 ? [{ title: title || 'Document without content' }] : all;
}
