/** Plots as SVG, a few kilobytes each: bars that stand on each other, and lines. */

interface PlotSeries {
  readonly name: string;
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
const colours = ['#1f5fa8', '#c4541d', '#2d8a4e', '#8a3fa0', '#b08a00', '#4a4a4a', '#00848a'];

/** Returns a plot with its title and what its colours mean. */
export function svgPlot({ title, from, to, series, style }: Plot): string {
  const drawn = series.map(({ name, values }) => ({ name, values: thinned(values, style) }));
  const count = Math.max(1, ...drawn.map(({ values }) => values.length));
  const sums = Array.from({ length: count }, (_, at) =>
    drawn.reduce((sum, { values }) => sum + (values[at] ?? 0), 0),
  );
  const top = Math.max(1, ...(style === 'bars' ? sums : drawn.flatMap(({ values }) => values)));
  const shapes = style === 'bars' ? bars(drawn, { count, top }) : lines(drawn, { count, top });
  const keys = drawn.map(
    ({ name }, place) =>
      `<span><i style="background:${colourAt(place)}"></i>${escaped(name)}</span>`,
  );
  return `<figure><figcaption>${escaped(title)}</figcaption>
<svg viewBox="0 0 ${width} ${height + 20}" role="img" aria-label="${escaped(title)}">
<line x1="0" y1="${height}" x2="${width}" y2="${height}" stroke="#888"/>${shapes}
<text x="0" y="${height + 15}">${escaped(from)}</text><text x="${width}" y="${height + 15}" text-anchor="end">${escaped(to)}</text>
<text x="0" y="10">${top}</text></svg><p class="keys">${keys.join(' ')}</p></figure>`;
}

interface Scale {
  readonly count: number;
  readonly top: number;
}

function bars(series: readonly PlotSeries[], { count, top }: Scale): string {
  const step = width / count;
  const floor = Array.from({ length: count }, () => 0);
  return series
    .map(({ values }, place) => {
      const rects = values.map((value, at) => {
        const size = (value / top) * height;
        const y = height - (floor[at] ?? 0) - size;
        floor[at] = (floor[at] ?? 0) + size;
        if (value === 0) return '';
        const x = (at * step).toFixed(1);
        return `<rect x="${x}" y="${y.toFixed(1)}" width="${(step * 0.9).toFixed(1)}" height="${size.toFixed(1)}"/>`;
      });
      return `<g fill="${colourAt(place)}">${rects.join('')}</g>`;
    })
    .join('');
}

function lines(series: readonly PlotSeries[], { count, top }: Scale): string {
  const step = width / Math.max(1, count - 1);
  return series
    .map(({ values }, place) => {
      const points = values.map(
        (value, at) => `${(at * step).toFixed(1)},${(height - (value / top) * height).toFixed(1)}`,
      );
      return `<polyline fill="none" stroke="${colourAt(place)}" stroke-width="2" points="${points.join(' ')}"/>`;
    })
    .join('');
}

/** Joins neighbours until few enough are left: bars add up, lines keep the largest. */
function thinned(values: readonly number[], style: Plot['style']): readonly number[] {
  const width2 = Math.ceil(values.length / pointsMax);
  if (width2 <= 1) return values;
  return Array.from({ length: Math.ceil(values.length / width2) }, (_, at) => {
    const some = values.slice(at * width2, (at + 1) * width2);
    return style === 'bars' ? some.reduce((sum, value) => sum + value, 0) : Math.max(...some);
  });
}

function colourAt(place: number): string {
  return colours[place % colours.length]!;
}

/** Text as it may stand in HTML: what members wrote is never markup here. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
