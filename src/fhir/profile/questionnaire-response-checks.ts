/**
 * A QuestionnaireResponse against its Questionnaire: questions that are asked and must be answered, types,
 * bounds and options of answers. http://hl7.org/fhir/R4/questionnaireresponse.html#notes
 */
import { isArray, isObject, type JsonObject } from '../json-access.ts';
import { checkAnswer } from './answer-checks.ts';
import { asObjects, extensionValue } from './json-lists.ts';
import type { ProfileRun, Scope } from './profile-run.ts';

/** Holds a response to its questionnaire, where that is known. */
export function checkQuestionnaireResponse(
  run: ProfileRun,
  response: JsonObject,
  path: string,
  scope: Scope,
): void {
  if (typeof response.questionnaire !== 'string') return;
  const questionnaire = questionnaireOf(run, response.questionnaire, scope);
  if (questionnaire === undefined) {
    run.warn('not-found', path, 'The Questionnaire is not loaded, so the answers have not been checked.');
    return;
  }
  const finished = response.status === 'completed' || response.status === 'amended';
  checkItems({ run, finished }, questionnaire, response, path);
}

function questionnaireOf(run: ProfileRun, canonical: string, scope: Scope): JsonObject | undefined {
  if (!canonical.startsWith('#')) return run.source.find('Questionnaire', canonical);
  return asObjects(scope.root.contained).find((one) => one.id === canonical.slice(1));
}

interface Checking {
  readonly run: ProfileRun;
  /** Whether what is required must be there. */
  readonly finished: boolean;
}

/** The items of a response, group or answer against those that are asked there. */
function checkItems(checking: Checking, asked: JsonObject, given: JsonObject, path: string): void {
  const questions = asObjects(asked.item);
  const items = isArray(given.item) ? given.item : [];
  const found = new Map<string, number>();
  let last = -1;
  for (const [i, item] of items.entries()) {
    if (!isObject(item) || typeof item.linkId !== 'string') continue;
    const place = `${path}.item[${i}]`;
    const index = questions.findIndex((one) => one.linkId === item.linkId);
    const question = questions[index];
    if (question === undefined) {
      checking.run.error('value', place, 'The Questionnaire has no such linkId here.');
      continue;
    }
    if (index < last) {
      checking.run.error('structure', place, 'Items must be in the order of the Questionnaire.');
    }
    last = Math.max(last, index);
    found.set(item.linkId, (found.get(item.linkId) ?? 0) + 1);
    checkItem(checking, question, item, place);
  }
  for (const question of questions) checkThere(checking, question, found, path);
}

function checkThere(
  { run, finished }: Checking,
  question: JsonObject,
  found: ReadonlyMap<string, number>,
  path: string,
): void {
  const count = found.get(String(question.linkId)) ?? 0;
  const optional = question.required !== true || question.type === 'display' || isConditional(question);
  if (count === 0 && finished && !optional) {
    run.error('required', path, 'An item that the Questionnaire requires is missing.');
  }
  if (count > 1 && !(question.type === 'group' && question.repeats === true)) {
    run.error('structure', path, 'An item may be given once; only groups that repeat are given again.');
  }
}

/** Whether it is to be answered depends on other answers. */
function isConditional(question: JsonObject): boolean {
  return question.enableWhen !== undefined || extensionValue(question, ENABLE_WHEN) !== undefined;
}

const ENABLE_WHEN = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression';
const OCCURS = 'http://hl7.org/fhir/StructureDefinition/questionnaire-';

function checkItem(checking: Checking, question: JsonObject, item: JsonObject, path: string): void {
  const { run, finished } = checking;
  const answers = isArray(item.answer) ? item.answer : [];
  if (question.type === 'display') {
    if (answers.length > 0) run.error('structure', path, 'An item of type display cannot have answers.');
    return;
  }
  if (question.type === 'group') {
    if (answers.length > 0) {
      run.error(
        'structure',
        path,
        'A group has items and no answers: give the items without an answer around.',
      );
    }
    if (finished && question.required === true && item.item === undefined && !isConditional(question)) {
      run.error('required', path, 'A group that is required must have items in it.');
      return;
    }
    checkItems(checking, question, item, path);
    return;
  }
  checkNumber(checking, question, answers.length, path);
  for (const [i, answer] of answers.entries()) {
    if (!isObject(answer)) continue;
    const place = `${path}.answer[${i}]`;
    checkAnswer(run, question, answer, place);
    checkItems(checking, question, answer, place);
  }
  checkExclusive(run, question, answers, path);
}

function checkNumber({ run, finished }: Checking, question: JsonObject, count: number, path: string): void {
  const least = extensionValue(question, `${OCCURS}minOccurs`);
  const most = extensionValue(question, `${OCCURS}maxOccurs`);
  if (finished && question.required === true && count === 0 && !isConditional(question)) {
    run.error('required', path, 'An answer is required here.');
  }
  if (finished && typeof least === 'number' && count < least) {
    run.error('structure', path, `At least ${least} answers are required here.`);
  }
  if (typeof most === 'number' && count > most) {
    run.error('structure', path, `At most ${most} answers are allowed here.`);
  }
  if (count > 1 && question.repeats !== true) {
    run.error('structure', path, 'Only one answer is allowed here: the question does not repeat.');
  }
}

function checkExclusive(
  run: ProfileRun,
  question: JsonObject,
  answers: readonly unknown[],
  path: string,
): void {
  if (answers.length < 2) return;
  const alone = asObjects(question.answerOption)
    .filter((one) => extensionValue(one, `${OCCURS}optionExclusive`) === true)
    .map((one) => one.valueCoding)
    .filter(isObject);
  for (const [i, answer] of answers.entries()) {
    const coding = isObject(answer) ? answer.valueCoding : undefined;
    if (!isObject(coding)) continue;
    if (alone.some((one) => one.system === coding.system && one.code === coding.code)) {
      const text = 'This option excludes all others: nothing else may be answered beside it.';
      run.error('structure', `${path}.answer[${i}]`, text);
    }
  }
}
