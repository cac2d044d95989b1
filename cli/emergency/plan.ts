/** What an emergency will do, in its order and in words, before anybody says yes. Nothing is looked at but the manifest. */
import type { Manifest, ManifestSecret } from '../../domain/config/manifest.ts';
import type { EmergencyInput } from '../../domain/events/emergency.ts';
import { isProtected } from '../../domain/policy/emergency-by-hand.ts';
import { emergencyConsumers } from '../../domain/policy/emergency-consumers.ts';
import { byHand } from './asked.ts';

export function planLines(manifest: Manifest, input: EmergencyInput): string[] {
  const { exposed, others } = changed(manifest, input);
  const { name, environment } = manifest;
  return [
    `EMERGENCY in ${name}/${environment}: ${exposed.map(({ key }) => key).join(', ')} ${exposed.length === 1 ? 'is' : 'are'} exposed, ${input.exposedSince === undefined ? 'since when is not known' : `since ${input.exposedSince}`}`,
    `Why: ${input.reason}`,
    'In this order, and nothing that fails keeps what follows from being done:',
    '- security is told, nobody else yet',
    ...input.suspects.map(
      (arn) => `- ${arn} is denied every secret of the deployment, and its sessions are revoked`,
    ),
    ...consumerLines(manifest, input),
    ...exposed.filter(isProtected).map((secret) => `- ${secret.key}: ${meaningOf(secret)}`),
    '- each old credential is tried, and has to be refused',
    ...(others.some(isProtected)
      ? [
          `- then, changed as if exposed, too: ${others
            .filter(isProtected)
            .map(({ key }) => key)
            .join(', ')}`,
        ]
      : []),
    ...startLines(manifest, input),
    '- who read the exposed ones is looked up, and the report of the incident is written and stored',
    '- everybody else is told',
    ...noticedLines(manifest, input),
    ...personLines([...exposed, ...others]),
  ];
}

/** As a drill of the same would: nothing is changed, so there is nothing to say yes to. */
export function drillLines(manifest: Manifest, input: EmergencyInput): string[] {
  const { exposed } = changed(manifest, input);
  return [
    `Drill in ${manifest.name}/${manifest.environment}, as if ${exposed.map(({ key }) => key).join(', ')} were exposed. Every permission and connection is tried, and nothing is changed.`,
  ];
}

function changed({ secrets }: Manifest, input: EmergencyInput) {
  const isExposed = ({ key }: ManifestSecret) =>
    input.secrets === 'all' || input.secrets.includes(key);
  return {
    exposed: secrets.filter(isExposed),
    others: input.others ? secrets.filter((secret) => !isExposed(secret)) : [],
  };
}

function consumersOf(manifest: Manifest, input: EmergencyInput) {
  const { exposed, others } = changed(manifest, input);
  const keys = [...exposed, ...others].map(({ key }) => key);
  return emergencyConsumers(manifest.consumers, keys, { stops: stops(manifest, input) });
}

/** As `lambdas/emergency/tasks/begin.ts` decides it. */
const stops = ({ emergency, rollout }: Manifest, { keepRunning }: EmergencyInput): boolean =>
  !keepRunning && rollout !== undefined && emergency?.stopConsumers === true;

function consumerLines(manifest: Manifest, input: EmergencyInput): string[] {
  const { stop } = consumersOf(manifest, input);
  if (stop.length > 0) return [`- consumers that STOP: ${stop.join(', ')}`];
  const why = input.keepRunning
    ? '--keep-running'
    : manifest.emergency?.stopConsumers === true
      ? 'none of those that read them can be stopped from here'
      : 'the configuration says so (emergency.stopConsumers)';
  return [`- no consumer is stopped: ${why}`];
}

function startLines(manifest: Manifest, input: EmergencyInput): string[] {
  const { stop, restart, alone } = consumersOf(manifest, input);
  return [
    ...(stop.length > 0 ? [`- started again, with what they ran with: ${stop.join(', ')}`] : []),
    ...(restart.length > 0 ? [`- restarted: ${restart.join(', ')}`] : []),
    ...(alone.length > 0
      ? [`- read again by themselves, or a person restarts them: ${alone.join(', ')}`]
      : []),
  ];
}

function meaningOf(secret: ManifestSecret): string {
  switch (secret.kind) {
    case 'jwt':
      return 'a new signing key; tokens of every earlier key are refused';
    case 'encryption':
      return secret.reencryption === undefined
        ? 'a new key; earlier ones only open what they sealed, and rows stay under them'
        : 'a new key; earlier ones only open what they sealed, and rows move to the new one';
    case 'database':
      return `new ${secret.roles.length === 1 ? 'password' : 'passwords'} for ${secret.roles.join(' and ')}; sessions of the old one end`;
    case 'userManaged':
      return byHand(secret);
  }
}

/** What reaches the people the application is for. */
function noticedLines(manifest: Manifest, input: EmergencyInput): string[] {
  const { exposed, others } = changed(manifest, input);
  const all = [...exposed, ...others].filter(isProtected);
  const { stop, restart } = consumersOf(manifest, input);
  const noticed = [
    ...(stop.length > 0
      ? [`${stop.join(', ')} ${stop.length === 1 ? 'is' : 'are'} down until they are started again`]
      : []),
    ...(all.some(({ kind }) => kind === 'jwt') ? ['everybody is logged out'] : []),
    ...(stop.length === 0 && all.some(({ kind }) => kind === 'database')
      ? ['requests fail until their process has the new password']
      : []),
    ...(restart.length > 0 ? [`${restart.join(', ')} restart while they serve`] : []),
  ];
  return noticed.length === 0
    ? ['What users will notice: nothing that is known here.']
    : [`What users will notice: ${noticed.join('; ')}.`];
}

function personLines(secrets: readonly ManifestSecret[]): string[] {
  return secrets
    .filter((secret) => !isProtected(secret))
    .map((secret) => `A person is needed for ${secret.key}: ${byHand(secret)}.`);
}
