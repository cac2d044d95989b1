/** Where functions run that open a PostgreSQL connection: a VPC that exists, or one the stack makes. */
import * as z from 'zod';

const id = (prefix: string, what: string) =>
  z.string().regex(new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`), `${what} (${prefix}-…)`);

/** An IPv4 range; what it may hold is a rule (`network-rules.ts`), which can say more than a pattern. */
const cidr = (smallest: number, largest: number) =>
  z.string().refine((text) => {
    const prefix = Number(/\/(\d{1,2})$/.exec(text)?.[1] ?? Number.NaN);
    return prefix >= largest && prefix <= smallest;
  }, `an IPv4 range of /${largest} to /${smallest} such as "10.42.0.0/24"`);

const prefixListIds = z.strictObject({
  dynamodb: id('pl', 'the id of the prefix list of DynamoDB in this region'),
  s3: id('pl', 'the id of the prefix list of S3 in this region').optional(),
});

const shared = {
  /**
   * Where the gateway endpoints lead, for the egress rules: `aws ec2 describe-managed-prefix-lists`.
   * Absent: port 443 is open to every address, and the routes of the subnets decide.
   */
  prefixListIds: prefixListIds.optional(),
};

/** A VPC by attributes: nothing is looked up, so that synthesis needs no account. */
export const existingNetworkSchema = z.strictObject({
  vpcId: id('vpc', 'the id of a VPC'),
  /** Subnets of the functions, one an Availability Zone; no route to the internet is needed. */
  subnetIds: z.array(id('subnet', 'the id of a subnet')).min(1).max(6),
  /** Security group of the databases: their port is opened for the functions, and for nobody else. */
  databaseSecurityGroupId: id('sg', 'the id of a security group'),
  /**
   * `create`: the stack makes the endpoints its functions need. `existing`: the VPC has them, or a way
   * out; nothing is made, and the functions say which endpoint did not answer.
   */
  endpoints: z.enum(['create', 'existing']).default('create'),
  /** Route tables of these subnets: the gateway endpoints of DynamoDB and S3 are entered there. */
  routeTableIds: z.array(id('rtb', 'the id of a route table')).min(1).max(6).optional(),
  /**
   * Ranges of the VPC. An endpoint with private DNS is everybody's in its VPC, so the made ones admit all
   * of them; to existing ones these are the way.
   */
  vpcCidrs: z.array(cidr(28, 8)).min(1).max(5).optional(),
  ...shared,
});

/** A VPC of isolated subnets, for databases that are placed there. */
export const newNetworkSchema = z.strictObject({
  /** Never to change once something stands in it: another range is another VPC. */
  cidr: cidr(26, 16),
  availabilityZones: z.int().min(2).max(3).default(2),
  ...shared,
});

export const networkSchema = z.union([existingNetworkSchema, newNetworkSchema]);
export type NetworkConfig = z.infer<typeof networkSchema>;
export type ExistingNetworkConfig = z.infer<typeof existingNetworkSchema>;
export type NewNetworkConfig = z.infer<typeof newNetworkSchema>;
