/** The top of the page: the answer in a sentence, five numbers, and what needs a person, overdue first. */
import { isAgeUnknown, isPastLimit } from '../deployment/limit.ts';
import * as words from '../deployment/words.ts';
import type { DeploymentReport, RotationEntry } from '../deployment-report.ts';
import { certificateBadge, stateBadge, strayBadge } from './badge.ts';
import { html, type Markup } from './markup.ts';

export function summary(report: DeploymentReport): Markup {
  return html`<section id="summary" aria-labelledby="verdict">
${verdict(report)}
${tiles(report)}
${attention(report)}
</section>`;
}

function verdict(report: DeploymentReport): Markup {
  const { secrets, findings, at } = report;
  const rotated = secrets.filter(({ kind }) => kind !== 'userManaged');
  const overdue = rotated.filter((secret) => isPastLimit(secret, at));
  const unknown = rotated.filter(isAgeUnknown);
  if (overdue.length > 0) {
    const verb = overdue.length === 1 ? 'is' : 'are';
    return panel(
      'bad',
      `${words.plural(overdue.length, 'secret')} ${verb} past ${overdue.length === 1 ? 'its' : 'their'} limit`,
      `${overdue.map((secret) => `${secret.key}, since ${words.nextDue(secret)}`).join('; ')}.`,
    );
  }
  if (findings > 0) {
    return panel(
      'warn',
      `${words.plural(findings, 'finding')} ${findings === 1 ? 'needs' : 'need'} a person`,
      unknown.length === 0
        ? 'No secret is past its limit.'
        : `How old ${unknown.map(({ key }) => key).join(', ')} is, nobody can tell; no other secret is past its limit.`,
    );
  }
  return panel(
    'good',
    rotated.length < 2
      ? rotated.length === 0
        ? 'No secret of this deployment rotates'
        : 'The secret is within its limit'
      : `All ${rotated.length} rotating secrets are within their limits`,
    'Nothing needs a person.',
  );
}

const signs = {
  good: html`<path d="M9 20.5l7.5 7.5L31 13"/>`,
  warn: html`<path d="M20 9v14M20 30v.5"/>`,
  bad: html`<path d="M20 9v14M20 30v.5"/>`,
};

export const panel = (tone: keyof typeof signs, title: string, text: string): Markup =>
  html`<div class="verdict ${tone}"><svg viewBox="0 0 40 40" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="3.4" stroke-linecap="round" stroke-linejoin="round"><circle cx="20" cy="20" r="17.5" stroke-width="2.6"/>${signs[tone]}</svg><div><h2 id="verdict">${title}</h2><p>${text}</p></div></div>`;

function tiles({ secrets, at }: DeploymentReport): Markup {
  const rotations = secrets.flatMap(({ history }) =>
    history.filter((entry): entry is RotationEntry => entry.type === 'rotation'),
  );
  const done = rotations.filter(({ outcome }) => outcome === 'rotated' || outcome === 'following');
  const failed = rotations.filter(({ outcome }) => outcome === 'failed' || outcome === 'stopped');
  const overdue = secrets.filter((secret) => isPastLimit(secret, at)).length;
  const due = secrets.filter(({ state }) => state === 'due').length;
  const proven = done.filter(({ proof }) => proof === 'auditEvent').length;
  return html`<dl class="tiles">
${tile('secrets in the inventory', secrets.length)}
${tile('past their limit', overdue, overdue > 0 ? 'bad' : '')}
${tile('due now', due, due > 0 ? 'warn' : '')}
${tile('rotations in the past year', done.length)}
${tile('of them with an audit event', proven)}
${tile('failed or stopped', failed.length, failed.length > 0 ? 'warn' : '')}
</dl>`;
}

export const tile = (title: string, count: number | string, tone = ''): Markup =>
  html`<div class="${tone}"><dt>${title}</dt><dd>${count}</dd></div>`;

function attention(report: DeploymentReport): Markup | undefined {
  const { secrets, findings } = report;
  if (findings === 0) return undefined;
  const items = secrets.flatMap((secret) =>
    secret.findings.map(
      ({ message }) =>
        html`<li><div><strong>${secret.key}</strong>${stateBadge(secret)}</div><p>${words.tidy(message)}</p></li>`,
    ),
  );
  const strays = words
    .straysToTell(report)
    .map(
      ({ name, reason }) =>
        html`<li><div><strong>${name}</strong>${strayBadge}</div><p>${reason}</p></li>`,
    );
  const certificates = words
    .certificatesToTell(report)
    .map(
      ({ name, message }) =>
        html`<li><div><strong>${name}</strong>${certificateBadge}</div><p>${message}</p></li>`,
    );
  const drill = words
    .drillToTell(report)
    .map((message) => html`<li><div><strong>emergencies</strong></div><p>${message}</p></li>`);
  return html`<ul class="attention" aria-label="What needs a person">${items}${certificates}${strays}${drill}</ul>`;
}
