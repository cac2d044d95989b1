/**
 * The controls for EKS clusters beside the stack, and for what is in them:
 *
 *   GET    eks-objects                 Deployments and ExternalSecrets, as the Kubernetes API gives them
 *   POST   eks-clusters         { name, endpointPublicAccess?, externalSecretsVersion? } → { arn, endpoint }
 *   POST   eks-access-entries   { cluster, principalArn, rules: [ { verbs, resource, namespace?, name? } ] }
 *   POST   eks-deployments      { cluster, namespace, name, replicas?, containers?, paused?, behaviour?, … }
 *   POST   eks-external-secrets { cluster, namespace, name, behaviour? }
 *   POST   eks-behaviour        { cluster, namespace, name, behaviour }, of pods or of copies
 */
import * as z from 'zod';
import { parse } from './control-input.ts';
import { readJson } from './protocols.ts';
import type { Sandbox } from './sandbox.ts';
import type { RestRequest } from './service.ts';

const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const subdomain = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/);
const cluster = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/);
const seconds = z.number().nonnegative();
const place = { cluster, namespace: label, name: subdomain };

const podBehaviour = z.discriminatedUnion('pods', [
  z.strictObject({ pods: z.literal('start'), steadyAfterSeconds: seconds.optional() }),
  z.strictObject({ pods: z.literal('fail') }),
]);
const syncBehaviour = z.strictObject({
  sync: z.enum(['succeeds', 'fails']),
  // A copy that fails is tried again after twice as long: never after nothing.
  afterSeconds: z.number().positive().optional(),
});

const existingCluster = z.strictObject({
  name: cluster,
  endpointPublicAccess: z.boolean().optional(),
  externalSecretsVersion: z.enum(['v1', 'v1beta1', 'none']).optional(),
});

const accessEntry = z.strictObject({
  cluster,
  principalArn: z.string().regex(/^arn:aws:iam::\d{12}:(role|user)\/.+$/),
  rules: z.array(
    z.strictObject({
      verbs: z.array(z.enum(['get', 'patch'])).min(1),
      resource: z.enum(['deployments', 'externalsecrets']),
      namespace: label.optional(),
      name: subdomain.optional(),
    }),
  ),
});

const deployment = z.strictObject({
  ...place,
  replicas: z.number().int().nonnegative().optional(),
  containers: z
    .array(z.looseObject({ name: label }))
    .min(1)
    .optional(),
  progressDeadlineSeconds: z.number().int().positive().optional(),
  paused: z.boolean().optional(),
  behaviour: podBehaviour.optional(),
});

const externalSecret = z.strictObject({ ...place, behaviour: syncBehaviour.optional() });

/** @returns nothing for a path that is no control of these. @throws TypeError for a member that is wrong */
export async function putIntoClusters(
  { method, body }: RestRequest,
  path: string,
  { eks }: Pick<Sandbox, 'eks'>,
): Promise<{ status: number; body: unknown } | undefined> {
  const input = () => readJson(body);
  switch (`${method} ${path}`) {
    case 'GET eks-objects':
      return { status: 200, body: eks.described() };
    case 'POST eks-clusters':
      return { status: 201, body: await eks.putCluster(parse(existingCluster, input())) };
    case 'POST eks-access-entries':
      eks.putAccessEntry(parse(accessEntry, input()));
      return { status: 201, body: {} };
    case 'POST eks-deployments':
      eks.putDeployment(parse(deployment, input()));
      return { status: 201, body: {} };
    case 'POST eks-external-secrets':
      eks.putExternalSecret(parse(externalSecret, input()));
      return { status: 201, body: {} };
    case 'POST eks-behaviour':
      behave(input(), eks);
      return { status: 200, body: {} };
    default:
      return undefined;
  }
}

function behave(input: Record<string, unknown>, eks: Sandbox['eks']): void {
  const isOfPods = Object.hasOwn((input.behaviour ?? {}) as object, 'pods');
  if (isOfPods) {
    eks.behave(parse(z.strictObject({ ...place, behaviour: podBehaviour }), input));
  } else {
    eks.behaveSync(parse(z.strictObject({ ...place, behaviour: syncBehaviour }), input));
  }
}
