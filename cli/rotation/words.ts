/** What happens while AfterRotation works, as lines; of the steps, why nothing does. */
import { span } from '../reencryption/render.ts';
import { duration } from '../status/render.ts';
import type { ConsumerNews, Happening } from './happening.ts';

export type Note = Extract<
  Happening,
  { kind: 'consumer' | 'pause' | 'activation' | 'waiting' | 'afterRotation' }
>;

export function noteOf(happening: Note): string {
  switch (happening.kind) {
    case 'afterRotation':
      return `${happening.state}${keyOf(happening)}`;
    case 'consumer':
      return consumerOf(happening);
    case 'pause':
      return `${happening.round.padEnd(13)} ${happening.consumers.join(', ')} next, at ${happening.until.toISOString().slice(11, 16)}Z`;
    case 'activation':
      return happening.state === 'begun'
        ? `activation    key ${happening.kid}: rotation ${happening.versionId} has begun`
        : `activation    key ${happening.kid} is primary`;
    case 'waiting':
      return `waiting       ${happening.text}`;
  }
}

const proofs = {
  held: ', holds it',
  answered: ', answers',
  none: ', nobody asks it',
} as const;

function consumerOf(news: ConsumerNews): string {
  const { round, consumer, state, milliseconds, restarted, proof, reason } = news;
  const over = state === 'healthy' || state === 'unhealthy' || state === 'failed';
  const took = milliseconds < 60_000 ? duration(milliseconds) : span(milliseconds / 1_000);
  const facts = over
    ? `, ${took}${restarted ? ', restarted' : ''}${proof === undefined ? '' : proofs[proof]}`
    : '';
  return `${round.padEnd(13)} ${consumer}: ${state}${facts}${reason === undefined ? '' : ` (${reason})`}`;
}

const keyOf = ({ publishedKid }: { publishedKid?: string }): string =>
  publishedKid === undefined
    ? ''
    : `: key ${publishedKid} is published, and becomes primary when every reader has it`;
