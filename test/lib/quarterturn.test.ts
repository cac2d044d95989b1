import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type IVpc, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { App, CfnParameter, Fn, Stack } from 'aws-cdk-lib/core';
import { decodeManifest } from '../../domain/config/manifest-parts.ts';
import { parseRotationConfig } from '../../domain/config/rotation-config.ts';
import { Quarterturn } from '../../lib/quarterturn.ts';
import type { QuarterturnProps } from '../../lib/quarterturn-props.ts';
import { admin, database, inAnApp, jwt, problemsOf } from './in-an-app.ts';
import { withRooms } from './rooms.ts';
import type { Synthesized } from './synthesized.ts';

const shop = (change: Partial<QuarterturnProps> = {}): QuarterturnProps => ({
  name: 'shop',
  environment: 'prod',
  secrets: { jwt },
  ...change,
});
const key = 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0a1b-4c3d-8e5f-0a1b2c3d4e5f';
const environmentOf = (app: Synthesized, name: string) =>
  app
    .all('AWS::Lambda::Function')
    .find(({ Properties }) => Properties.FunctionName === `quarterturn-shop-prod-${name}`)
    ?.Properties.Environment.Variables;

/** The manifest as SSM holds it, `Ref`s and attributes replaced by what `value` says. */
function manifestIn(app: Synthesized, value: (intrinsic: object) => string) {
  const text = (part: unknown): string => {
    if (typeof part === 'string') return part;
    const join = (part as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
    return join ? join[1].map(text).join(join[0]) : value(part as object);
  };
  return decodeManifest(
    app.all('AWS::SSM::Parameter').map(({ Properties }) => text(Properties.Value)),
  );
}

describe('props of the configuration', () => {
  test('need no file, and take region and account from the stack', () => {
    const { app } = inAnApp(() => shop());
    const manifest = manifestIn(app, () => '');
    expect(manifest).toMatchObject({ name: 'shop', environment: 'prod', region: 'eu-west-1' });
    expect(manifest.secrets).toMatchObject([{ key: 'jwt', name: 'shop/prod/jwt', armed: true }]);
  });

  test('of a stack without region leave it to the deployment', () => {
    const { app } = inAnApp(() => shop(), undefined, {});
    expect(manifestIn(app, () => 'us-west-2').region).toBe('us-west-2');
  });

  test.each([
    [
      { region: 'us-east-1' },
      'region: found "us-east-1" in a stack of "eu-west-1"; expected the stack\'s own, or none',
    ],
    [
      { account: '999988887777' },
      'account: found "999988887777" in a stack of "111122223333"; expected the stack\'s own, or none',
    ],
  ])('that contradict the stack are refused', (change, problem) => {
    expect(problemsOf(() => shop(change))).toEqual([problem]);
  });

  test('that name an account in a stack without one are refused', () => {
    expect(problemsOf(() => shop({ account: '111122223333' }), {})).toEqual([
      'account: found "111122223333" in a stack without one; expected env: { account: \'111122223333\' } on the stack, or no account here',
    ]);
  });

  test('are refused with the messages of the configuration, all at once', () => {
    const wrong = { name: 'X', secrets: { jwt: { ...jwt, bits: 100, longestTokens: '30d' } } };
    const refused = problemsOf(() => shop(wrong as never));
    expect(refused).toHaveLength(3);
    expect(() => parseRotationConfig({ ...shop(wrong as never), region: 'eu-west-1' })).toThrow(
      expect.objectContaining({ problems: refused }),
    );
  });

  test('that are no props at all are refused, not stumbled over', () => {
    expect(problemsOf(() => ({ name: 'shop', environment: 'prod' }) as never)).toEqual([
      expect.stringMatching(/^secrets: found nothing; expected /),
    ]);
  });
});

describe('what is known only at deployment', () => {
  const withHost = (stack: Stack, change: object = {}) => {
    const host = new CfnParameter(stack, 'Host').valueAsString;
    const port = new CfnParameter(stack, 'Port', { type: 'Number' }).valueAsNumber;
    return shop({ secrets: { admin, db: { ...database, host, port, ...change } } });
  };

  test('host, port and certificates reach function and manifest', () => {
    const { app } = inAnApp((stack) => ({
      ...withHost(stack),
      certificates: [
        { name: 'www', acm: new CfnParameter(stack, 'Certificate').valueAsString },
        {
          name: 'gateway',
          secret: new Secret(stack, 'Tls', { encryptionKey: new Key(stack, 'TlsKey') }) as ISecret,
          field: 'crt',
        },
      ],
    }));
    const told = environmentOf(app, 'db');
    expect(told.HOST).toEqual({ Ref: 'Host' });
    expect(told.PORT).toEqual({ Ref: 'Port' });
    const manifest = manifestIn(app, (intrinsic) =>
      'Ref' in intrinsic && intrinsic.Ref === 'Port' ? '6432' : 'shop.cluster.example.com',
    );
    expect(manifest.secrets).toContainEqual(
      expect.objectContaining({ key: 'db', host: 'shop.cluster.example.com', port: 6432 }),
    );
    expect(manifest.certificates).toEqual([
      { from: 'acm', name: 'www', arn: 'shop.cluster.example.com' },
      { from: 'secret', name: 'gateway', secret: 'shop.cluster.example.com', field: 'crt' },
    ]);
    const role = /^RotationCertificatesFunctionPolicy/;
    expect(app.statement(role, 'Describe').Resource).toEqual({ Ref: 'Certificate' });
    expect(app.statement(role, 'ReadCertificates').Resource).toEqual({
      Ref: expect.stringMatching(/^Tls/),
    });
  });

  test('so do hosts and ports of poolers', () => {
    const { app } = inAnApp((stack) => {
      const host = new CfnParameter(stack, 'Pooler').valueAsString;
      const port = new CfnParameter(stack, 'PoolerPort', { type: 'Number' }).valueAsNumber;
      const endpoints = [
        { host, port },
        { host: 'spare.example.com', port: 6432 },
      ];
      const ca = { pem: '-----BEGIN CERTIFICATE-----' };
      return withHost(stack, { connection: 'pgbouncer', endpoints, ca });
    });
    const told = environmentOf(app, 'db');
    expect(told.CONNECTION).toBe('pgbouncer');
    expect(told.ENDPOINTS).toEqual({
      'Fn::Join': ['', [{ Ref: 'Pooler' }, ':', { Ref: 'PoolerPort' }, ',spare.example.com:6432']],
    });
  });

  test('one host is one cluster: a role two secrets set there is refused', () => {
    const problems = problemsOf((stack) => {
      const props = withHost(stack);
      return { ...props, secrets: { ...props.secrets, again: props.secrets.db as never } };
    });
    expect(problems).toContain(
      'secrets.again.roles: found "shop_a", which secrets.db sets on the same cluster; expected a role of its own',
    );
  });

  test.each([
    ['dbname', 'secrets.db.dbname'],
    ['identity', 'secrets.db.identity'],
  ])('is refused as %s', (word, path) => {
    const problems = problemsOf((stack) =>
      withHost(stack, { [word]: new CfnParameter(stack, 'Other').valueAsString }),
    );
    expect(problems).toEqual([
      `${path}: found a value known only at deployment; expected one known at synthesis: it becomes part of names, or of what a function is`,
    ]);
  });

  test('is not told by what stands for it', () => {
    const problems = problemsOf((stack) => {
      const vpcId = new CfnParameter(stack, 'Vpc').valueAsString;
      const network = {
        vpcId,
        subnetIds: ['subnet-0a1b2c3d'],
        databaseSecurityGroupId: 'sg-0a1b2c3d',
        routeTableIds: ['rtb-0a1b2c3d'],
        vpcCidrs: ['10.0.0.0/16'],
      };
      const db = { ...database, network: 'one' };
      return shop({
        networks: { one: network, two: network },
        secrets: { admin, db, db2: { ...database, host: 'b.example.com', network: 'two' } },
      });
    });
    expect(problems).toEqual([
      expect.stringMatching(/^networks\.two\.vpcId: found "known at deployment", for which/),
    ]);
  });

  test('a VPC of the app is a network', () => {
    const { app } = inAnApp((stack) => {
      const vpc: IVpc = new Vpc(stack, 'Vpc', { natGateways: 0 }) as never;
      const group = new SecurityGroup(stack, 'Databases', { vpc });
      const props = withHost(stack, { network: 'inside' });
      return { ...props, networks: { inside: { vpc, databaseSecurityGroup: group } } };
    });
    const subnets = app
      .all('AWS::EC2::Subnet', /Vpc.*isolated/i)
      .map((subnet) => ({ Ref: app.idOf(subnet) }));
    expect(subnets).toHaveLength(3);
    expect(app.one('AWS::Lambda::Function', /Secretdb/).Properties.VpcConfig.SubnetIds).toEqual(
      subnets,
    );
    expect(
      app.all('AWS::EC2::SecurityGroupIngress').map(({ Properties }) => Properties),
    ).toContainEqual(
      expect.objectContaining({
        GroupId: { 'Fn::GetAtt': [expect.stringMatching(/^Databases/), 'GroupId'] },
        FromPort: { Ref: 'Port' },
      }),
    );
  });

  test('a VPC with endpoints of its own is left through them alone', () => {
    const { app } = inAnApp((stack) => {
      const vpc: IVpc = new Vpc(stack, 'Vpc', { natGateways: 0 }) as never;
      const group = new SecurityGroup(stack, 'Databases', { vpc });
      const props = withHost(stack, { network: 'inside' });
      const prefixListIds = { dynamodb: 'pl-0a1b2c3d', s3: 'pl-0b1b2c3d' };
      const inside = { vpc, databaseSecurityGroup: group, endpoints: 'existing', prefixListIds };
      return { ...props, networks: { inside } } as never;
    });
    expect(app.all('AWS::EC2::VPCEndpoint')).toEqual([]);
    const everywhere = app
      .all('AWS::EC2::SecurityGroupEgress')
      .filter(({ Properties }) => Properties.CidrIp === '0.0.0.0/0');
    expect(everywhere).toEqual([]);
  });

  test('an imported VPC that does not say enough is refused by what it lacks', () => {
    const problems = problemsOf((stack) => {
      const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
        vpcId: 'vpc-0a1b2c3d',
        availabilityZones: ['eu-west-1a'],
        privateSubnetIds: ['subnet-0a1b2c3d'],
      });
      const group = SecurityGroup.fromSecurityGroupId(stack, 'Databases', 'sg-0a1b2c3d');
      const props = withHost(stack, { network: 'inside' });
      return { ...props, networks: { inside: { vpc, databaseSecurityGroup: group } } };
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'networks.inside.routeTableIds',
      'networks.inside.vpcCidrs',
    ]);
  });
});

