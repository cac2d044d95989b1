/** The sections of the page below the summary. */

import { isReservation } from '../deployment/evidence-words.ts';
import { isPastLimit } from '../deployment/limit.ts';
import * as tables from '../deployment/tables.ts';
import * as words from '../deployment/words.ts';
import type { ControlReport, DeploymentReport, HistoryEntry } from '../deployment-report.ts';
import { outcomeBadge, resultBadge, stateBadge } from './badge.ts';
import { html, type Markup } from './markup.ts';
import { table } from './table.ts';

export const section = (
  id: string,
  title: string,
  about: string,
  ...parts: readonly Markup[]
): Markup =>
  html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2><p class="about">${about}</p>${parts}</section>`;

export const timelineSection = (drawing: Markup): Markup =>
  section(
    'timeline',
    'Timeline',
    'The past year and the next. The history below tells the same, line by line.',
    drawing,
  );

export function schedule(report: DeploymentReport): Markup {
  const { columns } = tables.scheduleTable(report);
  const rows = report.secrets.map((secret) => [
    secret.key,
    stateBadge(secret),
    { class: 'date', part: words.lastRotated(secret) },
    { class: isPastLimit(secret, report.at) ? 'date late' : 'date', part: words.nextDue(secret) },
    words.frequency(secret),
  ]);
  const caption = 'When each secret was last rotated, and by when it has to be again';
  return section(
    'schedule',
    'Rotation schedule',
    'The schedule asks for a rotation some days before it is due, so that a failure can be repaired in time.',
    table({ caption, columns, rows }),
  );
}

export function inventory(report: DeploymentReport): Markup {
  const { columns } = tables.inventoryTable(report);
  const rows = report.secrets.map((secret) => [
    html`${secret.key}`,
    { class: 'long', part: secret.purpose },
    {
      class: 'long',
      part: html`${secret.storage.service}, <span class="nowrap">${secret.storage.region}</span><br>${secret.name}`,
    },
    { class: 'long', part: words.encryption(secret) },
    { class: 'long', part: words.access(secret) },
  ]);
  const caption = 'What each secret is for, where it is kept, and who may read it';
  return section(
    'inventory',
    'Secret inventory',
    'Every secret of the deployment, the ones its owners change included.',
    table({ caption, columns, rows, class: 'inventory' }),
  );
}

export function certificates(report: DeploymentReport): Markup | undefined {
  if (report.certificates.length === 0) return undefined;
  const { columns, rows } = tables.certificateTable(report);
  return section(
    'certificates',
    'Certificates',
    'Replaced before they expire.',
    table({ caption: 'When each certificate expires', columns, rows }),
  );
}

export function history({ secrets }: DeploymentReport): Markup {
  const columns = ['When (UTC)', 'What', 'Triggered by', 'Outcome', 'Evidence', 'Known from'];
  const parts = secrets.map(({ key, kind, history: entries }) => {
    const title = html`<h3>${key} <span class="kind">${words.kinds[kind]}</span></h3>`;
    if (entries.length === 0) {
      return html`${title}<p class="small">Nothing is recorded in the period.</p>`;
    }
    const caption = `What happened to ${key}, the latest first`;
    return html`${title}${table({ caption, columns, rows: entries.map(historyRow), class: 'history' })}`;
  });
  return section(
    'history',
    'History of each secret',
    'What happened in the past year: when, by whom, with what intent, and what was read back as proof.',
    ...parts,
  );
}

function historyRow(entry: HistoryEntry) {
  const reserved = new Set(
    entry.type === 'rotation' ? entry.evidence.filter(isReservation).map((one) => one.words) : [],
  );
  const facts = words
    .evidence(entry)
    .map((fact) => html`<li class="${reserved.has(fact) ? 'reserved' : 'fact'}">${fact}</li>`);
  return [
    words.minute(entry.at),
    words.title(entry),
    { class: 'long', part: words.triggeredBy(entry) },
    outcomeBadge(entry),
    { class: 'long', part: facts.length === 0 ? 'none recorded' : html`<ul>${facts}</ul>` },
    words.proofWords[entry.proof],
  ];
}

export function controls(judged: readonly ControlReport[] | undefined): Markup | undefined {
  if (judged === undefined) return undefined;
  const overview = table({
    caption: 'Controls, and what this deployment’s data says of each',
    columns: ['Control', 'Framework', 'Title', 'Evidence'],
    rows: judged.map(({ id, framework, title, result }) => [
      id,
      framework,
      title,
      resultBadge(result),
    ]),
  });
  const each = judged.map(
    ({ id, framework, title, supports, source, result, evidence }) =>
      html`<div class="control"><h3>${framework} ${id}: ${title} ${resultBadge(result)}</h3><p class="small">${supports} Text: <a href="${source}">${source}</a></p>${table(
        {
          caption: `Evidence for ${framework} ${id}`,
          columns: ['Secret', 'Evidence', 'Fact'],
          rows: evidence.map((one) => [
            one.secret ?? 'the deployment',
            resultBadge(one.result),
            { class: 'long', part: one.fact },
          ]),
        },
      )}</div>`,
  );
  return section(
    'controls',
    'Controls',
    'Evidence that supports a control, or speaks against it. Whether an organisation complies is for its auditor to say. “Not shown” means that nothing here shows it either way.',
    overview,
    ...each,
  );
}

export function contacts(report: DeploymentReport): Markup {
  const { columns, rows } = tables.contactTable(report);
  const review = html`<p>${tables.reviewLine(report)}</p>`;
  return section(
    'contacts',
    'Contacts',
    'Whom to call when a secret is exposed or a rotation fails.',
    ...(rows.length === 0 ? [] : [table({ caption: 'Emergency contacts', columns, rows })]),
    review,
    ...tables.drillLines(report).map((line) => html`<p>${line}</p>`),
  );
}

export function basis(report: DeploymentReport): Markup {
  const lines = [words.coverage(report), ...words.method];
  return section(
    'basis',
    'What this report rests on',
    'So that it can be checked.',
    html`<ul>${lines.map((line) => html`<li class="fact">${line}</li>`)}</ul>`,
  );
}
