/**
 * Form components in nhsuk-frontend's markup (MIT): button, hint, error message, error summary, label,
 * input, radios, select. Each is held to nhsuk-frontend's own rendered examples by a test. What a page does
 * not need is not offered.
 */
import type { ComponentChildren, JSX } from 'preact';

type Attributes = Readonly<Record<string, string>>;

export interface ButtonProps {
  readonly text: string;
  readonly variant?: 'secondary' | 'warning' | 'reverse' | 'secondary-solid' | undefined;
  readonly small?: boolean;
  readonly name?: string;
  readonly value?: string;
  readonly classes?: string;
  readonly disabled?: boolean;
  /** Said by screen readers after the text: what the button is about, where many look the same. */
  readonly about?: string;
}

/** A button that sends its form. */
export function Button(props: ButtonProps): JSX.Element {
  const { text, variant, small, name, value, classes, disabled, about } = props;
  return (
    <button
      class={classNames(
        'nhsuk-button',
        variant && `nhsuk-button--${variant}`,
        small && 'nhsuk-button--small',
        classes,
      )}
      data-module="nhsuk-button"
      type="submit"
      {...(name === undefined ? {} : { name })}
      {...(value === undefined ? {} : { value })}
      {...(disabled === true ? { disabled: true, 'aria-disabled': 'true' } : {})}
    >
      {text}
      {about !== undefined && <span class="nhsuk-u-visually-hidden"> {about}</span>}
    </button>
  );
}

export interface HintProps {
  readonly id?: string;
  readonly text: ComponentChildren;
  readonly classes?: string;
}

export function Hint({ id, text, classes }: HintProps): JSX.Element {
  return (
    <div class={classNames('nhsuk-hint', classes)} {...(id === undefined ? {} : { id })}>
      {text}
    </div>
  );
}

export interface ErrorMessageProps {
  readonly id?: string;
  readonly text: string;
}

export function ErrorMessage({ id, text }: ErrorMessageProps): JSX.Element {
  return (
    <span class="nhsuk-error-message" {...(id === undefined ? {} : { id })}>
      <span class="nhsuk-u-visually-hidden">Error: </span>
      {text}
    </span>
  );
}

export interface ErrorSummaryProps {
  readonly titleText: string;
  readonly errorList: readonly { readonly text: string; readonly href?: string }[];
}

/** At the top of a page whose form could not be taken. */
export function ErrorSummary({ titleText, errorList }: ErrorSummaryProps): JSX.Element {
  return (
    <div class="nhsuk-error-summary" data-module="nhsuk-error-summary">
      <div role="alert">
        <h2 class="nhsuk-error-summary__heading">{titleText}</h2>
        <div class="nhsuk-error-summary__body">
          <ul class="nhsuk-list nhsuk-error-summary__list">
            {errorList.map(({ text, href }) => (
              <li key={text}>{href === undefined ? text : <a href={href}>{text}</a>}</li>
            ))}
          </ul>
        </div>
      </div>
    </div>
  );
}

interface LabelProps {
  readonly text: string;
  readonly size?: 's' | 'm' | 'l' | 'xl';
  readonly isPageHeading?: boolean;
  /** For screen readers only, where what the field is for can be seen otherwise. */
  readonly isHidden?: boolean;
}

function Label(props: LabelProps & { readonly for: string }): JSX.Element {
  const { text, size, isPageHeading, isHidden } = props;
  const label = (
    <label
      class={classNames('nhsuk-label', size && `nhsuk-label--${size}`, isHidden && 'nhsuk-u-visually-hidden')}
      for={props.for}
    >
      {text}
    </label>
  );
  return isPageHeading === true ? <h1 class="nhsuk-label-wrapper">{label}</h1> : label;
}

export interface InputProps {
  readonly id: string;
  readonly name: string;
  readonly label: LabelProps;
  readonly hint?: HintProps;
  readonly errorMessage?: ErrorMessageProps;
  readonly value?: string;
  readonly inputmode?: 'numeric' | 'text';
  readonly autocomplete?: string;
  readonly width?: 2 | 3 | 4 | 5 | 10 | 20 | 30;
  readonly code?: boolean;
  readonly spellcheck?: boolean;
}