describe('an existing secret', () => {
  const adopted = (adopt: (stack: Stack) => unknown) => (stack: Stack) =>
    shop({ secrets: { jwt: { ...jwt, adopt: adopt(stack) as never } } });
  const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:legacy/jwt-AbCdEf';

  test('imported with its key keeps ARN, key and name', () => {
    const { app } = inAnApp(
      adopted((stack) =>
        Secret.fromSecretAttributes(stack, 'Legacy', {
          secretCompleteArn: arn,
          encryptionKey: Key.fromKeyArn(stack, 'LegacyKey', key),
        }),
      ),
    );
    expect(environmentOf(app, 'jwt')).toMatchObject({ SECRET_ARN: arn, SECRET_NAME: 'legacy/jwt' });
    expect(app.all('AWS::SecretsManager::Secret')).toEqual([]);
    expect(manifestIn(app, () => '').secrets).toMatchObject([
      { name: 'legacy/jwt', origin: 'adopted', armed: false },
    ]);
  });

  test('made in the same app is known by the name it has there', () => {
    const { app } = inAnApp(
      adopted((stack) => {
        const encryptionKey = new Key(stack, 'Key');
        return new Secret(stack, 'Legacy', { secretName: 'legacy-jwt', encryptionKey });
      }),
    );
    expect(environmentOf(app, 'jwt').SECRET_NAME).toBe('legacy-jwt');
    expect(environmentOf(app, 'jwt').SECRET_ARN).toEqual({ Ref: expect.stringMatching(/^Legacy/) });
  });

  test('named by CloudFormation is known by what comes before the last six characters', () => {
    const { app } = inAnApp(
      adopted((stack) => new Secret(stack, 'Legacy', { encryptionKey: new Key(stack, 'Key') })),
    );
    const name = environmentOf(app, 'jwt').SECRET_NAME;
    expect(JSON.stringify(name)).toMatch(
      /"Fn::Join":\["-",\[.*"Fn::Select":\[0,.*"Fn::Select":\[1,/,
    );
    expect(manifestIn(app, () => 'Legacy').secrets).toMatchObject([{ name: 'Legacy-Legacy' }]);
  });

  test('by ARN that is known at deployment needs its name beside it', () => {
    const imported = Fn.importValue('LegacyArn');
    expect(problemsOf(adopted(() => ({ secretArn: imported, kmsKeyArn: key })))).toEqual([
      "secrets.jwt.adopt.secretName: found nothing beside an ARN known only at deployment; expected the secret's name",
    ]);
    const { app } = inAnApp(
      adopted(() => ({ secretArn: imported, kmsKeyArn: key, secretName: 'legacy/jwt' })),
    );
    expect(environmentOf(app, 'jwt')).toMatchObject({
      SECRET_ARN: { 'Fn::ImportValue': 'LegacyArn' },
      SECRET_NAME: 'legacy/jwt',
    });
  });

  test('whose name contradicts its ARN is refused', () => {
    expect(
      problemsOf(adopted(() => ({ secretArn: arn, kmsKeyArn: key, secretName: 'other' }))),
    ).toEqual([
      'secrets.jwt.adopt.secretName: found "other"; expected the name in secretArn, or no secretName',
    ]);
  });

  test('imported by name, or without its key, is refused', () => {
    const problems = problemsOf(
      adopted((stack) => Secret.fromSecretNameV2(stack, 'Legacy', 'legacy')),
    );
    expect(problems.map((problem) => problem.split('; ')[0])).toEqual([
      'secrets.jwt.adopt.secretArn: found a secret imported by name or partial ARN',
      'secrets.jwt.adopt.kmsKeyArn: found a secret whose key is not known',
    ]);
  });

  test('in another region is refused though the stack does not know its own', () => {
    const elsewhere = arn.replace('eu-west-1', 'eu-north-1');
    expect(problemsOf(adopted(() => ({ secretArn: elsewhere, kmsKeyArn: key })))).toEqual([
      expect.stringMatching(/^secrets\.jwt\.adopt\.secretArn: found a secret in "eu-north-1"/),
    ]);
  });

  test('may be the admin of a database', () => {
    const { app } = inAnApp((stack) => {
      const encryptionKey = new Key(stack, 'Key');
      const master = new Secret(stack, 'Master', { secretName: 'master', encryptionKey });
      return shop({ secrets: { db: { ...database, admin: { secret: master as ISecret } } } });
    });
    expect(environmentOf(app, 'db').ADMIN_SECRET_ARN).toEqual({
      Ref: expect.stringMatching(/^Master/),
    });
    expect(manifestIn(app, () => '').secrets).toMatchObject([{ admin: 'master' }]);
  });
});

describe('what an app is given', () => {
  const reader = (stack: Stack) =>
    new Role(stack, 'Api', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });

  test('grantRead lets a role read as an application does, and no more', () => {
    const { app } = inAnApp(
      () => shop(),
      (quarterturn, stack) => quarterturn.grantRead(reader(stack), 'jwt'),
    );
    const statements = app.statements(/^ApiDefaultPolicy/);
    const secret = { Ref: app.idOf(app.one('AWS::SecretsManager::Secret')) };
    expect(statements).toEqual([
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: secret,
        Condition: {
          'ForAnyValue:StringEquals': {
            'secretsmanager:VersionStage': ['AWSCURRENT', 'AWSPREVIOUS'],
          },
        },
      },
      { Effect: 'Allow', Action: 'secretsmanager:DescribeSecret', Resource: secret },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/KeysSecrets/), 'Arn'] },
        Condition: {
          StringEquals: {
            'kms:ViaService': expect.anything(),
            'kms:EncryptionContext:SecretARN': secret,
          },
        },
      },
    ]);
  });

  test('secret is an ISecret with the name and ARN it has', () => {
    const { rest, app } = inAnApp(
      () => shop(),
      (quarterturn, stack) => ({
        name: quarterturn.secret('jwt').secretName,
        arn: stack.resolve(quarterturn.secret('jwt').secretArn),
        again: quarterturn.secret('jwt').secretName,
        function: stack.resolve(quarterturn.rotationFunction('jwt').functionArn),
      }),
    );
    expect(rest).toMatchObject({
      name: 'shop/prod/jwt',
      arn: { Ref: app.idOf(app.one('AWS::SecretsManager::Secret')) },
      again: 'shop/prod/jwt',
      function: {
        'Fn::Join': [
          '',
          expect.arrayContaining([expect.stringMatching(/function:quarterturn-shop-prod-jwt$/)]),
        ],
      },
    });
  });

  test('a key that does not exist is refused with those that do', () => {
    inAnApp(
      () => shop({ consumers: [{ name: 'api', reads: ['jwt'] }] }),
      (quarterturn) => {
        expect(() => quarterturn.secret('jwtt')).toThrow('no secret "jwtt"; there are jwt');
        expect(() => quarterturn.rotationFunction('x')).toThrow(
          expect.objectContaining({ code: 'ERR_ROTATION_UNKNOWN_KEY' }),
        );
        expect(() => quarterturn.policiesFor('web')).toThrow('no consumer "web"; there are api');
      },
    );
  });

  test('policies are attached to the roles of the props, or handed out', () => {
    const { app, rest } = inAnApp(
      (stack) =>
        shop({
          consumers: [{ name: 'api', reads: ['jwt'], roles: [reader(stack)] }],
          operatorRoles: [
            Role.fromRoleArn(stack, 'Desk', 'arn:aws:iam::111122223333:role/teams/on-call'),
          ],
        }),
      (quarterturn, stack) => stack.resolve(quarterturn.policiesFor('api')[0]?.managedPolicyArn),
    );
    const policy = app.one('AWS::IAM::ManagedPolicy', /Readerapi/);
    expect(policy.Properties.Roles).toEqual([{ Ref: expect.stringMatching(/^Api/) }]);
    expect(rest).toEqual({ Ref: app.idOf(policy) });
    expect(app.one('AWS::IAM::ManagedPolicy', /Operator/).Properties.Roles).toEqual(['on-call']);
  });

  test('a role of another account is refused: its policies would be attached to nobody', () => {
    expect(
      problemsOf((stack) =>
        shop({
          operatorRoles: [Role.fromRoleArn(stack, 'Desk', 'arn:aws:iam::999988887777:role/x')],
        }),
      ),
    ).toEqual([
      'operatorRoles.0: found a role of account "999988887777"; expected one of the stack\'s account "111122223333"',
    ]);
  });

  test('an existing key encrypts the new secrets, and no second one is made', () => {
    const { app } = inAnApp((stack) => shop({ encryptionKey: Key.fromKeyArn(stack, 'Own', key) }));
    expect(app.one('AWS::SecretsManager::Secret').Properties.KmsKeyId).toBe(key);
    expect(app.all('AWS::KMS::Key', /KeysSecrets/)).toEqual([]);
  });
});

describe('two deployments', () => {
  const both = (second: Partial<QuarterturnProps>) =>
    withRooms((lambdasDirectory, directory) => {
      const stack = new Stack(new App({ outdir: join(directory, 'out') }), 'Shop');
      new Quarterturn(stack, 'One', shop({ lambdasDirectory }));
      return new Quarterturn(stack, 'Two', shop({ lambdasDirectory, ...second }));
    });

  test('of one account differ by environment', () => {
    expect(both({ environment: 'dev' }).secrets.jwt?.name).toBe('shop/dev/jwt');
  });

  test('of one name and environment are refused', () => {
    expect(() => both({})).toThrow(
      'the deployment "shop/prod" stands at Shop/One already, and policies are named once an account; expected another name or environment',
    );
  });
});

test('authorities may be text', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';
  const { app } = inAnApp(() => shop({ secrets: { admin, db: { ...database, ca: { pem } } } }));
  expect(environmentOf(app, 'db').CA).toBe('file');
  expect(() =>
    inAnApp(() => shop({ secrets: { admin, db: { ...database, ca: { pem: 'hello' } } } })),
  ).toThrow(/secrets\.db\.ca\.pem: found no certificate in the text/);
});
