/**
 * Runs in the reader's browser, where scripts run: charts answer to the pointer, findings can be hidden, columns
 * sorted. Its compiled text is put into the page together with Chart.js, so it imports nothing and keeps to the few
 * parts of the DOM that are declared below. Without it nothing is missing but this.
 */
export function startLive(page: LiveDocument, view: LiveWindow, Chart: ChartClass): void {
  const charts: Record<string, LiveChart> = JSON.parse(page.getElementById('charts')?.textContent ?? '{}');
  Chart.defaults.font.family = view.getComputedStyle(page.body).fontFamily;
  const live = new Map<LiveElement, {destroy(): void}>();
  const draw = (place: LiveElement): void => {
    const chart = charts[place.dataset['chart'] ?? ''];
    if (chart === undefined) return;
    live.get(place)?.destroy();
    live.set(
      place,
      drawChart({place, chart, page, Chart, style: view.getComputedStyle(page.documentElement)}),
    );
  };
  const seen = new view.IntersectionObserver(
    (entries) => {
      for (const {isIntersecting, target} of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        draw(target);
      }
    },
    {rootMargin: '200px'},
  );
  for (const place of page.querySelectorAll('[data-chart]')) seen.observe(place);
  view
    .matchMedia('(prefers-color-scheme: dark)')
    .addEventListener('change', () => [...live.keys()].forEach(draw));
  for (const chooser of page.querySelectorAll('.chooser')) startChooser(chooser, page);
  for (const table of page.querySelectorAll('.forest table')) startSorting(table, page);
}

function drawChart(of: {
  place: LiveElement;
  chart: LiveChart;
  page: LiveDocument;
  Chart: ChartClass;
  style: LiveStyle;
}): {destroy(): void} {
  const {place, chart, page, Chart, style} = of;
  const canvas = place.querySelector('canvas') ?? page.createElement('canvas');
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', place.querySelector('img')?.getAttribute('alt') ?? '');
  canvas.width = chart.width;
  canvas.height = chart.height;
  const config = colored(chart.config, style) as LiveChart['config'];
  Object.assign(config.options.plugins.tooltip, tooltipOf(config, place));
  place.append(canvas);
  place.classList.add('live');
  const drawn = new Chart(canvas, config);
  // The canvas has the size of the image that it replaces: the style sheet fits it into its column.
  canvas.style.width = '';
  canvas.style.height = '';
  return drawn;
}

/** What the pointer shows: a box in a large chart, the line above a small one, which has no room for a box. */
function tooltipOf(config: LiveChart['config'], place: LiveElement): object {
  const {decimals = 3, axes} = config.options.plugins.tooltip;
  const written = (value: number): string =>
    value.toLocaleString('en-US', {minimumFractionDigits: decimals, maximumFractionDigits: decimals});
  if (axes === undefined) {
    const along = (item: TooltipItem): string =>
      config.type === 'bar' ? item.label : `epoch ${item.parsed.x}`;
    // Bars lie; those to the left of zero count the other half of a pyramid.
    const value = ({x, y}: TooltipItem['parsed']): number => (config.type === 'bar' ? Math.abs(x) : y);
    return {
      callbacks: {
        title: (items: TooltipItem[]) => items.map(along).slice(0, 1),
        label: ({parsed, dataset}: TooltipItem) => `${dataset.label}: ${written(value(parsed))}`,
      },
    };
  }
  const line = place.parentElement?.querySelector('span') ?? null;
  const usual = line?.textContent ?? '';
  return {
    enabled: false,
    // A reference line says nothing that the caption does not.
    filter: (item: TooltipItem) => item.dataset.reference !== true,
    external: ({tooltip}: {tooltip: {opacity: number; dataPoints?: TooltipItem[]}}) => {
      const point = tooltip.opacity === 0 ? undefined : tooltip.dataPoints?.[0]?.parsed;
      const text =
        point === undefined ? usual : `${axes[1]} ${written(point.y)} at ${axes[0]} ${written(point.x)}`;
      if (line !== null) line.textContent = text;
    },
  };
}