/** A box for one line of text. */
export function Input(props: InputProps): JSX.Element {
  const { id, name, label, hint, errorMessage, value, inputmode, autocomplete, width, code, spellcheck } =
    props;
  const isWrong = errorMessage !== undefined;
  const attributes: Attributes = {
    ...(spellcheck === undefined ? {} : { spellcheck: String(spellcheck) }),
    ...(value === undefined || value === '' ? {} : { value }),
    ...describedBy(hint && `${id}-hint`, isWrong && `${id}-error`),
    ...(autocomplete === undefined ? {} : { autocomplete }),
    ...(inputmode === undefined ? {} : { inputmode }),
  };
  return (
    <div class={classNames('nhsuk-form-group', isWrong && 'nhsuk-form-group--error')}>
      <Label {...label} for={id} />
      {hint !== undefined && <Hint id={`${id}-hint`} {...hint} />}
      {isWrong && <ErrorMessage id={`${id}-error`} {...errorMessage} />}
      <input
        class={classNames(
          'nhsuk-input',
          width && `nhsuk-input--width-${width}`,
          code && 'nhsuk-input--code',
          isWrong && 'nhsuk-input--error',
        )}
        id={id}
        name={name}
        type="text"
        {...attributes}
      />
    </div>
  );
}

export interface RadiosProps {
  readonly name: string;
  readonly idPrefix?: string;
  readonly fieldset: {
    readonly legend: {
      readonly text: string;
      readonly size?: 's' | 'm' | 'l' | 'xl';
      readonly isPageHeading?: boolean;
    };
  };
  readonly hint?: HintProps;
  readonly errorMessage?: ErrorMessageProps;
  readonly value?: string;
  readonly small?: boolean;
  readonly inline?: boolean;
  readonly items: readonly { readonly value: string; readonly text: string; readonly hint?: HintProps }[];
}

/** One choice of several. */
export function Radios(props: RadiosProps): JSX.Element {
  const { name, fieldset, hint, errorMessage, value, small, inline, items } = props;
  const prefix = props.idPrefix ?? name;
  const { legend } = fieldset;
  const isWrong = errorMessage !== undefined;
  return (
    <div class={classNames('nhsuk-form-group', isWrong && 'nhsuk-form-group--error')}>
      <fieldset
        class="nhsuk-fieldset"
        {...describedBy(hint && `${prefix}-hint`, isWrong && `${prefix}-error`)}
      >
        <legend
          class={classNames(
            'nhsuk-fieldset__legend',
            legend.size && `nhsuk-fieldset__legend--${legend.size}`,
          )}
        >
          {legend.isPageHeading === true ? (
            <h1 class="nhsuk-fieldset__heading">{legend.text}</h1>
          ) : (
            legend.text
          )}
        </legend>
        {hint !== undefined && <Hint id={`${prefix}-hint`} {...hint} />}
        {isWrong && <ErrorMessage id={`${prefix}-error`} {...errorMessage} />}
        <div
          class={classNames('nhsuk-radios', small && 'nhsuk-radios--small', inline && 'nhsuk-radios--inline')}
          data-module="nhsuk-radios"
        >
          {items.map((item, index) => {
            const id = index === 0 ? prefix : `${prefix}-${index + 1}`;
            return (
              <div class="nhsuk-radios__item" key={item.value}>
                <input
                  class="nhsuk-radios__input"
                  id={id}
                  name={name}
                  type="radio"
                  value={item.value}
                  {...(item.value === value ? { checked: true } : {})}
                  {...describedBy(item.hint && `${id}-item-hint`)}
                />
                <label class="nhsuk-label nhsuk-radios__label" for={id}>
                  {item.text}
                </label>
                {item.hint !== undefined && (
                  <Hint id={`${id}-item-hint`} text={item.hint.text} classes="nhsuk-radios__hint" />
                )}
              </div>
            );
          })}
        </div>
      </fieldset>
    </div>
  );
}

export interface SelectProps {
  readonly id: string;
  readonly name: string;
  readonly label: LabelProps;
  readonly hint?: HintProps;
  readonly value?: string;
  readonly items: readonly { readonly value: string; readonly text: string }[];
}

/** One choice of many. */
export function Select({ id, name, label, hint, value, items }: SelectProps): JSX.Element {
  return (
    <div class="nhsuk-form-group">
      <Label {...label} for={id} />
      {hint !== undefined && <Hint id={`${id}-hint`} {...hint} />}
      <select class="nhsuk-select" id={id} name={name} {...describedBy(hint && `${id}-hint`)}>
        {items.map((item) => (
          <option key={item.value} value={item.value} {...(item.value === value ? { selected: true } : {})}>
            {item.text}
          </option>
        ))}
      </select>
    </div>
  );
}

function describedBy(...ids: readonly (string | false | undefined)[]): Attributes {
  const named = ids.filter((id) => typeof id === 'string');
  return named.length === 0 ? {} : { 'aria-describedby': named.join(' ') };
}

/** Class names that are there, in their order. */
export function classNames(...names: readonly (string | number | false | undefined)[]): string {
  return names.filter((name) => typeof name === 'string' && name !== '').join(' ');
}
