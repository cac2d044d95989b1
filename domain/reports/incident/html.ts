/** The report of an incident as one page that stands alone (`domain/reports/html/document.ts`). */
import type { IncidentReport, IncidentSecret, Remaining } from '../../events/incident-report.ts';
import { badge, type Tone } from '../html/badge.ts';
import { contents, document, facts } from '../html/document.ts';
import { html, type Markup } from '../html/markup.ts';
import { section } from '../html/sections.ts';
import { panel, tile } from '../html/summary.ts';
import { table } from '../html/table.ts';
import * as tables from './tables.ts';
import { shown } from './visible.ts';
import * as words from './words.ts';

export function incidentHtml(report: IncidentReport): string {
  const it = shown(report);
  const { name, environment } = it.deployment;
  return document({
    title: it.title,
    top: html`<h1>${it.drill ? 'Emergency drill' : 'Security incident'} <span class="where">${name} / ${environment}</span></h1>
${facts(tables.factRows(it).slice(0, 5))}
${contents(links(it))}`,
    main: html`${summary(it)}
${timeline(it)}
${replaced(it)}
${readers(it)}
${left(it)}
${contacts(it)}
${basis(it)}`,
    foot: `Made by Quarterturn, ${words.second(it.at)} UTC. It holds names, times and identifiers, and no secret’s value.`,
  });
}

const links = ({ drill }: IncidentReport): [string, string][] => [
  ['summary', 'Summary'],
  ['timeline', 'Timeline'],
  ['secrets', drill ? 'What would be exposed and replaced' : 'What was exposed and replaced'],
  ['readers', 'Who read them'],
  ['remaining', 'What is left to be done'],
  ['contacts', 'Contacts'],
  ['basis', 'What it rests on'],
];

function summary(it: IncidentReport): Markup {
  const { overview, outcome, alerts, problems, drill, remaining } = it;
  const isBad = alerts.length > 0 || outcome === 'incomplete' || overview.notProven.length > 0;
  const tone = isBad ? 'bad' : outcome === 'running' ? 'warn' : 'good';
  const open = remaining.filter(({ state }) => state === 'open').length;
  const took = ({ seconds }: IncidentReport['overview']['untilDead']) =>
    seconds === undefined ? 'not yet' : words.length(seconds);
  return html`<section id="summary" aria-labelledby="verdict">
${drill ? html`<p class="drill">DRILL: everything was looked at, and nothing was changed.</p>` : undefined}
${panel(drill && problems.length > 0 ? 'warn' : tone, overview.words, `Outcome: ${tables.outcomeOf(it)}.`)}
${
  drill
    ? undefined
    : html`<dl class="tiles">
${tile('exposed credentials', overview.exposed)}
${tile('proven dead', overview.dead, overview.dead + overview.readableOnly < overview.exposed ? 'bad' : '')}
${tile('until they were dead', took(overview.untilDead), late(overview.untilDead))}
${tile(overview.untilOver.at === undefined ? 'so far' : 'until over', took(overview.untilOver), late(overview.untilOver))}
${tile('left to be done', open, open > 0 ? 'warn' : '')}
</dl>`
}
${urgent(it)}
${table({ caption: 'The incident in short', columns: ['Fact', 'Is'], rows: tables.factRows(it).map(([fact, is]) => [fact, { class: 'long', part: is }]) })}
</section>`;
}

function urgent({ alerts, overview, problems }: IncidentReport): Markup | undefined {
  const entry = (tone: Tone, word: string, text: string, commands: readonly string[] = []) =>
    html`<li><div>${badge(tone, word)}</div><div><p>${text}</p>${shell(commands)}</div></li>`;
  const items = [
    ...alerts.map((alert) => entry('bad', 'act now', alert.words, alert.commands)),
    ...overview.notProven.map((text) => entry('bad', 'not proven', text)),
    ...problems.map((text) => entry('warn', 'failed or missing', text)),
  ];
  return items.length === 0
    ? undefined
    : html`<ul class="attention" aria-label="What must not be overlooked">${items}</ul>`;
}

const late = ({ seconds, targetSeconds }: IncidentReport['overview']['untilDead']): string =>
  seconds === undefined || seconds > targetSeconds ? 'bad' : '';

function timeline(it: IncidentReport): Markup {
  const tones: Record<IncidentReport['timeline'][number]['state'], Tone> = {
    done: 'good',
    failed: 'bad',
    running: 'warn',
    waiting: 'mute',
    skipped: 'mute',
  };
  const rows = it.timeline.map((stage) => {
    const [name = '', what, state = '', ...times] = tables.timelineRow(stage);
    return [
      name,
      { class: 'long', part: what },
      badge(tones[stage.state], state),
      ...times,
      { class: 'long', part: list(tables.foundBy(stage)) },
    ];
  });
  return section(
    'timeline',
    'Timeline',
    'Every stage in its order. One that failed did not keep those after it from being tried.',
    table({
      caption: 'What was done, from when to when, and what was found',
      columns: tables.timelineColumns,
      rows,
      class: 'wide stages',
    }),
  );
}

