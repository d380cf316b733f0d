/** Texts for fuzzing parsers: valid ones with pieces cut, doubled, moved or replaced, and garbage. */
import fc from 'fast-check';

interface Edit {
  readonly at: number;
  readonly cut: number;
  readonly piece: string;
}

const pieces = fc.oneof(
  fc.constantFrom('', '\n', '\n\n', ' ', '\u2014', '+', '=', '"', '\\', ',', ':', '0', '-1', '1.0'),
  fc.constantFrom('{}', '[]', 'null', 'true', '\ud800', '\u0000', '\u00a0', '9007199254740993'),
  fc.string({ maxLength: 4 }),
);

const edits: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(10_000),
  cut: fc.nat(6),
  piece: pieces,
});

/** Returns texts near the given ones, one in ten of them garbage. */
export function mutationsOf(texts: readonly string[]): fc.Arbitrary<string> {
  const near = fc
    .tuple(fc.constantFrom(...texts), fc.array(edits, { minLength: 1, maxLength: 2 }))
    .map(([text, changes]) => changes.reduce(edited, text));
  return fc.oneof(
    { weight: 9, arbitrary: near },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }) },
  );
}

function edited(text: string, { at, cut, piece }: Edit): string {
  const start = at % (text.length + 1);
  return text.slice(0, start).concat(piece, text.slice(start + cut));
}
