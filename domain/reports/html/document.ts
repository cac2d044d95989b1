/**
 * A page that stands alone: it fetches nothing, runs nothing, and is read as well printed or by a screen reader. Its
 * Content-Security-Policy allows its own style, by its digest, and nothing else; so even markup that should not be there
 * would do nothing.
 */
import { createHash } from 'node:crypto';
import { html, Markup, type Part } from './markup.ts';
import { style } from './style.ts';

/** CSP level 3, "style-src with hash-source": the digest of the text between the tags, to the byte. */
const digest = createHash('sha256').update(style).digest('base64');
const policy = `default-src 'none'; style-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`;

export interface Page {
  readonly title: string;
  /** Below the brand: the heading, what it is about, and what is on it. */
  readonly top: Part;
  readonly main: Part;
  /** One sentence. */
  readonly foot: Part;
}

export const document = ({ title, top, main, foot }: Page): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the report</a>
<header class="top page">
${brand}
${top}
</header>
<main id="content" class="page" tabindex="-1">
${main}
</main>
<footer class="page"><p>${foot}</p></footer>
</body>
</html>
`.toString();

/** A quarter of a turn. */
const brand = html`<p class="brand"><svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-linecap="round"><circle cx="12" cy="12" r="9.5" stroke-width="2" opacity=".28"/><path d="M12 2.5A9.5 9.5 0 0 1 21.5 12" stroke-width="3"/><circle cx="12" cy="12" r="2.2" fill="currentColor" stroke="none"/></svg>Quarterturn</p>`;

/** What it is about, a title and a text each; those without a text are left out. */
export const facts = (rows: readonly (readonly [string, string | undefined])[]): Markup =>
  html`<dl class="meta">${rows.map(([title, text]) => (text === undefined ? undefined : html`<div><dt>${title}</dt><dd>${text}</dd></div>`))}</dl>`;

/** Links to the sections, by id. */
export const contents = (links: readonly (readonly [string, string])[]): Markup =>
  html`<nav aria-label="Contents"><ul>${links.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>`;
