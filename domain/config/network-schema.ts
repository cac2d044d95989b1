/** Where functions run that open a PostgreSQL connection: a VPC that exists, or one the stack makes. */
import * as z from 'zod';

const id = (prefix: string, what: string) =>
  z.string().regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), `${what} (${prefix}-…)`);

/** A VPC by attributes: nothing is looked up, so that synthesis needs no account. */
export const existingNetworkSchema = z.strictObject({
  vpcId: id('vpc', 'the id of a VPC'),
  /** Subnets of the functions, one an Availability Zone; no route to the internet is needed. */
  subnetIds: z.array(id('subnet', 'the id of a subnet')).min(1).max(6),
  /** Route tables of these subnets: the gateway endpoints of DynamoDB and S3 are entered there. */
  routeTableIds: z.array(id('rtb', 'the id of a route table')).min(1).max(6).optional(),
  /** Security group of the databases: their port is opened for the functions, and for nobody else. */
  databaseSecurityGroupId: id('sg', 'the id of a security group'),
  /**
   * `create`: the stack makes the endpoints its functions need. `existing`: the VPC has them, or a way
   * out; nothing is made, and the functions say which endpoint did not answer.
   */
  endpoints: z.enum(['create', 'existing']).default('create'),
});

/** A VPC of isolated subnets, for databases that are placed there or reach it by peering. */
export const newNetworkSchema = z.strictObject({
  cidr: z
    .string()
    .regex(
      /^(\d{1,3}\.){3}\d{1,3}\/(1[6-9]|2[0-6])$/,
      'an IPv4 range of /16 to /26 such as "10.42.0.0/24"',
    ),
  availabilityZones: z.int().min(2).max(3).default(2),
});

export const networkSchema = z.union([existingNetworkSchema, newNetworkSchema]);
export type NetworkConfig = z.infer<typeof networkSchema>;
export type ExistingNetworkConfig = z.infer<typeof existingNetworkSchema>;
export type NewNetworkConfig = z.infer<typeof newNetworkSchema>;
