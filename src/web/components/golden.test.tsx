import { createRequire } from 'node:module';
import type { VNode } from 'preact';
import { render } from 'preact-render-to-string';
import { describe, expect, it } from 'vitest';
import { BackLink, Details, Pagination, SkipLink, SuccessBanner } from './content.tsx';
import { Button, ErrorMessage, ErrorSummary, Hint, Input, Radios, Select } from './form.tsx';

type Options = Readonly<Record<string, unknown>>;
interface Fixture {
  readonly name: string;
  readonly context: Options | null;
  readonly html: string;
}

const load = createRequire(import.meta.url);

/** Only these options and no other: what our components do not offer is not compared. */
function only(options: unknown, keys: readonly string[]): options is Options {
  return (
    typeof options === 'object' && options !== null && Object.keys(options).every((key) => keys.includes(key))
  );
}

const texts = (value: unknown): { readonly text: string } | undefined =>
  typeof value === 'string'
    ? { text: value }
    : only(value, ['text']) && typeof value.text === 'string'
      ? { text: value.text }
      : undefined;

/** A label or legend: `heading` is its text as the page's h1. */
function headed(label: unknown): object | undefined {
  if (!only(label, ['text', 'size', 'isPageHeading', 'heading'])) return undefined;
  const { heading, ...rest } = label;
  return heading === undefined ? rest : { ...rest, text: heading, isPageHeading: true };
}

/** The shared parts of a field, where ours offers all that the example uses. */
function field(options: Options): object | undefined {
  const { label, hint, errorMessage } = options;
  const shownHint = hint === undefined ? undefined : texts(hint);
  const shownError = errorMessage === undefined ? undefined : texts(errorMessage);
  const shownLabel = label === undefined ? undefined : headed(label);
  if (label !== undefined && shownLabel === undefined) return undefined;
  if (
    (hint !== undefined && shownHint === undefined) ||
    (errorMessage !== undefined && shownError === undefined)
  )
    return undefined;
  const id = options.id ?? options.name;
  return {
    ...options,
    id,
    ...(shownLabel === undefined ? {} : { label: shownLabel }),
    ...(shownHint === undefined ? {} : { hint: shownHint }),
    ...(shownError === undefined ? {} : { errorMessage: shownError }),
  };
}