/** Colour names ($ink2) as the style sheet defines them at this moment. */
function colored(value: unknown, style: LiveStyle): unknown {
  if (typeof value === 'string' && value.startsWith('$'))
    return style.getPropertyValue(`--${value.slice(1)}`).trim();
  if (Array.isArray(value)) return value.map((item) => colored(item, style));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, colored(field, style)]));
  return value;
}

/** Buttons that show and hide the rows and panels of a finding. */
function startChooser(chooser: LiveElement, page: LiveDocument): void {
  chooser.hidden = false;
  for (const button of chooser.querySelectorAll('button'))
    button.addEventListener('click', () => {
      const shown = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(shown));
      for (const part of page.querySelectorAll('[data-class]'))
        if (part.dataset['class'] === button.dataset['toggles']) part.hidden = !shown;
    });
}

/** Headings over numbers become buttons: highest first, lowest first, the order of the page again. */
function startSorting(table: LiveElement, page: LiveDocument): void {
  const body = table.querySelector('tbody')!;
  const original = [...body.children];
  const headings = [...table.querySelectorAll('thead th')];
  for (const [column, heading] of headings.entries()) {
    if (!heading.classList.contains('right')) continue;
    const button = page.createElement('button');
    button.setAttribute('type', 'button');
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener('click', () => {
      const order = {none: 'descending', descending: 'ascending', ascending: 'none'}[
        heading.getAttribute('aria-sort') ?? 'none'
      ]!;
      for (const other of headings) other.removeAttribute('aria-sort');
      if (order !== 'none') heading.setAttribute('aria-sort', order);
      const sign = order === 'ascending' ? 1 : -1;
      const value = (row: LiveElement): number =>
        Number.parseFloat((row.children[column]?.textContent ?? '').replaceAll(',', ''));
      const known = original
        .filter((row) => !Number.isNaN(value(row)))
        .sort((a, b) => sign * (value(a) - value(b)));
      body.append(
        ...(order === 'none' ? original : [...known, ...original.filter((row) => Number.isNaN(value(row)))]),
      );
    });
  }
}

type LiveChart = {
  width: number;
  height: number;
  config: {type: string; options: {plugins: {tooltip: {decimals?: number; axes?: [string, string]}}}};
};

type TooltipItem = {
  label: string;
  parsed: {x: number; y: number};
  dataset: {label?: string; reference?: boolean};
};

type ChartClass = {
  new (canvas: LiveElement, config: LiveChart['config']): {destroy(): void};
  defaults: {font: {family?: string}};
};

type LiveStyle = {getPropertyValue(name: string): string; fontFamily: string};

type LiveElement = {
  textContent: string | null;
  hidden: boolean;
  parentElement: LiveElement | null;
  width: number;
  height: number;
  style: {width: string; height: string};
  dataset: Record<string, string | undefined>;
  children: ArrayLike<LiveElement> & Iterable<LiveElement>;
  childNodes: Iterable<LiveElement>;
  classList: {add(name: string): void; contains(name: string): boolean};
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  append(...nodes: LiveElement[]): void;
  querySelector(selector: string): LiveElement | null;
  querySelectorAll(selector: string): Iterable<LiveElement>;
  addEventListener(type: string, listener: () => void): void;
};

type LiveDocument = {
  body: LiveElement;
  documentElement: LiveElement;
  getElementById(id: string): LiveElement | null;
  createElement(name: string): LiveElement;
  querySelectorAll(selector: string): Iterable<LiveElement>;
};

type LiveWindow = {
  getComputedStyle(element: LiveElement): LiveStyle;
  matchMedia(query: string): {addEventListener(type: string, listener: () => void): void};
  IntersectionObserver: new (
    seen: (entries: {isIntersecting: boolean; target: LiveElement}[]) => void,
    options: {rootMargin: string},
  ) => {observe(element: LiveElement): void; unobserve(element: LiveElement): void};
};
