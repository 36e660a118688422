/**
 * Units as senders write them → UCUM, where the meaning is beyond doubt; everything else stays the sender's text
 * without a code. UCUM, http://unitsofmeasure.org; ISO/IEEE 11073 for names that begin with MDC_DIM_.
 */
import { part, type Repetition } from '../v2-message.ts';
import { UCUM } from './code-systems.ts';
import { given } from './mapping.ts';

export interface Unit {
  /** As written. */
  readonly unit?: string;
  readonly system?: string;
  readonly code?: string;
}

const SAME =
  `% mmol/L umol/L nmol/L pmol/L mol/L mmol/mol mg/mmol g/mol g/L g/dL mg/L mg/dL ug/L ng/L ng/mL pg/mL ug/mL mg/mL
ug/dL kg g mg ug ng L mL dL fL pg U/L U/mL kU/L mU/L mU/mL m cm mm kPa Pa h min s d wk mo a Cel mL/min L/min mm/h
/min kg/m2 10*9/L 10*12/L 10*6/L mosm/kg mmol/kg umol/mmol nmol/mmol ug/g mg/g meq/L kcal`
    .split(/\s+/)
    .map((code) => [code, code] as const);

const MEANT: ReadonlyMap<string, string> = new Map([
  ...SAME,
  ...SAME.filter(([code]) => /[LU]/.test(code) && code.length > 2).map(
    ([code]) => [code.replace('L', 'l'), code] as const,
  ),
  ['x10*9/L', '10*9/L'],
  ['x10*12/L', '10*12/L'],
  ['10^9/L', '10*9/L'],
  ['10^12/L', '10*12/L'],
  ['x10^9/L', '10*9/L'],
  ['x10^12/L', '10*12/L'],
  ['10e9/L', '10*9/L'],
  ['10E9/L', '10*9/L'],
  ['10e12/L', '10*12/L'],
  ['10E12/L', '10*12/L'],
  ['PERCENT', '%'],
  ['percent', '%'],
  ['MMOLL', 'mmol/L'],
  ['UMOLL', 'umol/L'],
  ['MLMIN', 'mL/min'],
  ['mls/min', 'mL/min'],
  ['ml/min', 'mL/min'],
  ['mL/min/1.73m2', 'mL/min/{1.73_m2}'],
  ['ml/min/1.73m2', 'mL/min/{1.73_m2}'],
  ['mL/min/1.73m^2', 'mL/min/{1.73_m2}'],
  ['\u00b5mol/L', 'umol/L'],
  ['\u00b5g/L', 'ug/L'],
  ['\u03bcmol/L', 'umol/L'],
  ['mcg/L', 'ug/L'],
  ['iu/L', '[iU]/L'],
  ['IU/L', '[iU]/L'],
  ['kIU/L', 'k[iU]/L'],
  ['mIU/L', 'm[iU]/L'],
  ['miu/L', 'm[iU]/L'],
  ['IU/mL', '[iU]/mL'],
  ['mmHg', 'mm[Hg]'],
  ['mm Hg', 'mm[Hg]'],
  ['mm[Hg]', 'mm[Hg]'],
  ['bpm', '/min'],
  ['beats/min', '/min'],
  ['{beats}/min', '/min'],
  ['breaths/min', '/min'],
  ['{Breaths}/min', '/min'],
  ['per minute', '/min'],
  ['degC', 'Cel'],
  ['\u00b0C', 'Cel'],
  ['C', 'Cel'],
  ['deg C', 'Cel'],
  ['l/min', 'L/min'],
  ['mm/hr', 'mm/h'],
  ['secs', 's'],
  ['sec', 's'],
  ['mins', 'min'],
  ['hrs', 'h'],
  ['kg/m^2', 'kg/m2'],
  ['kg/m\u00b2', 'kg/m2'],
  ['MDC_DIM_MMHG', 'mm[Hg]'],
  ['MDC_DIM_PERCENT', '%'],
  ['MDC_DIM_DEGC', 'Cel'],
  ['MDC_DIM_BEAT_PER_MIN', '/min'],
  ['MDC_DIM_RESP_PER_MIN', '/min'],
  ['MDC_DIM_X_L_PER_MIN', 'L/min'],
  ['MDC_DIM_KILO_G', 'kg'],
  ['MDC_DIM_CENTI_M', 'cm'],
]);

/** OBX-6; an empty object where no unit is given. */
export function unitIn(repetition: Repetition | undefined): Unit {
  const first = part(repetition, 1);
  // `10^9/L` written without escapes arrives as two components
  const split = /^x?10$/.test(first) && /^\d+\/\S+$/.test(part(repetition, 2));
  const written = split ? `${first}^${part(repetition, 2)}` : first || part(repetition, 2);
  if (written === '') return {};
  const isUcum = /^(?:UCUM|http:\/\/unitsofmeasure\.org)$/i.test(part(repetition, 3));
  const code = isUcum ? first : MEANT.get(written);
  const unit = (split ? '' : part(repetition, 2)) || written;
  return { unit, ...(code === undefined ? {} : { system: UCUM, ...given('code', code) }) };
}
