/** What people write: the configuration, and what is deployed of it: the manifest, message texts, hosts, ranges, times. */
import fc from 'fast-check';
import { hostAndPort } from '../../../domain/config/certificate-manifest.ts';
import { cidrProblem, split } from '../../../domain/config/cidr.ts';
import { durationSeconds } from '../../../domain/config/duration.ts';
import { healthUrlProblem } from '../../../domain/config/health-url.ts';
import { hostProblem } from '../../../domain/config/host.ts';
import { manifestOf } from '../../../domain/config/manifest.ts';
import {
  decodeManifest,
  encodeManifest,
  readManifest,
} from '../../../domain/config/manifest-parts.ts';
import { isSecretOf, secretNameOfArn } from '../../../domain/config/names.ts';
import { outgoingUrlProblem } from '../../../domain/config/outgoing-url.ts';
import { patternProblem } from '../../../domain/config/plaintext-pattern.ts';
import { isLinkLocal, isLoopback, isPrivateHost } from '../../../domain/config/private-host.ts';
import {
  parseRotationConfig,
  rotationConfigSchema,
} from '../../../domain/config/rotation-config.ts';
import { show } from '../../../domain/config/show.ts';
import { soundPart } from '../../../domain/config/sound-part.ts';
import {
  isTemplateName,
  parseTemplate,
  templateNames,
  templateProblems,
} from '../../../domain/events/message-template.ts';
import { formatDateLabel, parseDateLabel } from '../../../domain/policy/labels.ts';
import { render } from '../../../domain/reports/messages/render.ts';
import example from '../../../rotation.config.ts';
import { documents, texts } from '../mutations.ts';
import type { Target } from '../target.ts';
import { agree, target } from './agree.ts';

const typed =
  'of a configuration, in which names stand and no secret: what could be one is described and not shown (domain/config/show.ts)';
const json = JSON.parse(JSON.stringify(example)) as unknown;
const manifest = manifestOf(example);
const parts = encodeManifest(manifest);
const deferredPart = encodeManifest({ ...manifest, name: { deferred: 0 } }, [
  { json: '"pharmacy"', bytes: 20 },
])[0] as string;
const now = new Date('2026-05-18T00:00:00Z');
const arn = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:pharmacy/prod/jwt-AbCdEf';
const template = 'Rotation of {{secret}}\n{{if jwt}}Tokens: {{secret}}\n    quarterturn status\n';

export const configurationTargets: readonly Target<never>[] = [
  target({
    name: 'domain/config/rotation-config.ts: parseRotationConfig',
    inputs: (canary) => documents(fc.constant(json), canary),
    run: parseRotationConfig,
    holds(answer) {
      const config = answer as ReturnType<typeof parseRotationConfig>;
      agree(
        parseRotationConfig(JSON.parse(JSON.stringify(config))),
        JSON.parse(JSON.stringify(config)),
      );
    },
    accepts: json,
    refuses: {},
    mayRepeat: typed,
  }),
  target({
    name: 'domain/config/show.ts and sound-part.ts: show, soundPart',
    inputs: (canary) => documents(fc.constant(json), canary),
    run(input) {
      const { error } = rotationConfigSchema.safeParse(input);
      return [show(input), error && soundPart(input, error.issues)];
    },
  }),
  target({
    name: 'domain/config/manifest-parts.ts: decodeManifest, readManifest',
    inputs: (canary) =>
      texts([parts[0] as string, deferredPart], canary, [
        '1/2 ',
        '1/999999999 ',
        ' deferred\n',
        '{"deferred":',
        '{"deferredNumber":0}',
      ]),
    run: async (part) => [decodeManifest([part]), await readManifest(async () => part)],
    holds(answer) {
      const [read] = answer as [ReturnType<typeof decodeManifest>];
      agree(decodeManifest(encodeManifest(read)), read);
    },
    accepts: parts[0] as string,
    refuses: '',
  }),
  target({
    name: 'domain/config/names.ts: secretNameOfArn, isSecretOf',
    inputs: (canary) => texts([arn], canary, [':', '/', '-']),
    run: (text) => [isSecretOf(text, 'pharmacy/prod/jwt', arn), secretNameOfArn(text)],
    accepts: arn,
    refuses: 'x',
    mayRepeat: 'an ARN a person wrote down; it names a secret and holds none',
  }),
  target({
    name: 'domain/config: hosts, addresses, ranges, patterns',
    inputs: (canary) =>
      texts(
        [
          'db.example.com',
          '10.42.0.0/24',
          'https://api.example.com/health',
          '[::ffff:169.254.169.254]',
          '0x7f000001',
          '[a-z]{1,64}@example\\.com',
          'fd00:ec2::254',
        ],
        canary,
        [
          '@',
          '[',
          ']',
          '(?:a|b)',
          '{1,9999}',
          '*',
          '\\',
          '/',
          '127.0.0.1',
          '::1',
          '%00',
          '\\p{L}',
          '/33',
        ],
      ),
    run: (text) => [
      hostProblem(text, 'prod'),
      hostAndPort(text),
      cidrProblem(text, 'private'),
      split(text, 4),
      outgoingUrlProblem(text, 'prod'),
      healthUrlProblem(text, { privateAddresses: 'refused', bearer: true, environment: 'prod' }),
      isPrivateHost(text),
      isLinkLocal(text),
      isLoopback(text),
      patternProblem(text),
    ],
    // What a rule lets pass is used: a pattern is run over values, an address is opened.
    holds(answer, text) {
      const [, , , , outgoing, , , , , pattern] = answer as (string | undefined)[];
      if (outgoing === undefined) agree(new URL(text).protocol, 'https:');
      if (pattern === undefined) new RegExp(`^(?:${text})$`, 'u').test('a'.repeat(2_000));
    },
  }),
  target({
    name: 'domain/config/duration.ts: durationSeconds',
    inputs: (canary) => texts(['30s', '5m', '12h', '30d'], canary, ['1e9', '-', '.', 'd', '0x']),
    run: durationSeconds,
  }),
  target({
    name: 'domain/events/message-template.ts: parseTemplate, isTemplateName',
    inputs: (canary) =>
      texts([template], canary, [
        '{{',
        '}}',
        '{{if x}}',
        '{{unless x}}',
        '{{constructor}}',
        '{{__proto__}}',
        '\r\n',
      ]),
    run(text) {
      isTemplateName(text);
      const problems = templateNames.filter((name) => templateProblems(name, text).length > 0);
      const template = parseTemplate(text);
      const facts = { words: { secret: 'jwt' }, flags: new Set(['jwt']) };
      // A text with a problem is not deployed, and not filled in.
      return problems.length < templateNames.length ? render(template, facts) : template;
    },
  }),
  target({
    name: 'domain/policy/labels.ts: parseDateLabel',
    inputs: (canary) =>
      texts(['rotated-20260517T170002Z', 'rotated-20240229T235959Z'], canary, [
        '60',
        '0230',
        'T24',
        '-',
        '9999',
      ]),
    run: (text) => parseDateLabel(text, now),
    holds(answer, text) {
      const parsed = answer as ReturnType<typeof parseDateLabel>;
      if (parsed.ok) agree(formatDateLabel(parsed.at), text);
    },
    accepts: 'rotated-20260517T170002Z',
  }),
];
