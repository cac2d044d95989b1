/**
 * The report as one page that stands alone: it fetches nothing, runs nothing, and is read as well printed or by a
 * screen reader. Its Content-Security-Policy allows its own style, by its digest, and nothing else; so even markup that
 * should not be there would do nothing.
 */
import { createHash } from 'node:crypto';
import * as words from '../deployment/words.ts';
import type { DeploymentReport } from '../deployment-report.ts';
import { html, Markup } from './markup.ts';
import * as sections from './sections.ts';
import { style } from './style.ts';
import { summary } from './summary.ts';
import { timeline } from './timeline.ts';

/** CSP level 3, "style-src with hash-source": the digest of the text between the tags, to the byte. */
const digest = createHash('sha256').update(style).digest('base64');
const policy = `default-src 'none'; style-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`;

export function page(report: DeploymentReport): string {
  const { name, environment } = report.deployment;
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Secret rotation: ${name}/${environment}, ${words.day(report.at)}</title>
<link rel="icon" href="data:,">
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the report</a>
<header class="top page">
${brand}
<h1>Secret rotation <span class="where">${name} / ${environment}</span></h1>
${meta(report)}
${contents(report)}
</header>
<main id="content" class="page" tabindex="-1">
${summary(report)}
${sections.timelineSection(timeline(report))}
${sections.schedule(report)}
${sections.inventory(report)}
${sections.certificates(report)}
${sections.controls(report.controls)}
${sections.history(report)}
${sections.contacts(report)}
${sections.basis(report)}
</main>
<footer class="page"><p>Made by Quarterturn, ${words.minute(report.at)} UTC. It holds names, dates and identifiers, and no secret’s value.</p></footer>
</body>
</html>
`;
  return document.toString();
}

/** A quarter of a turn. */
const brand = html`<p class="brand"><svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-linecap="round"><circle cx="12" cy="12" r="9.5" stroke-width="2" opacity=".28"/><path d="M12 2.5A9.5 9.5 0 0 1 21.5 12" stroke-width="3"/><circle cx="12" cy="12" r="2.2" fill="currentColor" stroke="none"/></svg>Quarterturn</p>`;

function meta({ at, caller, period }: DeploymentReport) {
  const facts: [string, string | undefined][] = [
    ['As of', `${words.minute(at)} UTC`],
    ['Period', `${words.day(period.from)} to ${words.day(period.until)}`],
    ['Account', caller.account],
    ['Region', caller.region],
    ['Made by', caller.arn],
    ['At', caller.endpoint],
  ];
  return html`<dl class="meta">${facts.map(([title, text]) => (text === undefined ? undefined : html`<div><dt>${title}</dt><dd>${text}</dd></div>`))}</dl>`;
}

function contents({ controls, certificates }: DeploymentReport) {
  const links: [string, string, boolean][] = [
    ['summary', 'Summary', true],
    ['timeline', 'Timeline', true],
    ['schedule', 'Schedule', true],
    ['inventory', 'Inventory', true],
    ['certificates', 'Certificates', certificates.length > 0],
    ['controls', 'Controls', controls !== undefined],
    ['history', 'History', true],
    ['contacts', 'Contacts', true],
    ['basis', 'What it rests on', true],
  ];
  const items = links.flatMap(([id, title, isThere]) =>
    isThere ? [html`<li><a href="#${id}">${title}</a></li>`] : [],
  );
  return html`<nav aria-label="Contents"><ul>${items}</ul></nav>`;
}
