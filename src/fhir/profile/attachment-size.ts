/** Attachments: what is stated about their data. http://hl7.org/fhir/R4/datatypes.html#attachment */
import { isObject } from '../json-access.ts';

/** Bytes of the data in an attachment, or else the size that it states; undefined where it says neither. */
export function attachmentSize(value: unknown): number | undefined {
  if (!isObject(value)) return undefined;
  const { data, size } = value;
  if (typeof data === 'string') return bytesOf(data);
  return typeof size === 'number' ? size : undefined;
}

/** Whether the stated size is not that of the data. */
export function misstatesSize(value: unknown): boolean {
  if (!isObject(value) || typeof value.data !== 'string' || typeof value.size !== 'number') return false;
  return bytesOf(value.data) !== value.size;
}

function bytesOf(base64: string): number {
  return Buffer.from(base64, 'base64').length;
}
