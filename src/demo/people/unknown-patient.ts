/**
 * Somebody who was brought in and could not say who they are: a hospital record without an NHS number,
 * which joins nobody's.
 */
import { HOSPITAL } from './hospital-facts.ts';
import { hl7Minute, hl7Time } from './london-time.ts';
import { DAY, type DemoLife, HOUR } from './person.ts';
import { components, message, segment } from './v2-print.ts';

/** The emergency department's messages about them; `life` only lends its number and sex. */
export function unknownPatientMessages(life: DemoLife): string[] {
  const at = life.until - 9 * DAY + 2 * HOUR;
  const number = `E8${String(life.number).padStart(6, '0')}`;
  const isMale = life.gender === 'male';
  return (['A28', 'A04'] as const).map((trigger, i) =>
    message(
      {
        application: 'PAS',
        facility: HOSPITAL,
        sentAt: hl7Time(at + i * 60_000),
        type: components('ADT', trigger, trigger === 'A28' ? 'ADT_A05' : 'ADT_A01'),
        controlId: `PASU${String(life.number).padStart(7, '0')}${i + 1}`,
        version: '2.4',
        charset: 'UNICODE UTF-8',
      },
      [
        segment('EVN', { 1: trigger, 2: hl7Time(at + i * 60_000) }),
        segment('PID', {
          1: '1',
          3: components(number, '', '', HOSPITAL, 'MR'),
          5: components('UNKNOWN', isMale ? 'MALE' : 'FEMALE'),
          8: isMale ? '1' : '2',
          32: 'NSTS07',
        }),
        trigger === 'A28'
          ? segment('PV1', { 1: '1', 2: 'N' })
          : segment('PV1', {
              1: '1',
              2: 'E',
              3: components(HOSPITAL, 'Emergency Department', '', 'RX101'),
              4: components('21', 'Emergency: via Emergency Care Department'),
              10: '180',
              19: components(`VU${String(life.number).padStart(6, '0')}`, '', '', HOSPITAL, 'VN'),
              44: hl7Minute(at),
            }),
      ],
    ),
  );
}
