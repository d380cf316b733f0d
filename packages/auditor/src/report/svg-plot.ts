/**
 * Plots as SVG, a few kilobytes each: bars that stand on each other, and lines. Only shapes are SVG, which
 * is stretched to the width of the reader's window; words and numbers stand beside it, in the reader's size.
 */

interface PlotSeries {
  readonly name: string;
  /** Chooses its colour, which is the same in every plot of the page. */
  readonly place: number;
  readonly values: readonly number[];
}

export interface Plot {
  readonly title: string;
  /** What stands below the first and the last value. */
  readonly from: string;
  readonly to: string;
  readonly series: readonly PlotSeries[];
  readonly style: 'bars' | 'lines';
}

const width = 720;
const height = 180;
const pointsMax = 160;
/** A few values leave room to the right of them, rather than be as wide as the page. */
const slotsMin = 30;
/** Colours of the page's style, by class. */
const colourCount = 7;

/** Returns a plot with its title and what its colours mean. */
export function svgPlot({ title, from, to, series, style }: Plot): string {
  const drawn = series
    .map(({ values, ...one }) => ({ ...one, values: thinned(values, style) }))
    .filter(({ values }) => values.some((value) => value > 0));
  if (drawn.length === 0) return figure(title, '<p class="quiet">None so far.</p>');
  const count = Math.max(1, ...drawn.map(({ values }) => values.length));
  const sums = Array.from({ length: count }, (_, at) =>
    drawn.reduce((sum, { values }) => sum + (values[at] ?? 0), 0),
  );
  const highest = Math.max(...(style === 'bars' ? sums : drawn.flatMap(({ values }) => values)));
  const top = roundUp(highest);
  const shapes = style === 'bars' ? bars(drawn, { count, top }) : lines(drawn, { count, top });
  const keys = drawn.map(
    ({ name, place }) => `<span><i class="${colourAt(place)}"></i>${escaped(name)}</span>`,
  );
  const grid = [0, height / 2]
    .map((y) => `<line class="grid" x1="0" y1="${y}" x2="${width}" y2="${y}"/>`)
    .join('');
  return figure(
    title,
    `<div class="plot"><div class="scale"><span>${grouped(top)}</span><span>${grouped(top / 2)}</span><span>0</span></div>
<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${escaped(title)}">${grid}${shapes}</svg></div>
${axis(from, to)}<p class="keys">${keys.join(' ')}</p>`,
  );
}

/** A title, and what stands below it. */
export function figure(title: string, content: string): string {
  return `<figure><figcaption>${escaped(title)}</figcaption>${content}</figure>`;
}

/** What stands below the first and the last value; once, where both are the same. */
export function axis(from: string, to: string): string {
  const last = to === from ? '' : `<span>${escaped(to)}</span>`;
  return `<p class="axis"><span>${escaped(from)}</span>${last}</p>`;
}

/** A number with its thousands set apart. */
export function grouped(value: number): string {
  return value.toLocaleString('en');
}

interface Scale {
  readonly count: number;
  readonly top: number;
}

function bars(series: readonly PlotSeries[], { count, top }: Scale): string {
  const step = width / Math.max(count, slotsMin);
  const floor = Array.from({ length: count }, () => 0);
  return series
    .map(({ values, place }) => {
      const rects = values.map((value, at) => {
        const size = (value / top) * height;
        const y = height - (floor[at] ?? 0) - size;
        floor[at] = (floor[at] ?? 0) + size;
        if (value === 0) return '';
        const x = (at * step).toFixed(1);
        return `<rect x="${x}" y="${y.toFixed(1)}" width="${(step * 0.9).toFixed(1)}" height="${size.toFixed(1)}"/>`;
      });
      return `<g class="${colourAt(place)}">${rects.join('')}</g>`;
    })
    .join('');
}

function lines(series: readonly PlotSeries[], { count, top }: Scale): string {
  const step = width / Math.max(1, count - 1);
  return series
    .map(({ values, place }) => {
      const points = values.map(
        (value, at) => `${(at * step).toFixed(1)},${(height - (value / top) * height).toFixed(1)}`,
      );
      return `<polyline class="${colourAt(place)}" points="${points.join(' ')}"/>`;
    })
    .join('');
}

/** Joins neighbours until few enough are left: bars add up, lines keep the largest. */
function thinned(values: readonly number[], style: Plot['style']): readonly number[] {
  return joined(values, (some) =>
    style === 'bars' ? some.reduce((sum, value) => sum + value, 0) : Math.max(...some),
  );
}

/** Joins neighbours until few enough are left to be drawn. */
export function joined<T>(values: readonly T[], join: (some: readonly T[]) => T): readonly T[] {
  const each = Math.ceil(values.length / pointsMax);
  if (each <= 1) return values;
  return Array.from({ length: Math.ceil(values.length / each) }, (_, at) =>
    join(values.slice(at * each, (at + 1) * each)),
  );
}

/** The next even number of one digit and zeros, so that half of it is whole. */
function roundUp(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)));
  return Math.max(2, Math.ceil(value / unit / 2) * 2 * unit);
}

function colourAt(place: number): string {
  return `c${place % colourCount}`;
}

/** Text as it may stand in HTML: what members wrote is never markup here. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
