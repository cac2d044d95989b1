/** Every right a template gives, flattened into lines a person can review. */
import type { Resource } from './synthesized.ts';

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON
type Json = any;

export interface Right {
  /** Who may (or may not): a role, a managed policy, or a resource with a policy of its own. */
  holder: string;
  sid: string;
  effect: 'Allow' | 'Deny';
  principal?: string;
  actions: readonly string[];
  resources: readonly string[];
  conditions: readonly string[];
}

export interface Grants {
  rights: readonly Right[];
  /** Who may assume each role. */
  trust: Readonly<Record<string, readonly string[]>>;
}

type Resources = Readonly<Record<string, Resource>>;

/** Types that carry a policy of their own, and the property it stands in. */
const resourcePolicies: Readonly<Record<string, string>> = {
  'AWS::KMS::Key': 'KeyPolicy',
  'AWS::SecretsManager::ResourcePolicy': 'ResourcePolicy',
  'AWS::S3::BucketPolicy': 'PolicyDocument',
  'AWS::SNS::TopicPolicy': 'PolicyDocument',
  'AWS::SQS::QueuePolicy': 'PolicyDocument',
  'AWS::EC2::VPCEndpoint': 'PolicyDocument',
  'AWS::Logs::ResourcePolicy': 'PolicyDocument',
};

export function grantsOf(resources: Resources): Grants {
  const entries = Object.entries(resources);
  const trust = Object.fromEntries(
    entries
      .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
      .map(([id, { Properties }]) => [
        short(id),
        list(Properties.AssumeRolePolicyDocument.Statement).map(
          (it: Json) => `${principal(it.Principal)}${joined(conditionsOf(it.Condition))}`,
        ),
      ]),
  );
  const rights = entries.flatMap(([id, resource]) => rightsOf(id, resource));
  return { rights, trust };
}

function rightsOf(id: string, { Type, Properties }: Resource): Right[] {
  if (Type === 'AWS::IAM::Policy' || Type === 'AWS::IAM::ManagedPolicy') {
    const holders = list(Properties.Roles).map((role: Json) => short(text(role)));
    const names = holders.length > 0 ? holders : [`policy ${text(Properties.ManagedPolicyName)}`];
    return names.flatMap((holder) => statements(holder, Properties.PolicyDocument));
  }
  if (Type === 'AWS::IAM::Role') {
    const attached = list(Properties.ManagedPolicyArns).map(text);
    if (attached.length > 0 || Properties.Policies !== undefined) {
      return [
        ...attached.map((arn) => right(short(id), { Sid: `attached ${arn}`, Effect: 'Allow' })),
        ...list(Properties.Policies).flatMap((it: Json) =>
          statements(short(id), it.PolicyDocument),
        ),
      ];
    }
    return [];
  }
  if (Type === 'AWS::Lambda::Permission') {
    const conditions = ['SourceAccount', 'SourceArn']
      .filter((key) => Properties[key] !== undefined)
      .map((key) => `${key} = ${text(Properties[key])}`);
    return [
      {
        holder: `function ${text(Properties.FunctionName)}`,
        sid: short(id),
        effect: 'Allow',
        principal: text(Properties.Principal),
        actions: [Properties.Action],
        resources: ['itself'],
        conditions,
      },
    ];
  }
  const property = resourcePolicies[Type];
  const document = property === undefined ? undefined : Properties[property];
  if (document === undefined) {
    return [];
  }
  const parsed = typeof document === 'string' ? JSON.parse(document) : document;
  return statements(`${Type.split('::').slice(1).join(' ')} ${short(id)}`, parsed);
}

const statements = (holder: string, document: Json): Right[] =>
  list(document?.Statement).map((statement: Json) => right(holder, statement));

function right(holder: string, statement: Json): Right {
  return {
    holder,
    sid: statement.Sid ?? '',
    effect: statement.Effect,
    ...(statement.Principal !== undefined && { principal: principal(statement.Principal) }),
    actions: list(statement.Action ?? statement.NotAction)
      .map(text)
      .sort(),
    resources: list(statement.Resource ?? statement.NotResource)
      .map(text)
      .sort(),
    conditions: conditionsOf(statement.Condition),
  };
}

function conditionsOf(condition: Json): string[] {
  return Object.entries(condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys as Json).map(
      ([key, values]) => `${operator} ${key} = ${list(values).map(text).sort().join(' | ')}`,
    ),
  );
}

const principal = (value: Json): string =>
  value === '*'
    ? 'anybody'
    : Object.entries(value)
        .flatMap(([, names]) => list(names).map(text))
        .sort()
        .join(' | ');

const joined = (conditions: readonly string[]) =>
  conditions.length === 0 ? '' : ` if ${conditions.join(' and ')}`;

/** An intrinsic as the name a reader knows: references by logical id, without CDK's hash. */
export function text(value: Json): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value !== 'object') return String(value);
  if (value.Ref !== undefined) {
    return value.Ref.startsWith('AWS::') ? `<${value.Ref.slice(5)}>` : `<${short(value.Ref)}>`;
  }
  const attribute = value['Fn::GetAtt'];
  if (attribute !== undefined) {
    const [id, name] = Array.isArray(attribute) ? attribute : attribute.split('.');
    return `<${short(id)}${name === 'Arn' ? '' : `.${name}`}>`;
  }
  const join = value['Fn::Join'];
  if (join !== undefined) return list(join[1]).map(text).join(join[0]);
  const select = value['Fn::Select'];
  if (select !== undefined) return `${text(select[1])}[${select[0]}]`;
  const split = value['Fn::Split'];
  if (split !== undefined) return `split(${text(split[1])})`;
  const sub = value['Fn::Sub'];
  if (sub !== undefined) return text(Array.isArray(sub) ? sub[0] : sub);
  return JSON.stringify(value);
}

/** Logical ids end in eight hexadecimal digits of CDK. */
const short = (id: string) => id.replace(/^<|>$/g, '').replace(/[0-9A-F]{8}$/, '');

const list = (value: Json): Json[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];