const list = (facts: readonly { text: string; reserved: boolean }[]): Markup | string =>
  facts.length === 0
    ? ''
    : html`<ul>${facts.map(({ text, reserved }) => html`<li class="${reserved ? 'reserved' : 'fact'}">${text}</li>`)}</ul>`;

function replaced(it: IncidentReport): Markup {
  const rows = it.secrets.map((secret) => {
    const [key = '', kind, exposed, standing = '', ...others] = tables.secretRow(secret);
    return [
      key,
      kind,
      exposed,
      badge(toneOf(secret), standing),
      ...others.map((part) => ({ class: 'long', part })),
    ];
  });
  const each = it.secrets
    .filter(({ standing }) => standing !== 'notTouched')
    .map(
      (secret) =>
        html`<h3>${secret.key} <span class="kind">${words.kinds[secret.kind]}</span></h3><p>${secret.words}</p>${list(secret.evidence.map(({ words: text, reserved }) => ({ text, reserved })))}`,
    );
  const { exposure } = it;
  const suspects =
    exposure.suspects.length === 0 ? '' : ` Suspects: ${words.listed(exposure.suspects)}.`;
  return section(
    'secrets',
    it.drill ? 'What would be exposed and replaced' : 'What was exposed and replaced',
    `Exposed: ${words.listed(exposure.secrets)}. ${exposure.words}${suspects}`,
    table({
      caption: 'Every secret of the deployment, exposed ones first',
      columns: tables.secretColumns,
      rows,
      class: 'wide secrets',
    }),
    ...each,
  );
}

function toneOf({ standing }: IncidentSecret): Tone {
  if (standing === 'dead') return 'good';
  if (standing === 'readableOnly') return 'warn';
  if (standing === 'notTouched' || standing === 'checked') return 'mute';
  return 'bad';
}

function readers(it: IncidentReport): Markup {
  const { columns, rows } = tables.readerTable(it);
  const lines = tables.coverageLines(it);
  return section(
    'readers',
    'Who read them',
    it.readers.words,
    ...(rows.length === 0
      ? []
      : [
          table({
            caption: 'Principals that read or tried to, those nobody declared first',
            columns,
            class: 'wide readers',
            rows: rows.map(([principal = '', standing = '', ...others], at) => [
              html`<span class="long">${principal}</span>`,
              badge(
                it.readers.audit?.readers[at]?.standing === 'unknown' ? 'bad' : 'mute',
                standing,
              ),
              ...others.map((part) => ({ class: 'long', part })),
            ]),
          }),
        ]),
    ...(lines.length === 0 ? [] : [html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`]),
  );
}

function left(it: IncidentReport): Markup {
  return section(
    'remaining',
    'What is left to be done',
    'A box is ticked only when something was found that shows it.',
    html`<ul class="attention remaining">${it.remaining.map(box)}</ul>`,
  );
}

function box({ words: text, state, because, who, commands }: Remaining): Markup {
  const tones: Record<Remaining['state'], Tone> = { done: 'good', underWay: 'mute', open: 'warn' };
  const of = who === undefined ? '' : `: ${who}`;
  return html`<li><span class="box" aria-hidden="true">${state === 'done' ? '☑' : '☐'}</span><div><strong>${text}</strong>${badge(tones[state], `${words.remainingStates[state]}${of}`)}${
    because.length === 0
      ? undefined
      : html`<ul>${because.map((line) => html`<li>${line}</li>`)}</ul>`
  }${shell(commands)}</div></li>`;
}

const shell = (commands: readonly string[]): Markup | undefined =>
  commands.length === 0 ? undefined : html`<pre><code>${commands.join('\n')}</code></pre>`;

function contacts(it: IncidentReport): Markup {
  const { columns, rows } = tables.contactTable(it);
  return section(
    'contacts',
    'Contacts',
    'Whom to call.',
    ...(rows.length === 0 ? [] : [table({ caption: 'Emergency contacts', columns, rows })]),
    html`<p>${tables.reviewLine(it)}</p>`,
  );
}

const basis = (it: IncidentReport): Markup =>
  section(
    'basis',
    'What this report rests on',
    'So that it can be checked.',
    html`<ul>${it.basis.map((line) => html`<li class="fact">${line}</li>`)}</ul>`,
  );
