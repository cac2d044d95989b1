/** Every way in which a policy of a template gives more, or to others, than it did: one resource changed at a time. */
import type { Resource } from './synthesized.ts';

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON
type Json = any;

export interface Mutant {
  /** What was changed, where. */
  name: string;
  /** Kind of change. */
  kind: string;
  before: Readonly<Record<string, Resource>>;
  after: Readonly<Record<string, Resource>>;
}

const stranger = 'arn:aws:iam::666666666666:role/stranger';

/** On a statement; false when it has no such part. */
const onStatements: Readonly<Record<string, (statement: Json) => boolean>> = {
  'an action is added': (it) => {
    const key = it.Action === undefined ? 'NotAction' : 'Action';
    it[key] = [...list(it[key]), 'secretsmanager:BatchGetSecretValue'];
    return true;
  },
  'an action becomes every action of its service': (it) => {
    const [first, ...rest] = list(it.Action);
    if (typeof first !== 'string' || first.endsWith(':*')) return false;
    it.Action = [`${first.split(':')[0]}:*`, ...rest];
    return true;
  },
  'a resource becomes every resource': (it) => {
    const [first, ...rest] = list(it.Resource);
    if (first === undefined || first === '*') return false;
    it.Resource = ['*', ...rest];
    return true;
  },
  'a resource is added': (it) => {
    if (it.Resource === undefined) return false;
    it.Resource = [...list(it.Resource), 'arn:aws:s3:::elsewhere'];
    return true;
  },
  'a condition is dropped': (it) => {
    const [operator] = Object.keys(it.Condition ?? {});
    if (operator === undefined) return false;
    const [key = ''] = Object.keys(it.Condition[operator]);
    delete it.Condition[operator][key];
    return true;
  },
  'a condition has one more value': (it) => {
    const [operator] = Object.keys(it.Condition ?? {});
    if (operator === undefined) return false;
    const [key = ''] = Object.keys(it.Condition[operator]);
    it.Condition[operator][key] = [...list(it.Condition[operator][key]), 'more'];
    return true;
  },
  'a condition holds also where its key is absent': (it) => {
    const [operator] = Object.keys(it.Condition ?? {}).filter((name) => name !== 'Null');
    if (operator === undefined) return false;
    it.Condition[`${operator}IfExists`] = it.Condition[operator];
    delete it.Condition[operator];
    return true;
  },
  'the effect is turned round': (it) => {
    it.Effect = it.Effect === 'Allow' ? 'Deny' : 'Allow';
    return true;
  },
  'Action becomes NotAction': (it) => rename(it, 'Action', 'NotAction'),
  'Resource becomes NotResource': (it) => rename(it, 'Resource', 'NotResource'),
  'Principal becomes NotPrincipal': (it) => rename(it, 'Principal', 'NotPrincipal'),
  'the principal becomes anybody': (it) => {
    if (it.Principal === undefined || it.Principal === '*') return false;
    it.Principal = '*';
    return true;
  },
  'a principal of another account is added': (it) => {
    if (it.Principal === undefined) return false;
    const named = it.Principal === '*' ? {} : it.Principal;
    it.Principal = { ...named, AWS: [...list(named.AWS), stranger] };
    return true;
  },
};

/** On a whole resource of some types; false when it is not for it. */
const onResources: Readonly<Record<string, (resource: Resource) => boolean>> = {
  'a function permission loses the account': (it) => drop(it, 'SourceAccount'),
  'a function permission loses the resource it is for': (it) => drop(it, 'SourceArn'),
  'a function permission is for another service': ({ Type, Properties }) => {
    if (Type !== 'AWS::Lambda::Permission') return false;
    Properties.Principal = 's3.amazonaws.com';
    return true;
  },
  'a function URL no longer needs to be the way': (it) => drop(it, 'InvokedViaFunctionUrl'),
  'a permission holds for another kind of URL': (it) => drop(it, 'FunctionUrlAuthType'),
  'a policy of AWS is attached': ({ Type, Properties }) => {
    if (Type !== 'AWS::IAM::Role') return false;
    Properties.ManagedPolicyArns = ['arn:aws:iam::aws:policy/SecretsManagerReadWrite'];
    return true;
  },
  'a role has a policy inline': ({ Type, Properties }) => {
    if (Type !== 'AWS::IAM::Role') return false;
    const Statement = [{ Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' }];
    Properties.Policies = [{ PolicyName: 'More', PolicyDocument: { Statement } }];
    return true;
  },
  'a policy is held by one role more': ({ Type, Properties }) => {
    if (Type !== 'AWS::IAM::ManagedPolicy') return false;
    Properties.Roles = [...list(Properties.Roles), 'stranger'];
    return true;
  },
  'a policy is held by a user': ({ Type, Properties }) => {
    if (Type !== 'AWS::IAM::ManagedPolicy') return false;
    Properties.Users = ['stranger'];
    return true;
  },
  'a policy stands on another resource': ({ Properties = {} }) => {
    const key = ['SecretId', 'Bucket', 'Topics', 'Queues', 'ServiceName'].find(
      (name) => Properties[name] !== undefined && carriesPolicy(Properties),
    );
    if (key === undefined) return false;
    Properties[key] = Array.isArray(Properties[key]) ? ['elsewhere'] : 'elsewhere';
    return true;
  },
  'a secret may be made public': (it) => drop(it, 'BlockPublicPolicy'),
  'a policy disappears': (it) => {
    const [key] = Object.keys(it.Properties ?? {}).filter((name) => isPolicy(it.Properties[name]));
    // A role without a trust policy is no template.
    return it.Type !== 'AWS::IAM::Role' && key !== undefined && drop(it, key);
  },
};

export function* mutantsOf(resources: Readonly<Record<string, Resource>>): Generator<Mutant> {
  for (const [id, resource] of Object.entries(resources)) {
    const before = { [id]: resource };
    const count = statementsIn(resource).length;
    for (const [kind, change] of Object.entries(onStatements)) {
      for (let index = 0; index < count; index += 1) {
        const copy = structuredClone(resource);
        if (change(statementsIn(copy)[index])) {
          yield { name: `${id}, statement ${index}`, kind, before, after: { [id]: copy } };
        }
      }
    }
    for (const [kind, change] of Object.entries(onResources)) {
      const copy = structuredClone(resource);
      if (change(copy)) yield { name: id, kind, before, after: { [id]: copy } };
    }
  }
}

/** Every policy statement anywhere below a resource, whatever the property is called. */
export function statementsIn(value: Json): Json[] {
  if (value === null || typeof value !== 'object') return [];
  if (isStatement(value)) return [value];
  return Object.values(value).flatMap(statementsIn);
}

const isStatement = (it: Json): boolean =>
  (it.Effect === 'Allow' || it.Effect === 'Deny') &&
  (it.Action !== undefined || it.NotAction !== undefined);

const isPolicy = (value: Json): boolean => statementsIn(value).length > 0;
const carriesPolicy = (properties: Json): boolean => Object.values(properties).some(isPolicy);

function rename(statement: Json, from: string, to: string): boolean {
  if (statement[from] === undefined) return false;
  statement[to] = statement[from];
  delete statement[from];
  return true;
}

function drop({ Properties = {} }: Resource, key: string): boolean {
  const had = Properties[key] !== undefined;
  delete Properties[key];
  return had;
}

const list = (value: Json): Json[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];
