/** The report of a deployment as one page (`document.ts`). */
import * as words from '../deployment/words.ts';
import type { DeploymentReport } from '../deployment-report.ts';
import { contents, document, facts } from './document.ts';
import { html } from './markup.ts';
import * as sections from './sections.ts';
import { summary } from './summary.ts';
import { timeline } from './timeline.ts';

export function page(report: DeploymentReport): string {
  const { name, environment } = report.deployment;
  return document({
    title: `Secret rotation: ${name}/${environment}, ${words.day(report.at)}`,
    top: html`<h1>Secret rotation <span class="where">${name} / ${environment}</span></h1>
${meta(report)}
${contentsOf(report)}`,
    main: html`${summary(report)}
${sections.timelineSection(timeline(report))}
${sections.schedule(report)}
${sections.inventory(report)}
${sections.certificates(report)}
${sections.controls(report.controls)}
${sections.history(report)}
${sections.contacts(report)}
${sections.basis(report)}`,
    foot: `Made by Quarterturn, ${words.minute(report.at)} UTC. It holds names, dates and identifiers, and no secret’s value.`,
  });
}

const meta = ({ at, caller, period }: DeploymentReport) =>
  facts([
    ['As of', `${words.minute(at)} UTC`],
    ['Period', `${words.day(period.from)} to ${words.day(period.until)}`],
    ['Account', caller.account],
    ['Region', caller.region],
    ['Made by', caller.arn],
    ['At', caller.endpoint],
  ]);

function contentsOf({ controls, certificates }: DeploymentReport) {
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
  return contents(links.flatMap(([id, title, isThere]) => (isThere ? [[id, title] as const] : [])));
}
