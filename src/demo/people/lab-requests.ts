/**
 * What the practice asked the laboratory, and what the laboratory found. One request has one number per
 * test set (the placer's), which stands in the practice's ServiceRequest and comes back in OBR-2.
 */
import { Chance } from './chance.ts';
import { PANELS, type Panel, type PanelTest } from './clinical-facts.ts';
import { DAY, type DemoLife, HOUR, MINUTE, momentBetween } from './person.ts';

export interface RequestedPanel {
  readonly panel: Panel;
  /** The practice's number for it. */
  readonly placer: string;
  /** The laboratory's number for it. */
  readonly filler: string;
  readonly values: readonly TestValue[];
  /** A word from the laboratory on the whole set. */
  readonly comment?: string;
}

export interface TestValue {
  readonly test: PanelTest;
  readonly value: number;
  readonly flag: '' | 'L' | 'H';
}

export interface LabRequest {
  /** Number of the request as a whole. */
  readonly number: string;
  readonly askedAt: number;
  readonly takenAt: number;
  readonly receivedAt: number;
  /** Left out while the laboratory is at work. */
  readonly reportedAt?: number;
  readonly reason: string;
  readonly panels: readonly RequestedPanel[];
}

/** Every request, oldest first. */
export function labRequestsOf(life: DemoLife): LabRequest[] {
  const chance = new Chance(`requests ${life.number}`);
  const isWatched = life.problems.length > 1;
  const count = life.isFull ? 6 : isWatched ? chance.whole(1, 2) : chance.is(0.4) ? 1 : 0;
  if (life.age < 12) return [];
  const span = life.isFull ? 900 : 500;
  const made: LabRequest[] = [];
  for (let i = 0; i < count; i++) {
    const from = life.until - (span * (count - i) * DAY) / count;
    const askedAt = momentBetween(from, from + (span * DAY * 0.8) / count, chance);
    made.push(requestAt(life, askedAt, made.length + 1, chance));
  }
  if (life.isFull || chance.is(0.1)) {
    const askedAt = Math.floor(life.until / DAY) * DAY - DAY + chance.whole(9 * 60, 11 * 60) * MINUTE;
    if (life.died === undefined) made.push(requestAt(life, askedAt, made.length + 1, chance));
  }
  return made;
}

function requestAt(life: DemoLife, askedAt: number, n: number, chance: Chance): LabRequest {
  const takenAt = askedAt + chance.whole(10, 120) * MINUTE;
  const receivedAt = takenAt + chance.whole(2, 5) * HOUR;
  const reported = receivedAt + chance.whole(3, 30) * HOUR;
  const number = `${String(life.number).padStart(6, '0')}${String(n).padStart(2, '0')}`;
  const panels = panelsFor(life, chance).map((panel, i) => requestedPanel(life, panel, number, i, chance));
  return {
    number: `R${number}`,
    askedAt,
    takenAt,
    receivedAt,
    ...(reported < life.until ? { reportedAt: reported } : {}),
    reason: reasonFor(life, chance),
    panels,
  };
}

const DIABETES = '44054006';
const KIDNEY_DISEASE = '433144002';

function reasonFor(life: DemoLife, chance: Chance): string {
  const has = (code: string): boolean => life.problems.some(({ problem }) => problem.code === code);
  if (has(DIABETES) && has(KIDNEY_DISEASE)) return 'T2DM & CKD: annual review';
  if (life.problems.length > 0) return chance.pick(['Annual review', 'Monitoring of medicines']);
  return 'Tired all the time';
}

function panelsFor(life: DemoLife, chance: Chance): readonly Panel[] {
  const isDiabetic = life.problems.some(({ problem }) => problem.code === DIABETES);
  return PANELS.filter((panel) => {
    if (panel.code === 'HBA1C') return isDiabetic || chance.is(0.2);
    return panel.code === 'UE' || chance.is(life.isFull ? 0.8 : 0.6);
  });
}

function requestedPanel(
  life: DemoLife,
  panel: Panel,
  number: string,
  i: number,
  chance: Chance,
): RequestedPanel {
  const values = panel.tests.map((test) => resultFor(life, test, chance));
  const isHigh = (code: string): boolean => values.some((one) => one.test.code === code && one.flag === 'H');
  const comment = isHigh('CREA')
    ? 'Reduced kidney function. Repeat U&E within 2 weeks if this is new.\nSee the CKD guideline.'
    : isHigh('HBA1C')
      ? 'In keeping with diabetes (48 mmol/mol or more, if confirmed).'
      : undefined;
  return {
    panel,
    placer: `R${number}-${i + 1}`,
    filler: `26${panel.section}${number}${i + 1}`,
    values,
    ...(comment === undefined ? {} : { comment }),
  };
}

/** A person's values stay about where they are; problems push them. */
function resultFor(life: DemoLife, test: PanelTest, chance: Chance): TestValue {
  const usual = new Chance(`usual ${life.number} ${test.code}`).about(test.mean, test.spread);
  const pushed = life.problems.reduce(
    (sum, { problem }) => sum + (test.pushed?.[problem.code ?? ''] ?? 0),
    0,
  );
  const drawn = chance.about(usual + pushed, test.spread * 0.35);
  const value = Number(Math.max(drawn, test.low * 0.3, 0.1).toFixed(test.decimals));
  const flag = value < test.low ? 'L' : value > test.high ? 'H' : '';
  // above its range a filtration rate is only said to be above
  return { test, value, flag: test.code === 'EGFR' && flag === 'H' ? '' : flag };
}
