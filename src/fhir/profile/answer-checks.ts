/**
 * One answer of a QuestionnaireResponse against its question: type, bounds, options, units.
 * http://hl7.org/fhir/R4/questionnaire.html#Questionnaire.item.type
 */
import { isObject, type JsonObject } from '../json-access.ts';
import { attachmentSize } from './attachment-size.ts';
import { compareValues } from './check-range.ts';
import { asObjects, choiceOf, extensionsWith, extensionValue } from './json-lists.ts';
import type { ProfileRun } from './profile-run.ts';
import { mayRunAway } from './runaway-pattern.ts';
import { hasPattern } from './value-match.ts';

/** Type of a question → types that its answers may be of. */
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  boolean: ['Boolean'],
  decimal: ['Decimal'],
  integer: ['Integer'],
  date: ['Date'],
  dateTime: ['DateTime'],
  time: ['Time'],
  string: ['String'],
  text: ['String'],
  url: ['Uri'],
  choice: ['Coding', 'Integer', 'Date', 'Time', 'String', 'Reference'],
  'open-choice': ['Coding', 'Integer', 'Date', 'Time', 'String', 'Reference'],
  attachment: ['Attachment'],
  reference: ['Reference'],
  quantity: ['Quantity'],
};

const CORE = 'http://hl7.org/fhir/StructureDefinition/';
const SDC = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-';

/** Holds an answer to its question; `path` is the answer's. */
export function checkAnswer(run: ProfileRun, question: JsonObject, answer: JsonObject, path: string): void {
  const given = choiceOf(answer, 'value');
  if (given === undefined) return;
  const place = `${path}.value`;
  const types = ANSWERS[String(question.type)];
  if (types !== undefined && !types.includes(given.type)) {
    run.error(
      'value',
      place,
      `The answer to a question of type ${question.type} must be ${types.join(' or ')}.`,
    );
    return;
  }
  checkBounds(run, question, given.value, place);
  if (typeof given.value === 'string') checkText(run, question, given.value, place);
  if (given.type === 'Attachment') checkAttachment(run, question, given.value, path);
  if (given.type === 'Quantity') checkUnits(run, question, given.value, place);
  checkOptions(run, question, given, path);
}

function checkBounds(run: ProfileRun, question: JsonObject, value: unknown, path: string): void {
  const bounds = [
    ['minValue', -1, 'less than the smallest'],
    ['maxValue', 1, 'more than the largest'],
  ] as const;
  for (const [name, sign, words] of bounds) {
    const bound = extensionValue(question, CORE + name);
    const quantity = extensionValue(question, `${SDC}${name.slice(0, 3)}Quantity`);
    const limit = bound ?? (isObject(value) ? quantity : undefined);
    if (limit === undefined) continue;
    const order = orderOf(value, limit);
    if (order === undefined && isObject(value)) {
      run.error(
        'value',
        path,
        'The quantity cannot be compared with its bound: give system and code of the unit.',
      );
    } else if (order !== undefined && order * sign > 0) {
      run.error('value', path, `The answer is ${words} that is allowed.`);
    }
  }
  const places = extensionValue(question, `${CORE}maxDecimalPlaces`);
  if (typeof places === 'number' && typeof value === 'number' && placesOf(value) > places) {
    run.error('value', path, `At most ${places} decimal places are allowed.`);
  }
}

/** A date inside the month or year that bounds it: its end, or what lies beyond the bound's precision, is out. */
function orderOf(value: unknown, limit: unknown): number | undefined {
  if (isObject(value) && isObject(limit) && (value.system === undefined || limit.system === undefined)) {
    return undefined;
  }
  const order = compareValues(value, limit);
  if (order !== undefined || typeof value !== 'string' || typeof limit !== 'string') return order;
  return value.length > limit.length ? (value > limit ? 1 : -1) : undefined;
}

function placesOf(value: number): number {
  const text = String(value);
  const dot = text.indexOf('.');
  return dot < 0 || text.includes('e') ? 0 : text.length - dot - 1;
}

function checkText(run: ProfileRun, question: JsonObject, value: string, path: string): void {
  const shortest = extensionValue(question, `${CORE}minLength`);
  if (typeof shortest === 'number' && value.length < shortest) {
    run.error('value', path, `At least ${shortest} characters are required.`);
  }
  if (typeof question.maxLength === 'number' && value.length > question.maxLength) {
    run.error('too-long', path, `At most ${question.maxLength} characters are allowed.`);
  }
  const pattern = extensionValue(question, `${CORE}regex`);
  if (typeof pattern === 'string' && matches(pattern, value) === false) {
    run.error('value', path, 'The answer has not the form that the question asks for.');
  }
}

const TEXT_TRIED_MAX = 1_000;

function matches(pattern: string, value: string): boolean | undefined {
  if (mayRunAway(pattern) || value.length > TEXT_TRIED_MAX) return undefined;
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(value);
  } catch {
    return undefined;
  }
}

function checkAttachment(run: ProfileRun, question: JsonObject, value: unknown, path: string): void {
  const most = extensionValue(question, `${CORE}maxSize`);
  const size = attachmentSize(value);
  if (typeof most === 'number' && size !== undefined && size > most) {
    run.error('too-long', path, `The attachment may have at most ${most} bytes.`);
  }
}

function checkUnits(run: ProfileRun, question: JsonObject, value: unknown, path: string): void {
  if (!isObject(value)) return;
  const units = extensionsWith(question, `${CORE}questionnaire-unitOption`)
    .map((one) => one.valueCoding)
    .filter(isObject);
  if (units.length > 0 && !units.some((one) => one.system === value.system && one.code === value.code)) {
    run.error('code-invalid', path, 'The unit is not one of those that the question allows.');
  }
  const valueSet = extensionValue(question, `${CORE}questionnaire-unitValueSet`);
  if (typeof valueSet !== 'string') return;
  const { system, code } = value;
  const out =
    typeof code !== 'string' ||
    run.source.membership(valueSet, typeof system === 'string' ? system : undefined, code) === 'out';
  if (out) run.error('code-invalid', path, `The unit is not in ${valueSet}.`);
}

interface Given {
  readonly type: string;
  readonly value: unknown;
}

function checkOptions(run: ProfileRun, question: JsonObject, given: Given, path: string): void {
  if (question.type === 'open-choice' && given.type === 'String') return;
  const options = asObjects(question.answerOption).map((one) => choiceOf(one, 'value'));
  if (options.length > 0 && !options.some((one) => one !== undefined && isOption(given.value, one.value))) {
    run.error('code-invalid', `${path}.value`, 'The answer is not one of the options of the question.');
  }
  const { answerValueSet } = question;
  if (typeof answerValueSet !== 'string' || !isObject(given.value) || question.type === 'open-choice') return;
  const { system, code } = given.value;
  if (typeof code !== 'string' || typeof system !== 'string') return;
  if (run.source.membership(answerValueSet, system, code) === 'out') {
    run.error('code-invalid', path, `The answer is not in ${answerValueSet}.`);
  }
}

/** An option by its code or reference, without what is shown to people. */
function isOption(value: unknown, option: unknown): boolean {
  if (!isObject(option)) return value === option;
  const { display: _, ...rest } = option;
  return hasPattern(value, rest);
}
