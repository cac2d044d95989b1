/** What comes in over the controls, parsed once; a misspelt member is an error, never ignored. */
import * as z from 'zod';
import type { CertificateInAcm } from './acm/service.ts';
import type { PolicyDocument } from './iam/policy.ts';
import type { Fault, Grant } from './sandbox.ts';

const faultSchema = z.strictObject({
  service: z.string().min(1),
  operation: z.string().min(1),
  match: z.record(z.string(), z.unknown()).optional(),
  when: z.enum(['before', 'after', 'twice']),
  error: z
    .union([
      z.enum(['connectionReset', 'timeout']),
      z.strictObject({
        code: z.string().min(1),
        message: z.string().optional(),
        status: z.number().int().min(400).max(599).optional(),
      }),
    ])
    .optional(),
  times: z.number().int().positive().optional(),
  principal: z.string().min(1).optional(),
});

const policySchema = z.looseObject({
  Statement: z.union([z.looseObject({}), z.array(z.looseObject({}))]),
});

const grantSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9+=,.@_-]{1,64}$/),
  policies: z.array(policySchema).optional(),
  managedPolicies: z.array(z.string()).optional(),
  role: z.boolean().optional(),
  mfa: z.boolean().optional(),
});

/** @throws Error saying which member is wrong */
export function parseFault(input: unknown): Fault {
  return parse(faultSchema, input) as Fault;
}

/** @throws Error saying which member is wrong */
export function parseGrant(input: unknown): Grant & { name: string } {
  const { policies, ...rest } = parse(grantSchema, input);
  return {
    ...(rest as Omit<Grant, 'policies'> & { name: string }),
    // Their statements are judged by IAM, as those of a template are.
    ...(policies && { policies: policies as unknown as PolicyDocument[] }),
  };
}

const certificateSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  certificate: z.string().optional(),
  status: z.string().min(1).optional(),
  renewal: z.strictObject({ status: z.string(), reason: z.string().optional() }).optional(),
  inUseBy: z.array(z.string()).optional(),
});

/** @throws Error saying which member is wrong */
export const parseCertificate = (input: unknown): CertificateInAcm =>
  parse(certificateSchema, input);

const deploySchema = z.strictObject({ assembly: z.string().min(1) });

/** @returns the folder of the assembly. @throws Error saying which member is wrong */
export function parseDeploy(input: unknown): string {
  return parse(deploySchema, input).assembly;
}

/** @throws TypeError saying which member is wrong */
export function parse<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    throw new TypeError(z.prettifyError(parsed.error));
  }
  return parsed.data;
}
