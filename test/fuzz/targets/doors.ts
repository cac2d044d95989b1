/** What other systems answer: clusters, S3, CloudTrail, functions, PostgreSQL; and the errors they throw. */
import fc from 'fast-check';
import pg from 'pg';
import { namesPrincipal } from '../../../domain/policy/principals-named.ts';
import { protectionFindings } from '../../../domain/policy/protection.ts';
import { identityKey, isBy, principalOf } from '../../../domain/policy/readers/sighting.ts';
import { auditEvents } from '../../../domain/reports/deployment/audit-lines.ts';
import { isAwsError } from '../../../doors/aws-call.ts';
import { answerIn } from '../../../doors/function-answer.ts';
import { assertAllowedAddress, connectionReason } from '../../../doors/guarded-lookup.ts';
import { parseDeployment, rolloutOf } from '../../../doors/kubernetes-deployment.ts';
import { parseExternalSecret } from '../../../doors/kubernetes-external-secret.ts';
import { parseVersionsPage } from '../../../doors/object-versions.ts';
import { arrayLiteral } from '../../../doors/postgres/array-literal.ts';
import { classifyError } from '../../../doors/postgres/classify-error.ts';
import { assertName, quoteIdentifier, quoteLiteral } from '../../../doors/postgres/identifiers.ts';
import { isReservedRole } from '../../../doors/postgres/role-problems.ts';
import {
  assertUsablePassword,
  assertVerifier,
  isGeneratedPassword,
} from '../../../doors/postgres/scram.ts';
import { rawText } from '../../../doors/postgres/sealed-values.ts';
import { transienceOf } from '../../../doors/postgres/transient.ts';
import { parsed } from '../../../doors/signed-request.ts';
import { destinationIn } from '../../../doors/unanswered.ts';
import { documents, texts } from '../mutations.ts';
import { isTyped, type Target } from '../target.ts';
import { agree, target } from './agree.ts';
import { thrown } from './client.ts';

const deployment = {
  metadata: { generation: 2, annotations: { a: 'b' } },
  spec: {
    replicas: 3,
    paused: false,
    template: {
      metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-05-17T17:00:02Z' } },
    },
  },
  status: {
    observedGeneration: 2,
    replicas: 3,
    updatedReplicas: 3,
    availableReplicas: 3,
    conditions: [{ type: 'Available', reason: 'x' }],
  },
};
const externalSecret = {
  metadata: { annotations: { 'force-sync': '1' } },
  status: {
    refreshTime: '2026-05-17T17:00:02Z',
    syncedResourceVersion: '2-abc',
    conditions: [{ type: 'Ready', status: 'True', reason: 'SecretSynced' }],
  },
};
const page =
  '<?xml version="1.0"?><ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>true</IsTruncated><NextKeyMarker>a/b</NextKeyMarker><NextVersionIdMarker>1</NextVersionIdMarker><Version><Key>a/b</Key><VersionId>1</VersionId><LastModified>2026-05-17T17:00:02.000Z</LastModified></Version></ListVersionsResult>';
const policy = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'OnlyRotationWrites',
      Effect: 'Deny',
      Principal: '*',
      Action: ['secretsmanager:PutSecretValue', 'secretsmanager:Get*'],
    },
    {
      Effect: 'Allow',
      Principal: { AWS: ['arn:aws:iam::000000000000:role/api'] },
      Action: 'secretsmanager:GetSecretValue',
    },
  ],
};
const identity = {
  type: 'AssumedRole',
  arn: 'arn:aws:sts::000000000000:assumed-role/api/session',
  issuer: 'arn:aws:iam::000000000000:role/api',
  principalId: 'AROA:session',
};
const line = JSON.stringify({
  detail: { type: 'unmanaged-write', version: 1, id: 'x', at: '2026-05-17T17:00:02Z' },
});
const verifier =
  'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=';
const isZod = (error: unknown) => (error as Error).name === 'ZodError';
const isDate = (at: Date | undefined) => at === undefined || Number.isFinite(at.getTime());

