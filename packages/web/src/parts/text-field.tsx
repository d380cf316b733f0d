/** A field with its label, and beneath it the hint or what is wrong with it; the two are tied together. */
import type { JSX } from 'preact';

export interface TextFieldProps {
  /** Id of the field; errors put the focus there. */
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  /** What is wrong with it; takes the hint's place. */
  readonly fault?: string | undefined;
  readonly value: string;
  readonly onValue: (value: string) => void;
  /** Lines; one unless given. */
  readonly rows?: number;
  readonly input?: {
    readonly inputMode?: 'email' | 'numeric' | 'text';
    readonly type?: 'email' | 'password' | 'text';
    readonly autocomplete?: string;
    readonly autocapitalize?: 'characters' | 'none';
    readonly maxLength?: number;
    readonly name?: string;
    readonly autoFocus?: boolean;
  };
}

export function TextField(props: TextFieldProps): JSX.Element {
  const { id, label, hint, fault, value, onValue, rows, input = {} } = props;
  const shared = {
    id,
    value,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: false,
    ...input,
    'aria-invalid': fault !== undefined,
    'aria-describedby': `${id}-hint`,
    onInput: (event: { currentTarget: { value: string } }) => onValue(event.currentTarget.value),
  } as const;
  const { type, ...area } = shared as typeof shared & { readonly type?: never };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows === undefined ? (
        <input {...area} type={type ?? 'text'} />
      ) : (
        <textarea {...area} rows={rows} />
      )}
      <p
        id={`${id}-hint`}
        class="hint"
        data-tone={fault === undefined ? 'plain' : 'bad'}
        aria-live="polite"
      >
        {fault ?? hint}
      </p>
    </div>
  );
}
