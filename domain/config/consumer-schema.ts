/** Consumers: what reads which secrets, how it learns a new value, and how it proves that it has. */
import * as z from 'zod';
import { durationSchema } from './duration.ts';
import { webhookSchema } from './webhook-schema.ts';

/** ECS: up to 255 letters, digits, underscores and hyphens (API_CreateCluster, API_CreateService). */
const ecsName = z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, 'the name alone, not an ARN');
/** RFC 1123 labels, and subdomains where Kubernetes takes them for names of objects. */
const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a label of RFC 1123');
const subdomain = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'a subdomain of RFC 1123');

/** How a consumer is made to read its secrets again. */
export const restartSchema = z.discriminatedUnion('by', [
  z.strictObject({
    by: z.literal('ecs'),
    cluster: ecsName,
    service: ecsName,
    /** A service that CodeDeploy deploys takes no new deployment from anybody else (API_UpdateService). */
    codeDeploy: z
      .strictObject({
        application: z.string().regex(/^[A-Za-z0-9+=,.@_-]{1,100}$/, 'the name of an application'),
        deploymentGroup: z.string().regex(/^[A-Za-z0-9+=,.@_-]{1,100}$/, 'the name of a group'),
      })
      .optional(),
  }),
  z.strictObject({
    by: z.literal('kubernetes'),
    /** Name of the EKS cluster. */
    cluster: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'the name of an EKS cluster'),
    namespace: label,
    deployment: subdomain,
    /** External Secrets that must have synced before pods start: in the same namespace. */
    externalSecrets: z.array(subdomain).max(10).default([]),
  }),
  z.strictObject({
    by: z.literal('lambda'),
    /** Name of the function. Its description is changed, nothing else: environments that run are given up. */
    function: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'the name alone, not an ARN'),
  }),
  z.strictObject({ by: z.literal('webhook'), ...webhookSchema.shape }),
]);
export type RestartConfig = z.infer<typeof restartSchema>;

/** One request of the smoke checklist. */
export const healthProbeSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/, 'a short name for people'),
  method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
  /** https, or http to a private address; redirects are not followed. */
  url: z.string().min(1).max(1_024),
  /** Sent as JSON; POST only. Never a secret: it stands in the template. */
  body: z.record(z.string(), z.json()).optional(),
  /** Statuses that say that it works. */
  expect: z.array(z.int().min(200).max(599)).min(1).max(10).default([200]),
  /** Members of the answer's JSON, by JSON Pointer (RFC 6901), and what they must be. */
  json: z
    .record(
      z.string().regex(/^(\/([^~/]|~[01])*)+$/, 'a JSON Pointer such as "/status"'),
      z.union([z.string(), z.number(), z.boolean(), z.null()]),
    )
    .optional(),
});
export type HealthProbeConfig = z.infer<typeof healthProbeSchema>;

export const healthSchema = z.strictObject({
  /**
   * Where it serves the client library's health handler (`/api/credentials/health`): the answer names the versions
   * and keys this process holds, which is the proof that it has the new ones.
   */
  credentials: z.string().min(1).max(1_024).optional(),
  /** Key of a userManaged secret, sent as `Authorization: Bearer …` with every request: who may see that detail. */
  bearer: z.string().optional(),
  probes: z.array(healthProbeSchema).max(20).default([]),
  /** So many looks in a row must succeed: behind a load balancer each meets another instance. */
  consecutive: z.int().min(1).max(20).default(3),
  every: durationSchema(1).default('10s'),
  /** From when it is steady. */
  within: durationSchema(1).default('5m'),
  /** Key of the network whose private hosts are asked; absent: from outside of every VPC. */
  network: z.string().optional(),
  /** May a name lead to a private address? Never to a link-local one. */
  privateAddresses: z.enum(['refused', 'allowed']).default('refused'),
  /** Trusted authorities, a PEM file beside the configuration or PEM text; absent: those Node.js ships. */
  ca: z
    .union([
      z.strictObject({ file: z.string().min(1) }),
      z.strictObject({ pem: z.string().min(1) }),
    ])
    .optional(),
});
export type HealthConfig = z.infer<typeof healthSchema>;

export const consumerSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'lower case, digits, hyphens; 32 at most'),
  /** Keys of the secrets it may read. */
  reads: z.array(z.string()).min(1),
  /** Absent: nothing restarts it. */
  restart: restartSchema.optional(),
  /**
   * `refresh`: it reads again by itself within its cache bound, and is not restarted; `restart`: only a start reads.
   * Default: `restart` where it says how, otherwise `refresh`.
   */
  learns: z.enum(['refresh', 'restart']).optional(),
  /** From the restart until it is steady. */
  steadyWithin: durationSchema(1).default('15m'),
  /** Absent: nobody asks it. */
  health: healthSchema.optional(),
});
export type ConsumerConfig = z.infer<typeof consumerSchema>;

export const learnsBy = ({
  learns,
  restart,
}: Pick<ConsumerConfig, 'learns' | 'restart'>): 'refresh' | 'restart' =>
  learns ?? (restart === undefined ? 'refresh' : 'restart');

/** Does a rollout have anything to do with it? */
export const isRolledOut = (consumer: Pick<ConsumerConfig, 'restart' | 'health'>): boolean =>
  consumer.restart !== undefined || consumer.health !== undefined;
