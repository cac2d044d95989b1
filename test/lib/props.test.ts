/** The props against the configuration whose words they are, and against the page that lists them. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { certificateSchema } from '../../domain/config/certificate-schema.ts';
import { columnSchema } from '../../domain/config/column-schema.ts';
import {
  healthProbeSchema,
  healthSchema,
  type RestartConfig,
  restartSchema,
} from '../../domain/config/consumer-schema.ts';
import {
  contactsSchema,
  notificationsSchema,
  personSchema,
} from '../../domain/config/contacts-schema.ts';
import { emergencySchema } from '../../domain/config/emergency-schema.ts';
import { inboxSchema, probeSchema } from '../../domain/config/inbox-schema.ts';
import { existingNetworkSchema, newNetworkSchema } from '../../domain/config/network-schema.ts';
import { reencryptionSchema } from '../../domain/config/reencryption-schema.ts';
import { rolloutSchema } from '../../domain/config/rollout-schema.ts';
import { rotationConfigSchema } from '../../domain/config/rotation-config.ts';
import { scheduleSchema } from '../../domain/config/schedule-schema.ts';
import {
  databaseSchema,
  encryptionSchema,
  jwtSchema,
  userManagedSchema,
} from '../../domain/config/secret-schemas.ts';
import { type SyncTargetConfig, syncTargetSchema } from '../../domain/config/sync-schema.ts';
import { trailSchema } from '../../domain/config/trail-schema.ts';
import { triggersSchema } from '../../domain/config/trigger-schema.ts';
import { webhookSchema } from '../../domain/config/webhook-schema.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const page = readFileSync(join(root, 'docs/constructs.md'), 'utf8');

interface Prop {
  name: string;
  optional: boolean;
  readonly: boolean;
  comment: string;
}
interface Declared {
  own: Prop[];
  parents: string[];
}

const interfaces = new Map<string, Declared>();
for (const file of [
  'lib/secret-props.ts',
  'lib/contacts-props.ts',
  'lib/schedule-props.ts',
  'lib/certificate-props.ts',
  'lib/triggers-props.ts',
  'lib/sync-props.ts',
  'lib/health-props.ts',
  'lib/rollout-props.ts',
  'lib/emergency-props.ts',
  'lib/quarterturn-props.ts',
]) {
  const text = readFileSync(join(root, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  for (const statement of source.statements.filter(ts.isInterfaceDeclaration)) {
    interfaces.set(statement.name.text, {
      parents: (statement.heritageClauses ?? []).flatMap(({ types }) =>
        types.map((type) => type.expression.getText()),
      ),
      own: statement.members.filter(ts.isPropertySignature).map((member) => ({
        name: member.name.getText(),
        optional: member.questionToken !== undefined,
        readonly: (member.modifiers ?? []).some(
          ({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword,
        ),
        comment: text
          .slice(member.getFullStart(), member.getStart())
          .replaceAll(/^\s*(\/\*\*|\*\/|\*) ?|\s*\*\/\s*$/gm, '')
          .trim(),
      })),
    });
  }
}

function propsOf(name: string): Prop[] {
  const declared = interfaces.get(name);
  if (declared === undefined) throw new Error(`no interface ${name}`);
  return [...declared.parents.flatMap(propsOf), ...declared.own];
}
const namesOf = (name: string) =>
  propsOf(name)
    .map((prop) => prop.name)
    .sort();

const syncTo = (to: SyncTargetConfig['to']) => {
  const found = syncTargetSchema.options.find(({ shape }) => shape.to.value === to);
  if (found === undefined) throw new Error(`no sync target ${to}`);
  return found;
};

type RestartOption = (typeof restartSchema.options)[number];
type OptionOf<By> = Extract<RestartOption, { shape: { by: { value: By } } }>;
const restartBy = <By extends RestartConfig['by']>(by: By): OptionOf<By> => {
  const found = restartSchema.options.find(
    (option): option is OptionOf<By> => option.shape.by.value === by,
  );
  if (found === undefined) throw new Error(`no restart by ${by}`);
  return found;
};

describe('the props', () => {
  test.each([
    ['JwtProps', jwtSchema],
    ['EncryptionProps', encryptionSchema],
    ['DatabaseProps', databaseSchema],
    ['UserManagedProps', userManagedSchema],
    ['InboxProps', inboxSchema],
    ['ProbeProps', probeSchema],
    ['ColumnProps', columnSchema],
    ['ReencryptionProps', reencryptionSchema],
    ['StoreProps', reencryptionSchema.shape.stores.unwrap().element],
    ['ExistingNetworkProps', existingNetworkSchema],
    ['NewNetworkProps', newNetworkSchema],
    ['EscrowProps', rotationConfigSchema.shape.escrow.unwrap()],
    ['ContactsProps', contactsSchema],
    ['EndpointsProps', contactsSchema.shape.endpoints.unwrap()],
    ['ChatProps', contactsSchema.shape.chat.unwrap()],
    ['PersonProps', personSchema],
    ['NotificationsProps', notificationsSchema],
    ['ScheduleProps', scheduleSchema],
    ['WindowProps', scheduleSchema.shape.window.unwrap()],
    ['FreezeProps', scheduleSchema.shape.freezes.unwrap().element],
    ['CertificateProps', certificateSchema],
    ['HealthProps', healthSchema],
    ['HealthProbeProps', healthProbeSchema],
    ['EcsRestartProps', restartBy('ecs')],
    ['CodeDeployProps', restartBy('ecs').shape.codeDeploy.unwrap()],
    ['KubernetesRestartProps', restartBy('kubernetes')],
    ['LambdaRestartProps', restartBy('lambda')],
    ['WebhookRestartProps', restartBy('webhook')],
    ['WebhookProps', webhookSchema],
    ['RolloutProps', rolloutSchema],
    ['EmergencyProps', emergencySchema],
    ['ContainProps', emergencySchema.shape.contain.unwrap()],
    ['EmergencyDrillProps', emergencySchema.shape.drill.unwrap()],
    ['TrailProps', trailSchema],
    ['TriggersProps', triggersSchema],
    ['ExposureTriggerProps', triggersSchema.shape.exposure.unwrap()],
    ['OffboardingTriggerProps', triggersSchema.shape.offboarding.unwrap()],
    ['DeploymentTriggerProps', triggersSchema.shape.deployment.unwrap()],
    ['GitHubTriggerProps', triggersSchema.shape.gitHub.unwrap()],
    ['GitHubAlertProps', triggersSchema.shape.gitHub.unwrap().shape.alerts.element],
    ['GuardDutyTriggerProps', triggersSchema.shape.guardDuty.unwrap()],
    ['SsmSyncProps', syncTo('ssm')],
    ['GitHubSyncProps', syncTo('github')],
    ['WebhookSyncProps', syncTo('webhook')],
    ['GuardDutyFindingProps', triggersSchema.shape.guardDuty.unwrap().shape.findings.element],
  ])('%s has the words of the configuration', (name, schema) => {
    expect(namesOf(name)).toEqual(Object.keys(schema.shape).sort());
  });

  test('QuarterturnProps has them too, and what only an app can hand in', () => {
    const own = ['configDirectory', 'encryptionKey', 'lambdasDirectory', 'operatorRoles'];
    expect(namesOf('QuarterturnProps')).toEqual(
      [...Object.keys(rotationConfigSchema.shape), ...own].sort(),
    );
  });

  const all = [...interfaces].flatMap(([name, { own }]) =>
    own.map((prop) => [name, prop.name, prop] as const),
  );

  test.each(all)(
    '%s.%s is read-only, has a sentence, and a default if it may be left out',
    (_in, _name, prop) => {
      expect(prop.readonly).toBe(true);
      expect(prop.comment.split('\n')[0]).toMatch(/^[A-Z`].*[.:,a-z]$/);
      expect(/@default \S/.test(prop.comment)).toBe(prop.optional);
    },
  );

  test.each(all)('%s.%s is on the page', (_in, name) => {
    expect(page).toContain(`\`${name}\``);
  });
});
