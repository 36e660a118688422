/** Expressions of `_filter` of chance. */
import fc from 'fast-check';
import type { SearchParameter } from '../../src/fhir/search-value.ts';
import { isResolved } from '../search-expressions.ts';
import { ASKED_NUMBERS, DAYS, IDS, oneOf, TEXTS, TIMES, URIS } from './value-pools.ts';

type Text = fc.Arbitrary<string>;

/** Whatever a bare word cannot hold stands in quotes. */
const written = (value: string): string => (/^[\w.:/+-]+$/.test(value) ? value : JSON.stringify(value));

const ORDERED = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'];

/** One comparison of a parameter; `plain` is what a URL may ask it. */
function comparison(parameter: SearchParameter, plain: Text): Text {
  const { code, kind } = parameter;
  const said = (operators: readonly string[], value: Text): Text =>
    fc.tuple(oneOf(operators), value).map(([operator, one]) => `${code} ${operator} ${written(one)}`);
  // one value, without the escapes of commas that a URL needs
  const single = plain.filter((one) => !/[\\,]/.test(one));
  const present = isResolved(parameter) ? [] : [said(['pr'], oneOf(['true', 'false']))];
  switch (kind) {
    case 'string':
      return fc.oneof(
        said(['eq', 'ne', 'co', 'sw', 'ew'], oneOf(TEXTS.filter((one) => /^\p{Script=Latin}{2}/u.test(one)))),
        ...present,
      );
    case 'date':
      return fc.oneof(said([...ORDERED, 'po'], oneOf([...DAYS, ...TIMES])), ...present);
    case 'number':
    case 'quantity':
      return fc.oneof(said(ORDERED, oneOf(ASKED_NUMBERS)), ...present);
    case 'uri':
      return fc.oneof(
        said(['eq', 'ss', 'sb'], oneOf(URIS.filter((one) => one.startsWith('http')))),
        ...present,
      );
    default:
      return fc.oneof(said(['eq'], single), ...present);
  }
}

/** An expression over these parameters, by way of what `by` leads through too: a path, and the parameters behind it. */
export function madeExpression(
  own: readonly SearchParameter[],
  by: readonly { readonly path: string; readonly parameters: readonly SearchParameter[] }[],
  plainOf: (parameter: SearchParameter) => Text,
): Text {
  const direct = own.map((one) => comparison(one, plainOf(one)));
  const linked = by.flatMap(({ path, parameters }) =>
    parameters.map((one) => comparison(one, plainOf(one)).map((said) => path + said)),
  );
  const itself = fc.tuple(oneOf(['eq', 'ne']), oneOf(IDS)).map(([operator, id]) => `_id ${operator} ${id}`);
  const leaf = fc.oneof(
    { weight: 6, arbitrary: fc.oneof(...direct) },
    { weight: 1, arbitrary: itself },
    ...(linked.length === 0 ? [] : [{ weight: 3, arbitrary: fc.oneof(...linked) }]),
  );
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      { weight: 3, arbitrary: leaf },
      {
        weight: 2,
        arbitrary: fc.tuple(leaf, oneOf(['and', 'or']), tie('expression')).map((parts) => parts.join(' ')),
      },
      { weight: 1, arbitrary: tie('expression').map((inner) => `not (${inner})`) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie('expression'), oneOf(['and', 'or']), leaf)
          .map(([inner, join, last]) => `(${inner}) ${join} ${last}`),
      },
    ),
  }));
  return expression;
}