export const doorTargets: readonly Target<never>[] = [
  target({
    name: 'doors/kubernetes-deployment.ts: parseDeployment',
    inputs: (canary) => documents(fc.constant(deployment), canary),
    run: parseDeployment,
    holds(answer) {
      const state = answer as ReturnType<typeof parseDeployment>;
      rolloutOf(state);
      agree(isDate(state.restartedAt), true);
    },
    accepts: deployment,
    refuses: {},
    isOwn: isZod,
  }),
  target({
    name: 'doors/kubernetes-external-secret.ts: parseExternalSecret',
    inputs: (canary) => documents(fc.constant(externalSecret), canary),
    run: parseExternalSecret,
    holds: (answer) =>
      agree(isDate((answer as ReturnType<typeof parseExternalSecret>).refreshTime), true),
    accepts: externalSecret,
    refuses: {},
    isOwn: isZod,
  }),
  target({
    name: 'doors/object-versions.ts: parseVersionsPage',
    inputs: (canary) =>
      texts([page], canary, ['<Version>', '</Version>', '<IsTruncated>', '2026-02-30']),
    run: parseVersionsPage,
    holds: (answer) =>
      agree(
        (answer as ReturnType<typeof parseVersionsPage>).versions.every(({ lastModified }) =>
          isDate(lastModified),
        ),
        true,
      ),
    accepts: page,
    refuses: '<html/>',
  }),
  target({
    name: 'doors/function-answer.ts: answerIn',
    inputs: (canary) =>
      fc.tuple(
        texts(
          [
            '{"errorType":"X","errorMessage":"y"}',
            '{"a":[1]}',
            '{"errorType":{"toString":1}}',
            'null',
          ],
          canary,
          ['"', ',', '{'],
        ),
        fc.boolean(),
      ),
    run: ([text, failed]) => answerIn('function', text, failed),
    accepts: ['{}', false] as [string, boolean],
    refuses: ['{}', true] as [string, boolean],
    mayRepeat:
      'what a function of ours says of its own failure: its messages hold no value, which is tested where they are made',
  }),
  target({
    name: 'doors/signed-request.ts: parsed',
    inputs: (canary) => texts(['{"a":1}'], canary),
    run: parsed,
  }),
  target({
    name: 'domain/policy: resource policies',
    inputs: (canary) =>
      fc.oneof(
        documents(fc.constant(policy), canary).map((changed) => JSON.stringify(changed) ?? ''),
        texts(
          [
            JSON.stringify(policy),
            JSON.stringify({
              Statement: { ...policy.Statement[1], Action: ['secretsmanager:*', '*e*?*e*x'] },
            }),
          ],
          canary,
          ['*', '?', '*?', '[', '('],
        ),
      ),
    run: (text) => [
      namesPrincipal(text, 'arn:aws:iam::000000000000:role/api', 'secretsmanager:GetSecretValue'),
      protectionFindings({ policy: text, tags: {}, expectedTags: {}, isProtected: true }),
    ],
  }),
  target({
    name: 'domain/policy/readers/sighting.ts: principalOf, identityKey, isBy',
    inputs: (canary) =>
      fc.tuple(
        texts([identity.arn, identity.issuer], canary, ['/', ':', 'role/']),
        fc.constantFrom(...Object.keys(identity)),
      ),
    run: ([text, field]) => [
      principalOf({ ...identity, [field]: text }),
      identityKey(text),
      isBy(text)({ ...identity, [field]: text }),
    ],
  }),
  target({
    name: 'domain/reports/deployment/audit-lines.ts: auditEvents',
    inputs: (canary) =>
      fc.oneof(
        texts([line], canary),
        documents(fc.constant(JSON.parse(line)), canary).map(
          (changed) => JSON.stringify(changed) ?? '',
        ),
      ),
    run: (text) => auditEvents([text, line]),
  }),
  target({
    // Those whose words name objects are passed on as they are (classify-error.ts), and not drawn here.
    name: 'doors/postgres/classify-error.ts and transient.ts: classifyError, transienceOf',
    inputs: (canary) =>
      fc.tuple(
        thrown(canary),
        fc.constantFrom('22P02', '42601', '28P01', '28000', '08P01', 'XX000', '23505'),
        fc.boolean(),
      ),
    run([error, sqlstate, isServers]) {
      const told = isServers
        ? Object.assign(new pg.DatabaseError(error.message, 1, 'error'), { code: sqlstate })
        : error;
      const mapped = classifyError(told, 'db:5432');
      transienceOf(mapped);
      throw mapped;
    },
  }),
  target({
    name: 'doors: connectionReason, destinationIn, isAwsError',
    inputs: thrown,
    run: (error) => [connectionReason(error), destinationIn(error), isAwsError(error, 'X')],
  }),
  target({
    name: 'doors/guarded-lookup.ts: assertAllowedAddress',
    inputs: (canary) =>
      texts(['10.0.0.1', '[::1]', 'example.com', '[fe80::1]'], canary, [
        '[',
        ']',
        '%eth0',
        '::ffff:',
      ]),
    run: (host) => assertAllowedAddress(host, 'refused'),
    accepts: 'example.com',
    refuses: '10.0.0.1',
    isOwn: (error) => (error as { code?: unknown }).code === 'PRIVATE_ADDRESS',
  }),
  target({
    name: 'doors/postgres/scram.ts: assertVerifier, assertUsablePassword, isGeneratedPassword',
    inputs: (canary) =>
      texts([verifier, 'abcdefghijklmnopqrstuvwxyz012345'], canary, [
        '$',
        ':',
        '=',
        "'",
        '\n',
        'md5',
        'SCRAM-SHA-256$',
      ]),
    run(text) {
      isGeneratedPassword(text);
      try {
        assertVerifier(text);
      } catch (error) {
        if (!isTyped(error)) throw error;
        return assertUsablePassword(text);
      }
      // What is put into a statement has no character that could end it.
      return agree(/^[A-Za-z0-9+/=$:-]+$/.test(text), true);
    },
    accepts: verifier,
    refuses: 'SCRAM-SHA-256$x',
  }),
  target({
    name: 'doors/postgres/identifiers.ts: assertName, isReservedRole, quoteIdentifier',
    inputs: (canary) =>
      texts(['app_a', 'é'.repeat(31)], canary, ['"', "'", '\\', ';', 'pg_', '\u0007']),
    run(name) {
      isReservedRole(name);
      quoteLiteral(name);
      assertName(name);
      return quoteIdentifier(name);
    },
    holds(answer, name) {
      const quoted = answer as string;
      agree(quoted.slice(1, -1).replaceAll('""', ''), name.replaceAll('"', ''));
    },
    accepts: 'app_a',
    refuses: '',
  }),
  target({
    name: 'doors/postgres/sealed-values.ts and array-literal.ts: rawText, arrayLiteral',
    inputs: (canary) =>
      fc.oneof(texts(['text', '{a,"b"}', '\\x00'], canary), fc.uint8Array().map(Buffer.from)),
    run: (value) => arrayLiteral([rawText(value), null, '']),
  }),
];
