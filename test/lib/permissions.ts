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
  /** What else decides about a holder's rights: what its policy stands on, a boundary. */
  notes: Readonly<Record<string, readonly string[]>>;
}

type Resources = Readonly<Record<string, Resource>>;

/** Types that carry a policy of their own, the property it stands in, and the one that says what it is put on. */
const resourcePolicies: Readonly<Record<string, { document: string; on?: string }>> = {
  'AWS::KMS::Key': { document: 'KeyPolicy' },
  'AWS::SecretsManager::ResourcePolicy': { document: 'ResourcePolicy', on: 'SecretId' },
  'AWS::S3::BucketPolicy': { document: 'PolicyDocument', on: 'Bucket' },
  'AWS::SNS::TopicPolicy': { document: 'PolicyDocument', on: 'Topics' },
  'AWS::SQS::QueuePolicy': { document: 'PolicyDocument', on: 'Queues' },
  'AWS::EC2::VPCEndpoint': { document: 'PolicyDocument', on: 'ServiceName' },
  'AWS::Logs::ResourcePolicy': { document: 'PolicyDocument' },
  'AWS::Events::EventBus': { document: 'Policy' },
};

export function grantsOf(resources: Resources): Grants {
  const entries = Object.entries(resources);
  const trust = Object.fromEntries(
    entries
      .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
      .map(([id, { Properties }]) => [
        short(id),
        list(Properties.AssumeRolePolicyDocument.Statement).map(trusted),
      ]),
  );
  const rights = entries.flatMap(([id, resource]) => rightsOf(id, resource));
  const notes: Record<string, string[]> = {};
  for (const [id, resource] of entries) {
    const found = notesOf(resource);
    const holder = holderOf(id, resource);
    if (found.length > 0) notes[holder] = [...(notes[holder] ?? []), ...found];
  }
  return { rights, trust, notes };
}

/** AssumeRole by whom a statement names is the rule; anything else about it is said. */
function trusted({ Effect, Action, Principal, NotPrincipal, Condition, ...more }: Json): string {
  const usual = Effect === 'Allow' && Action === 'sts:AssumeRole' && NotPrincipal === undefined;
  return [
    ...(usual ? [] : [`${Effect} ${list(Action).map(text).join(' | ')} to `]),
    named(Principal, NotPrincipal),
    ...Object.entries(more)
      .filter(([element]) => element !== 'Sid')
      .map(([element, value]) => ` ${element} ${JSON.stringify(value)}`),
    joined(conditionsOf(Condition)),
  ].join('');
}

function notesOf({ Type, Properties }: Resource): string[] {
  if (Type === 'AWS::IAM::Role' && Properties.PermissionsBoundary !== undefined) {
    return [`Bounded by ${text(Properties.PermissionsBoundary)}.`];
  }
  if (Type === 'AWS::Lambda::Url') {
    return [`Has a URL for callers by ${Properties.AuthType}.`];
  }
  const on = resourcePolicies[Type]?.on;
  const document = Properties?.[resourcePolicies[Type]?.document ?? ''];
  return [
    ...(on === undefined ? [] : [`Put on ${list(Properties[on]).map(text).join(', ')}.`]),
    ...(document === undefined || parsed(document).Version === '2012-10-17'
      ? []
      : [`Version ${parsed(document).Version}.`]),
    ...(Properties?.BlockPublicPolicy === undefined
      ? []
      : [`BlockPublicPolicy ${Properties.BlockPublicPolicy}.`]),
  ];
}

const holderOf = (id: string, { Type, Properties }: Resource): string =>
  Type === 'AWS::IAM::Role'
    ? short(id)
    : Type === 'AWS::Lambda::Url'
      ? `function ${text(Properties.TargetFunctionArn).replace(/^.*:function:/, '')}`
      : `${Type.split('::').slice(1).join(' ')} ${short(id)}`;

/** CloudWatch Logs takes its policy as text, which holds references: a join of pieces of JSON. */
const parsed = (document: Json): Json =>
  typeof document === 'string' || document['Fn::Join'] !== undefined
    ? JSON.parse(text(document))
    : document;

function rightsOf(id: string, { Type, Properties }: Resource): Right[] {
  if (Type === 'AWS::IAM::Policy' || Type === 'AWS::IAM::ManagedPolicy') {
    const holders = ['Roles', 'Users', 'Groups'].flatMap((kind) =>
      list(Properties[kind]).map(
        (it: Json) => `${kind === 'Roles' ? '' : `${kind} `}${short(text(it))}`,
      ),
    );
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
    const { FunctionName: of, Action: action, Principal: who, ...more } = Properties;
    const conditions = Object.keys(more).map((key) => `${key} = ${text(more[key])}`);
    return [
      {
        holder: `function ${text(of)}`,
        sid: short(id),
        effect: 'Allow',
        principal: text(who),
        actions: [action],
        resources: ['itself'],
        conditions,
      },
    ];
  }
  const property = resourcePolicies[Type]?.document;
  const document = property === undefined ? undefined : Properties[property];
  return document === undefined
    ? []
    : statements(holderOf(id, { Type, Properties }), parsed(document));
}

const statements = (holder: string, document: Json): Right[] =>
  list(document?.Statement).map((statement: Json) => right(holder, statement));

function right(holder: string, statement: Json): Right {
  return {
    holder,
    sid: statement.Sid ?? '',
    effect: statement.Effect,
    ...((statement.Principal ?? statement.NotPrincipal) !== undefined && {
      principal: named(statement.Principal, statement.NotPrincipal),
    }),
    actions: [
      ...list(statement.Action).map(text).sort(),
      ...list(statement.NotAction).map(allBut).sort(),
    ],
    resources: [
      ...list(statement.Resource).map(text).sort(),
      ...list(statement.NotResource).map(allBut).sort(),
    ],
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

const allBut = (value: Json): string => `all but ${text(value)}`;

const named = (principals: Json, notPrincipals: Json): string =>
  [
    ...(principals === undefined ? [] : [principal(principals)]),
    ...(notPrincipals === undefined ? [] : [`all but ${principal(notPrincipals)}`]),
  ].join(' and ');

/** An account's principals and services are told apart by their names. */
const principal = (value: Json): string =>
  value === '*'
    ? 'anybody'
    : Object.entries(value)
        .flatMap(([type, names]) =>
          list(names).map((it) => `${/^(AWS|Service)$/.test(type) ? '' : `${type} `}${text(it)}`),
        )
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
