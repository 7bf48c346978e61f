/** A piece of finished mark-up. Only `html` and `trusted` make one, so text can reach a page in no other way. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template may hold; null leaves nothing behind. */
export type HtmlValue = Html | string | number | null | readonly HtmlValue[];

/** Mark-up with every inserted text escaped, for element content and for quoted attribute values alike. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(
    strings.map((text, index) => text + (index < values.length ? escaped(values[index]!) : '')).join(''),
  );
}

/** Text taken as mark-up as it is. Only for the project's own style sheet, scripts and drawings. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** JSON for a `<script type="application/json">`: it cannot end the element or begin a comment in it. */
export function jsonText(value: unknown): Html {
  return new Html(
    JSON.stringify(value).replace(
      /[<>&\u2028\u2029]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  );
}

function escaped(value: HtmlValue): string {
  if (value === null) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value.replace(/[&<>"'`]/g, (c) => `&#${c.charCodeAt(0)};`);
  return value.map(escaped).join('');
}
