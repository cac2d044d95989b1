/**
 * What a secret's own function uses in a rotation, told from its own configuration as it is deployed. What it does when it
 * looks at itself (diagnosis) shows more than IAM says; this is for what a rotation does besides: store, label, copy.
 */
import type { Evidence } from '../../../domain/events/control-records.ts';
import type { FunctionSettings } from '../../../doors/function-roles.ts';
import type { EmergencyDoors } from '../doors.ts';
import { nameOf } from '../name-of.ts';
import { evidenceOf } from '../stages.ts';
import { keyOfSecret, type Place, placeOf, type Question, recordsIn } from './requests.ts';
import { rightsOf } from './rights.ts';

type Doors = Pick<EmergencyDoors, 'simulation' | 'functionRoles' | 'secretsManager' | 'roles'>;
type Environment = Readonly<Record<string, string>>;

/** Secrets it reads besides its own: the admin's, the database's, that of the login that rewrites rows, the inbox. */
const companionNames = [
  'ADMIN_SECRET_ARN',
  'DATABASE_SECRET_ARN',
  'ROWS_SECRET_ARN',
  'INBOX_SECRET_ARN',
];

export async function rightsOfRotation(
  doors: Doors,
  { function: functionName }: { readonly function: string },
  secretArn: string,
): Promise<Evidence[]> {
  const notKnown = (detail: string) => [
    evidenceOf('rightsNotKnown', { ok: false, function: functionName, detail }),
  ];
  let settings: FunctionSettings | undefined;
  try {
    settings = await doors.functionRoles.settingsOf(functionName);
  } catch (error) {
    return notKnown(nameOf(error));
  }
  if (settings === undefined) {
    return [evidenceOf('functionMissing', { ok: false, function: functionName })];
  }
  const { role, environment, isInVpc } = settings;
  if (environment?.SECRET_NAME === undefined || environment.CONTROL_TABLE === undefined) {
    return notKnown('Lambda does not tell its environment, so what it uses is not known');
  }
  const place = placeOf(secretArn);
  return rightsOf(doors, role, [
    ...ownSecret(secretArn, environment),
    ...keyOfSecret(
      place,
      environment.KMS_KEY_ARN ?? (await keyArnOf(doors, environment.SECRET_NAME)),
      secretArn,
      ['kms:Decrypt', 'kms:GenerateDataKey'],
    ),
    { actions: ['kms:GenerateRandom'], resources: ['*'] },
    ...(await companions(doors, place, environment)),
    ...records(doors, place, environment),
    ...escrow(place, environment),
    ...(isInVpc ? [networkInterfaces] : []),
  ]);
}

const ownSecret = (secretArn: string, { ROWS_SECRET_ARN: rows }: Environment): Question[] => [
  {
    actions: [
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
      'secretsmanager:CancelRotateSecret',
      // Keys leave only where rows follow them.
      ...(rows === undefined ? [] : ['secretsmanager:ListSecretVersionIds']),
    ],
    resources: [secretArn],
  },
];

function records({ roles }: Doors, place: Place, environment: Environment): Question[] {
  const { SECRET_NAME: name, CONTROL_TABLE: table = '', ROWS_SECRET_ARN: rows } = environment;
  const of = (...kinds: string[]) => kinds.map((kind) => `${kind}#${name}`);
  return recordsIn(
    place,
    { name: table, keyArn: roles.controlKey },
    {
      read: [
        ...of('intent.emergency', 'rotation', 'after', 'lease', 'compromised'),
        ...(rows === undefined ? [] : of('reencryption', 'zero')),
      ],
      write: of('rotation', 'after', 'lease'),
      remove: of('after'),
    },
  );
}

async function companions(
  doors: Doors,
  place: Place,
  environment: Environment,
): Promise<Question[]> {
  const arns = companionNames.flatMap((name) => environment[name] ?? []);
  const questions: Question[] = [];
  for (const arn of new Set(arns.filter((one) => one.startsWith('arn:')))) {
    questions.push(
      {
        actions: ['secretsmanager:GetSecretValue'],
        resources: [arn],
        context: { 'secretsmanager:VersionStage': ['AWSCURRENT'] },
      },
      ...keyOfSecret(place, await keyArnOf(doors, arn), arn, ['kms:Decrypt']),
    );
  }
  return questions;
}

/** The second copy: stored, read back, and, where keys leave, listed. */
function escrow(place: Place, environment: Environment): Question[] {
  const { ESCROW_BUCKET: name, ESCROW_PREFIX: prefix, ESCROW_KEY_ARN: keyArn } = environment;
  if (name === undefined || prefix === undefined || keyArn === undefined) return [];
  const bucket = `arn:${place.partition}:s3:::${name}`;
  const copy = `${bucket}/${prefix}/drill`;
  return [
    { actions: ['s3:GetObject', 's3:PutObject'], resources: [copy] },
    {
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [keyArn],
      context: {
        'kms:ViaService': `s3.${place.region}.amazonaws.com`,
        'kms:EncryptionContext:aws:s3:arn': copy,
      },
    },
    ...(environment.ROWS_SECRET_ARN === undefined
      ? []
      : [
          {
            actions: ['s3:ListBucketVersions'],
            resources: [bucket],
            context: { 's3:prefix': `${prefix}/` },
          },
        ]),
  ];
}

/** Of a function in a VPC: Lambda takes away the interfaces of one that was idle, and makes them anew. */
const networkInterfaces: Question = {
  actions: [
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
  ],
  resources: ['*'],
};

/** undefined: it is under AWS's own key, or not ours to describe; whoever reads it then is tried by the diagnosis. */
async function keyArnOf(
  { secretsManager }: Pick<Doors, 'secretsManager'>,
  secretId: string,
): Promise<string | undefined> {
  try {
    const { kmsKeyId } = await secretsManager.describe(secretId);
    return kmsKeyId?.includes(':key/') ? kmsKeyId : undefined;
  } catch {
    return undefined;
  }
}