/** An example's options as our component takes them; undefined where it asks for what ours does not offer. */
const COMPONENTS: Readonly<Record<string, (options: Options) => VNode | undefined>> = {
  'back-link': (options) =>
    only(options, ['text', 'href']) && options.href !== undefined ? (
      <BackLink href={String(options.href)} text={String(options.text ?? 'Back')} />
    ) : undefined,
  button: (options) =>
    only(options, ['text', 'small', 'disabled', 'variant']) &&
    ['secondary', 'warning', 'reverse', 'secondary-solid', undefined].includes(options.variant as string) ? (
      <Button {...(options as { text: string })} />
    ) : undefined,
  details: (options) => {
    const summary = texts(options.summary);
    return only(options, ['summary', 'text', 'open', 'classes']) && summary !== undefined ? (
      <Details
        summaryText={summary.text}
        open={options.open === true}
        {...(typeof options.classes === 'string' ? { classes: options.classes } : {})}
      >
        {String(options.text)}
      </Details>
    ) : undefined;
  },
  'error-message': (options) =>
    only(options, ['text']) ? <ErrorMessage text={String(options.text)} /> : undefined,
  'error-summary': (options) => {
    const heading = texts(options.heading);
    const list = options.errorList as { text?: unknown; html?: unknown }[] | undefined;
    if (!only(options, ['heading', 'errorList']) || heading === undefined || list === undefined)
      return undefined;
    if (!list.every((one) => only(one, ['text', 'href']) && typeof one.text === 'string')) return undefined;
    return <ErrorSummary titleText={heading.text} errorList={list as { text: string }[]} />;
  },
  hint: (options) => (only(options, ['text']) ? <Hint text={String(options.text)} /> : undefined),
  input: (options) => {
    const OFFERED = [
      'label',
      'name',
      'id',
      'hint',
      'errorMessage',
      'autocomplete',
      'width',
      'spellcheck',
      'code',
      'inputmode',
      'value',
    ];
    const props = only(options, OFFERED) ? field(options) : undefined;
    return props === undefined ? undefined : <Input {...(props as Parameters<typeof Input>[0])} />;
  },
  'notification-banner': (options) =>
    only(options, ['text', 'variant']) && options.variant === 'success' ? (
      <SuccessBanner text={String(options.text)} />
    ) : undefined,
  pagination: (options) => {
    const items = (options.items ?? []) as readonly (false | { ellipsis?: boolean; number?: number })[];
    const plain = [options.previous, options.next].every((one) => one === undefined || only(one, ['href']));
    if (items.length === 0 || !plain) return undefined;
    const numbered = items.filter((item) => item !== false && item.ellipsis !== true);
    return (
      <Pagination
        {...(options as object)}
        items={numbered as unknown as Parameters<typeof Pagination>[0]['items']}
      />
    );
  },
  radios: (options) => {
    const items = (options.items ?? []) as readonly unknown[];
    const { fieldset } = options as { fieldset?: { legend?: unknown } };
    const OFFERED = [
      'fieldset',
      'name',
      'items',
      'small',
      'idPrefix',
      'inline',
      'hint',
      'errorMessage',
      'value',
    ];
    if (!only(options, OFFERED) || !only(fieldset, ['legend'])) return undefined;
    const legend = headed(fieldset.legend);
    if (legend === undefined) return undefined;
    const offered = items.every(
      (item) =>
        only(item, ['value', 'text', 'hint']) && (item.hint === undefined || texts(item.hint) !== undefined),
    );
    const props = offered ? field({ ...options, fieldset: { legend } }) : undefined;
    return props === undefined ? undefined : <Radios {...(props as Parameters<typeof Radios>[0])} />;
  },
  select: (options) => {
    const items = (options.items ?? []) as readonly unknown[];
    const OFFERED = ['label', 'name', 'items', 'id', 'hint', 'value'];
    if (
      !only(options, OFFERED) ||
      !items.every((item) => only(item, ['value', 'text']) && item.value !== undefined)
    )
      return undefined;
    const props = field(options);
    return props === undefined ? undefined : <Select {...(props as Parameters<typeof Select>[0])} />;
  },
  'skip-link': (options) => <SkipLink href={String(options.href)} text={String(options.text)} />,
};

describe('components say what nhsuk-frontend’s own examples say', () => {
  for (const [component, ours] of Object.entries(COMPONENTS)) {
    const { fixtures } = load(`nhsuk-frontend/dist/nhsuk/components/${component}/fixtures.json`) as {
      fixtures: readonly Fixture[];
    };
    // a call block is Nunjucks' own way of handing over markup
    const plain = fixtures.filter((fixture) => !fixture.name.includes('call block'));
    const compared = plain.flatMap((fixture) => {
      const vnode = ours(fixture.context ?? {});
      return vnode === undefined ? [] : [{ ...fixture, vnode }];
    });

    it(`${component}: some can be compared`, () => {
      expect(compared.length).toBeGreaterThan(0);
    });

    it.each(compared)(`${component}: $name`, ({ vnode, html }) => {
      expect(pieces(render(vnode))).toEqual(pieces(html));
    });
  }
});

/** Tags with their attributes in order of name, and texts; white space between them is the template's. */
function pieces(html: string): readonly string[] {
  return (html.match(/<[^>]+>|[^<]+/g) ?? [])
    .map((piece) => (piece.startsWith('<') ? tag(piece) : words(piece)))
    .filter((piece) => piece !== '');
}

function tag(piece: string): string {
  const name = /^<\/?[a-z0-9]+/i.exec(piece)?.[0] ?? '';
  if (name === '</path') return '';
  const attributes = [...piece.slice(name.length).matchAll(/([a-zA-Z-]+)(?:="([^"]*)")?/g)]
    .map(
      ([, key, value]) =>
        `${key?.toLowerCase()}="${key === 'class' ? inOrder(value ?? '') : words(value ?? '')}"`,
    )
    // a nav is a navigation without being told
    .filter((one) => !(name === '<nav' && one === 'role="navigation"'));
  return `${name} ${attributes.sort().join(' ')}`;
}

function words(text: string): string {
  return text
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&gt;', '>')
    .replaceAll('&lt;', '<')
    .replaceAll('&ctdot;', '⋯')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .trim();
}

const inOrder = (classes: string): string => classes.split(/\s+/).sort().join(' ');
